"""The messages of Gemini CLI, in the form of its API's requests and answers.

Its spans hold the contents alone; what shows such messages expects them as the API has them:
``{"contents": ...}`` and ``{"candidates": [{"content": ...}]}``.

Source: the Gemini API's reference, ``GenerateContentRequest`` and ``GenerateContentResponse``.
"""

from __future__ import annotations

from whence.store.span_values import meant

__all__ = ["answer_of", "request_of"]


def request_of(value: object) -> object:
    """Return contents as a request; what is no text or list stays."""
    said = meant(value)
    return {"contents": said} if isinstance(said, str | list) else value


def answer_of(value: object) -> object:
    """Return contents, of which a stream has many, as an answer; what has no parts stays."""
    said = meant(value)
    contents = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
    several = [one["parts"] for one in contents if isinstance(one.get("parts"), list)]
    parts = [part for parts in several for part in parts]
    return {"candidates": [{"content": {"role": "model", "parts": parts}}]} if parts else value
