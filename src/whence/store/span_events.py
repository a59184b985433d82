"""What went into a span and came out of it, where its events say so rather than its attributes.

Sources: the events of OpenTelemetry's semantic conventions for generative AI, one for each message,
and those of Spring AI, one for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.store.span_conventions import HIDDEN
from whence.store.span_values import meant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.store.spans import Event

__all__ = ["completion_of", "prompt_of", "text_of_event"]

_PROMPT = ("gen_ai.content.prompt", "gen_ai.prompt")
_COMPLETION = ("gen_ai.content.completion", "gen_ai.completion")
"""Events of Spring AI, and the attribute of each that holds the text."""

_ASKED = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
}
_ANSWERED = {"gen_ai.choice": "assistant"}
"""Events of one message each, and whose it is where the event does not say."""


def prompt_of(events: Sequence[Event]) -> object:
    """Return what a language model was asked; None if no event says."""
    said = text_of_event(events, *_PROMPT)
    return _messages(events, _ASKED) if said is None else said


def completion_of(events: Sequence[Event]) -> object:
    """Return what a language model answered; None if no event says."""
    said = text_of_event(events, *_COMPLETION)
    return _messages(events, _ANSWERED) if said is None else said


def text_of_event(events: Sequence[Event], name: str, *keys: str) -> object:
    """Return what the first event of a name says under the first of some keys; None if nothing."""
    for event in events:
        for key in keys if event.name == name else ():
            if event.attributes.get(key) and event.attributes[key] != HIDDEN:
                return event.attributes[key]
    return None


def _messages(events: Sequence[Event], roles: Mapping[str, str]) -> list[dict[str, object]] | None:
    found = [
        {
            "role": meant(event.attributes.get("role", roles[event.name])),
            "content": meant(event.attributes["content"]),
        }
        for event in events
        if event.name in roles and event.attributes.get("content")
    ]
    return found or None
