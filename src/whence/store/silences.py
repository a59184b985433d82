"""Silences: until a time nothing is told of a model; they are kept when they are over."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from whence.errors import BadInput, NotFound
from whence.store.channels import fits
from whence.types.telling import Silence
from whence.types.time import micros, moment

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.types.telling import NewSilence

__all__ = ["add", "covering", "end", "silences"]

LONGEST = timedelta(days=90)
"""A silence that nobody remembers hides failures."""

MOST_TEXT = 10_000

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""


def add(store: StoreFolder, wanted: NewSilence) -> int:
    """Begin a silence now, and return its id.

    Raises
    ------
    BadInput
        If it names no model, is over before it begins, or is longer than `LONGEST`.
    NaiveTime
        If its end has no zone.
    """
    now = datetime.now(UTC)
    until = _in_utc(wanted.until)
    if not wanted.model.strip():
        raise BadInput("a silence needs a model, or a pattern such as 'fraud-*'")
    if not all(_is_text(one) for one in (wanted.model, wanted.reason, wanted.by)):
        raise BadInput(
            f"a silence of model {wanted.model!r:.80} holds what is no text; type it anew"
        )
    if max(len(wanted.model), len(wanted.reason), len(wanted.by)) > MOST_TEXT:
        raise BadInput(f"a text of a silence is too long; {MOST_TEXT:,} characters fit")
    if not now < until <= now + LONGEST:
        raise BadInput(
            f"the silence would end {until:%Y-%m-%d %H:%M} UTC; give a time after now, at most "
            f"{LONGEST.days} days off"
        )
    with store.metadata.transaction():
        (identifier,) = store.metadata.all(
            "INSERT INTO silences (model, until, reason, by, made) VALUES (?, ?, ?, ?, ?)"
            " RETURNING id",
            wanted.model,
            micros(until),
            wanted.reason,
            wanted.by,
            micros(now),
        )[0]
    return int(identifier)


def _in_utc(until: datetime) -> datetime:
    try:
        return moment(micros(until))
    except OverflowError as error:
        raise BadInput(f"the silence would end {until.isoformat()}, which is no time in UTC; give "
                       f"a time at most {LONGEST.days} days off") from error  # fmt: skip


def end(store: StoreFolder, identifier: int) -> None:
    """End a silence now; one that is over stays as it is.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    now = time.time_ns() // 1000
    with store.metadata.transaction():
        if not 0 <= identifier <= _LARGEST or not store.metadata.one(
            "SELECT 1 FROM silences WHERE id = ?", identifier
        ):
            raise NotFound(f"there is no silence {identifier}; see: whence notify silences")
        store.metadata.run(
            "UPDATE silences SET ended = ? WHERE id = ? AND ended IS NULL AND until > ?",
            now,
            identifier,
            now,
        )


def silences(store: StoreFolder, most: int = 200) -> list[Silence]:
    """Return those in force, then past ones, the newest of each first."""
    rows = store.metadata.all(
        "SELECT id, model, until, reason, by, made, ended FROM silences"
        " ORDER BY (ended IS NULL AND until > ?) DESC, made DESC, id DESC LIMIT ?",
        time.time_ns() // 1000,
        most,
    )
    return [_silence(row) for row in rows]


def covering(store: StoreFolder, model: str, start: datetime, end: datetime) -> list[Silence]:
    """Return the silences of a model that were in force at some time from `start` to `end`."""
    rows = store.metadata.all(
        "SELECT id, model, until, reason, by, made, ended FROM silences"
        " WHERE made <= ? AND coalesce(ended, until) > ?",
        micros(end),
        micros(start),
    )
    return [_silence(row) for row in rows if fits(model, [row[1]])]


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; bytes of a command line that are none cannot."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def _silence(row: tuple) -> Silence:  # type: ignore[type-arg] # a row of the query above
    identifier, model, until, reason, by, made, ended = row
    return Silence(
        id=identifier,
        model=model,
        until=moment(until),
        reason=reason,
        by=by,
        made=moment(made),
        ended=None if ended is None else moment(ended),
    )
