"""The values of a span's attributes: what they mean, and how they are written as text."""

from __future__ import annotations

import json

__all__ = ["meant", "text_of"]


def meant(value: object) -> object:
    """Return what an attribute means: makers without objects write them as JSON texts."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "[", '"'}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def text_of(value: object) -> str:
    """Return a value as JSON; a text that is JSON of an object, list or text stays as it is.

    Of bytes it is a text of how Python writes them.
    """
    if isinstance(value, str) and meant(value) is not value:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
