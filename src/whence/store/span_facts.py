"""What a span says of itself, whoever made it: what went in, what came out, what it cost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from whence.store.span_conventions import (
    CALL_FORMAT,
    CALLS,
    CONVENTIONS,
    COST,
    GIVEN,
    HIDDEN,
    SESSION,
    TOKENS,
    USER,
    Convention,
)
from whence.store.span_events import completion_of, prompt_of, text_of_event
from whence.store.span_values import meant, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from whence.store.spans import Event

__all__ = [
    "cost_of",
    "format_of",
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

_Names: TypeAlias = "Iterable[str | re.Pattern[str]]"

_UNKNOWN = "UNKNOWN"
"""What MLflow's SDK says of a span that has no kind."""

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,19}\s*")
_LARGEST = 2**63
"""Tokens are counted below it."""

_ALWAYS = tuple(one for one in CONVENTIONS if one.when is None)
_TELLING = frozenset(one.when[0] for one in CONVENTIONS if one.when is not None)
"""Attributes that tell whether the others apply."""

_TOKEN_KEYS = frozenset(key for one in CONVENTIONS for keys in one.tokens.values() for key in keys)


def kind_of(attributes: Mapping[str, Any]) -> str | None:
    """Return what a span does, such as ``"LLM"``; None if it does not say."""
    given = meant(attributes.get(GIVEN.kind))
    if isinstance(given, str) and given != _UNKNOWN:
        return given
    for one in _applying(attributes):
        for key in one.kind:
            said = meant(attributes[key]) if key in attributes else None
            if isinstance(said, str) and said in one.kinds:
                return one.kinds[said]
        kind = _implied(attributes, one.implied)
        if kind is not None:
            return kind
    return given if isinstance(given, str) else None


def inputs_of(attributes: Mapping[str, Any], events: Sequence[Event] = ()) -> object:
    """Return what went into a span; None if it does not say."""
    if GIVEN.inputs in attributes:
        return attributes[GIVEN.inputs]
    found = _gathered(attributes, CALLS.inputs)
    if found is None:
        found = _shaped(attributes, lambda one: (one.inputs, one.shape_input))
    if found is None:
        found = _parts(attributes)
    return prompt_of(events) if found is None else found


def outputs_of(attributes: Mapping[str, Any], events: Sequence[Event] = ()) -> object:
    """Return what came out of a span; None if it does not say."""
    if GIVEN.outputs in attributes:
        return attributes[GIVEN.outputs]
    found = _gathered(attributes, CALLS.outputs)
    if found is None:
        found = _shaped(attributes, lambda one: (one.outputs, one.shape_output))
    if found is None:
        found = completion_of(events)
    return _event(attributes, events) if found is None else found


def tokens_of(attributes: Mapping[str, Any]) -> dict[str, int] | None:
    """Return how many tokens a span used, by the names of `TOKENS`; None if it does not say."""
    given = meant(attributes.get(GIVEN.tokens))
    if isinstance(given, dict):
        return _numbers(given, TOKENS, _count)
    if _TOKEN_KEYS.isdisjoint(attributes):
        return None
    for one in _applying(attributes):
        found = {}
        for name, keys in one.tokens.items():
            said = (_count(attributes[key]) for key in keys if key in attributes)
            count = next((number for number in said if number is not None), None)
            if count is not None:
                found[name] = count
        if one.apart and "input_tokens" in found:
            found["input_tokens"] += sum(found.get(name, 0) for name in TOKENS[3:5])
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
    return _first(attributes, (one.tools for one in _applying(attributes)))


def format_of(attributes: Mapping[str, Any]) -> str | None:
    """Return the form of a span's messages, by which pages know how to show them; None for none."""
    if GIVEN.format in attributes:
        return _text(attributes[GIVEN.format])
    if GIVEN.inputs not in attributes and _is_call(attributes):
        return CALL_FORMAT
    for one in _applying(attributes):
        if one.form is not None and any(one.form[1].fullmatch(name) for name in attributes):
            return one.form[0]
    return None


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


def _applying(attributes: Mapping[str, Any]) -> Sequence[Convention]:
    """Return the conventions in which a span may speak."""
    if _TELLING.isdisjoint(attributes):
        return _ALWAYS
    told = {key: meant(attributes[key]) for key in _TELLING if key in attributes}
    said = {key: value for key, value in told.items() if isinstance(value, str)}
    return [one for one in CONVENTIONS if one.when is None or said.get(one.when[0]) in one.when[1]]


def _shaped(
    attributes: Mapping[str, Any],
    told: Callable[[Convention], tuple[_Names, Callable[[object], object] | None]],
) -> object:
    """Return what the first convention says that says something, in the form that it gives it."""
    for one in _applying(attributes):
        names, shape = told(one)
        found = _first(attributes, [names])
        if found is not None:
            return found if shape is None else shape(found)
    return None


def _implied(
    attributes: Mapping[str, Any], implied: Sequence[tuple[re.Pattern[str], str]]
) -> str | None:
    for name in attributes if implied else ():
        for pattern, kind in implied:
            if pattern.fullmatch(name):
                return kind
    return None


def _parts(attributes: Mapping[str, Any]) -> dict[str, object] | None:
    """Return what went in where each part of it is an attribute; None if none says anything."""
    for one in _applying(attributes):
        names = [name for name in one.input_parts if _first(attributes, [[name]]) is not None]
        if names:
            return {name: meant(attributes[name]) for name in names}
    return None


def _event(attributes: Mapping[str, Any], events: Sequence[Event]) -> object:
    """Return what the first event says that tells what came out; None if none does."""
    for one in _applying(attributes):
        for name, keys in one.output_events:
            found = text_of_event(events, name, *keys)
            if found is not None:
                return found
    return None


def _is_call(attributes: Mapping[str, Any]) -> bool:
    """Whether a span is a call that spreads its messages over many attributes."""
    kind = meant(attributes.get(CALLS.kind))
    return isinstance(kind, str) and kind in CALLS.kinds


def _gathered(attributes: Mapping[str, Any], prefix: str) -> object:
    """Return the parts of what went in or out of a call, by name; None if it is no such call."""
    if not _is_call(attributes):
        return None
    found = {
        key.removeprefix(prefix): [meant(one) for one in value]
        if isinstance(value, list)
        else meant(value)
        for key, value in attributes.items()
        if key.startswith(prefix)
    }
    return found or None


def _first(attributes: Mapping[str, Any], names: Iterable[_Names]) -> object:
    """Return the first attribute that says something: empty and hidden ones do not."""
    for several in names:
        for name in several:
            if isinstance(name, re.Pattern):
                keys = [key for key in attributes if name.fullmatch(key)]
            else:
                keys = [name] if name in attributes else []
            for key in keys:
                said = meant(attributes[key])
                if said and said != HIDDEN:
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
