"""The beginning of what went into a trace and came out of it, for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.store.span_facts import meant, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["preview"]

_LONGEST = 1000
"""Characters of a preview."""


def preview(value: object, role: str) -> str:
    """Return the beginning of a value: of a conversation its last message, else its JSON.

    Parameters
    ----------
    role
        Whose last message: ``"user"`` or ``"assistant"``.
    """
    messages = _messages(meant(value))
    text = (_text(_last(messages, role)) if messages else "") or text_of(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _messages(body: object) -> list[dict[str, Any]]:
    """Return the messages in a request to a language model or in its answer.

    Those of OpenAI's chat completions and responses, which most libraries speak:
    https://platform.openai.com/docs/api-reference
    """
    if not isinstance(body, dict):
        return []
    if isinstance(body.get("messages"), list) and body["messages"]:
        return [one for one in body["messages"] if _is_message(one)]
    choices = body.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        message: Any = choices[0].get("message")
        if _is_message(message):
            return [message]
    for name in ("input", "output"):
        if isinstance(body.get(name), list) and body[name]:
            return [one for one in body[name] if _is_message(one)]
    return _messages(body.get("request"))


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and "role" in value and "content" in value


def _last(messages: Sequence[dict[str, Any]], role: str) -> dict[str, Any]:
    own = [one for one in messages if one["role"] == role]
    return own[-1] if own else messages[-1]


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    for part in content if isinstance(content, list) else []:
        if isinstance(part, str):
            return part
        if isinstance(part, dict) and part.get("type") in {"text", "output_text"}:
            return str(part.get("text", ""))
    return ""
