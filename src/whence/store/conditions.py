"""What a filter and an order say, as data, and how they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from whence.errors import BadInput
from whence.store.filter_tokens import cut, plain, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whence.store.grammars import Grammar, Operator

__all__ = ["Condition", "FilterError", "Order", "Value", "written", "written_key", "written_order"]

Value: TypeAlias = str | int | float | tuple[str, ...] | None


class FilterError(BadInput):
    """A filter or an order that cannot be used.

    Parameters
    ----------
    reason
        What is wrong, as MLflow says it.
    text
        The whole filter.
    at
        Where in it, from 0.
    fix
        What to write instead.
    """

    def __init__(self, reason: str, text: str, at: int, fix: str) -> None:
        here = cut(text[at:])
        where = f"character {at + 1}, {here!r}" if here else "the end"
        super().__init__(f"{reason}; at {where}: {fix}")
        self.reason = reason
        self.at = at


class Condition(NamedTuple):
    """One comparison; see the module's description."""

    kind: str
    key: str
    operator: Operator
    value: Value


class Order(NamedTuple):
    """What comes first."""

    kind: str
    key: str
    descending: bool


def written(conditions: Iterable[Condition], grammar: Grammar) -> str:
    """Return conditions as a filter: parsed again it gives the same."""
    return " AND ".join(
        f"{written_key(one.kind, one.key, grammar)} {one.operator}"
        + ("" if one.value is None else f" {_written_value(one.value)}")
        for one in conditions
    )


def written_order(order: Order, grammar: Grammar) -> str:
    """Return an order as a clause: parsed again it gives the same."""
    key = written_key(order.kind, order.key, grammar)
    return f"{key} {'DESC' if order.descending else 'ASC'}"


def written_key(kind: str, key: str, grammar: Grammar) -> str:
    """Return how a key is written, with its kind before it."""
    (word,) = (known.words[0] for known in grammar.kinds if known.name == kind)
    return f"{word}.{key if plain(key) else quoted(key, '`')}"


def _written_value(value: str | float | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(quoted(one) for one in value)})"
    return quoted(value) if isinstance(value, str) else repr(value)
