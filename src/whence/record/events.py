"""Events: what happened outside the data."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, get_args

from whence.errors import BadInput
from whence.record.encoding import encode
from whence.record.moments import microseconds
from whence.record.said import check_name
from whence.record.writers import writer
from whence.types.records import Event

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["Kind", "event"]

Kind = Literal["external", "deploy", "config", "campaign"]
"""What kinds of events there are."""

_DIGITS = 32
"""Hexadecimal digits of an event's id: 128 bits of SHA-256."""


def event(
    store: Path,
    name: str,
    *,
    at: datetime,
    kind: str = "external",
    scope: dict[str, str] | None = None,
    model: str | None = None,
) -> str:
    """Record an event and return its id.

    The id is a hash of the content: the same event said twice, or by two processes, is one.

    Parameters
    ----------
    store
        The store's folder, made when absent.
    name
        What happened, in 1 to 200 characters.
    at
        When; aware.
    kind
        external, deploy, config or campaign.
    scope
        Column -> value: the rows it can have touched; all when empty.
    model
        The only model it concerns; all when None.

    Raises
    ------
    BadInput
        If a name, the kind or the scope cannot be used.
    NaiveTime
        If `at` has no zone.
    NewerStore
        If a newer Whence wrote the store.
    Unwritable
        If the store cannot be written.
    """
    check_name("name", name)
    if model is not None:
        check_name("model", model)
    if kind not in get_args(Kind):
        raise BadInput(f"kind is {kind!r}; give one of {', '.join(get_args(Kind))}")
    when = microseconds("at", at)
    limits = _scope(scope)
    digest = hashlib.sha256(encode((name, when, kind, sorted(limits.items()), model))).hexdigest()
    record = Event(digest[:_DIGITS], name, when, kind, limits, model)
    writer(store).append(encode(record))
    return record.id


def _scope(scope: object) -> dict[str, str]:
    if scope is None:
        return {}
    if not isinstance(scope, dict):
        raise BadInput(f"scope is {scope!r:.80}; give a dict such as {{'device': 'X20'}}")
    for column, value in scope.items():
        check_name("a column of scope", column)
        check_name(f"the value of {column!r} in scope", value)
    return dict(scope)
