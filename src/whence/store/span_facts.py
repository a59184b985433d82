"""What a span says of itself, whoever made it: what went in, what came out, what it cost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from whence.store.span_conventions import (
    CALLS,
    CONVENTIONS,
    COST,
    GIVEN,
    IMPLIED,
    SESSION,
    TOKENS,
    USER,
)
from whence.store.span_events import completion_of, prompt_of
from whence.store.span_values import meant, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from whence.store.spans import Event

__all__ = [
    "cost_of",
    "inputs_of",
    "kind_of",
    "meant",
    "model_of",
    "outputs_of",
    "provider_of",
    "session_of",
    "text_of",
    "tokens_of",
    "tools_of",
    "user_of",
]

_UNKNOWN = "UNKNOWN"
"""What MLflow's SDK says of a span that has no kind."""

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")
_LARGEST = 2**63
"""Tokens are counted below it."""

_TOKEN_KEYS = frozenset(key for one in CONVENTIONS for keys in one.tokens.values() for key in keys)


def kind_of(attributes: Mapping[str, Any]) -> str | None:
    """Return what a span does, such as ``"LLM"``; None if it does not say."""
    given = meant(attributes.get(GIVEN.kind))
    if isinstance(given, str) and given != _UNKNOWN:
        return given
    for one in CONVENTIONS:
        for key in one.kind:
            said = meant(attributes[key]) if key in attributes else None
            if isinstance(said, str) and said in one.kinds:
                return one.kinds[said]
    for name, kind in IMPLIED.items():
        if name in attributes:
            return kind
    return given if isinstance(given, str) else None


def inputs_of(attributes: Mapping[str, Any], events: Sequence[Event] = ()) -> object:
    """Return what went into a span; None if it does not say."""
    if GIVEN.inputs in attributes:
        return attributes[GIVEN.inputs]
    found = _gathered(attributes, CALLS.inputs)
    if found is None:
        found = _first(attributes, (one.inputs for one in CONVENTIONS))
    return prompt_of(events) if found is None else found


def outputs_of(attributes: Mapping[str, Any], events: Sequence[Event] = ()) -> object:
    """Return what came out of a span; None if it does not say."""
    if GIVEN.outputs in attributes:
        return attributes[GIVEN.outputs]
    found = _gathered(attributes, CALLS.outputs)
    if found is None:
        found = _first(attributes, (one.outputs for one in CONVENTIONS))
    return completion_of(events) if found is None else found


def tokens_of(attributes: Mapping[str, Any]) -> dict[str, int] | None:
    """Return how many tokens a span used, by the names of `TOKENS`; None if it does not say."""
    given = meant(attributes.get(GIVEN.tokens))
    if isinstance(given, dict):
        return _numbers(given, TOKENS, _count)
    if _TOKEN_KEYS.isdisjoint(attributes):
        return None
    for one in CONVENTIONS:
        found = {}
        for name, keys in one.tokens.items():
            said = (_count(attributes[key]) for key in keys if key in attributes)
            count = next((number for number in said if number is not None), None)
            if count is not None:
                found[name] = count
        if found.keys() & set(TOKENS[:3]):
            if {"input_tokens", "output_tokens"} <= found.keys():
                found.setdefault("total_tokens", found["input_tokens"] + found["output_tokens"])
            return {name: found[name] for name in TOKENS if name in found}
    return None


def cost_of(attributes: Mapping[str, Any]) -> dict[str, float] | None:
    """Return what a span cost, by the names of `COST`; None if it does not say."""
    given = meant(attributes.get(GIVEN.cost))
    return _numbers(given, COST, _money) if isinstance(given, dict) else None


def model_of(attributes: Mapping[str, Any], *bodies: object) -> str | None:
    """Return the language model that a span asked.

    Parameters
    ----------
    bodies
        What went in and came out, where it may be named too.
    """
    found = attributes.get(GIVEN.model)
    if found is None:
        found = meant(_first(attributes, (one.model for one in CONVENTIONS)))
    for body in bodies:
        said = meant(body)
        if found is None and isinstance(said, dict) and said.get("model"):
            found = said["model"]
    return found if isinstance(found, str) else None


def provider_of(attributes: Mapping[str, Any]) -> str | None:
    """Return whose language model it was."""
    found = attributes.get(GIVEN.provider)
    if found is None:
        found = meant(_first(attributes, (one.provider for one in CONVENTIONS)))
    return found if isinstance(found, str) else None


def tools_of(attributes: Mapping[str, Any]) -> object:
    """Return the tools that a language model could call; None if a span does not say."""
    if GIVEN.tools in attributes:
        return attributes[GIVEN.tools]
    return _first(attributes, (one.tools for one in CONVENTIONS))


def session_of(attributes: Mapping[str, Any]) -> str | None:
    """Return the conversation that a span belongs to."""
    return _text(_first(attributes, [SESSION]))


def user_of(attributes: Mapping[str, Any]) -> str | None:
    """Return for whom a span worked."""
    return _text(_first(attributes, [USER]))


def _text(value: object) -> str | None:
    said = meant(value)
    if said is None:
        return None
    return said if isinstance(said, str) else text_of(value)


def _gathered(attributes: Mapping[str, Any], prefix: str) -> object:
    """Return the parts of what went in or out of a call, by name; None if it is no such call."""
    kind = meant(attributes.get(CALLS.kind))
    if not isinstance(kind, str) or kind not in CALLS.kinds:
        return None
    found = {
        key.removeprefix(prefix): [meant(one) for one in value]
        if isinstance(value, list)
        else meant(value)
        for key, value in attributes.items()
        if key.startswith(prefix)
    }
    return found or None


def _first(
    attributes: Mapping[str, Any], names: Iterable[Iterable[str | re.Pattern[str]]]
) -> object:
    """Return the first attribute that says something: empty ones do not."""
    for several in names:
        for name in several:
            if isinstance(name, re.Pattern):
                keys = [key for key in attributes if name.fullmatch(key)]
            else:
                keys = [name] if name in attributes else []
            for key in keys:
                if meant(attributes[key]):
                    return attributes[key]
    return None


def _numbers(
    given: Mapping[str, object], names: Sequence[str], number: Callable[[object], Any]
) -> dict[str, Any]:
    found = {name: number(given.get(name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _count(value: object) -> int | None:
    """Return a whole number, be it written as a text; None if it is none."""
    said = meant(value)
    if isinstance(said, str) and _WHOLE.fullmatch(said):
        said = int(said)
    if isinstance(said, float) and said.is_integer():
        said = int(said)
    is_whole = isinstance(said, int) and not isinstance(said, bool)
    return said if is_whole and -_LARGEST <= said < _LARGEST else None  # type: ignore[operator, return-value] # whole by then


def _money(value: object) -> float | None:
    """Return a finite number; None if it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value) if abs(value) < _LARGEST else float("nan")
        return found if abs(found) < _LARGEST else None
    return None
