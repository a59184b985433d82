"""Dict rows as records: the column names once a file, then positional rows.

The order of a call's rows is kept: neighbours with the same keys in the same order share a
record, and a row with other keys begins another one.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec

from whence.errors import BadInput, NaiveTime
from whence.journal.frame import encode as frame
from whence.record.encoding import MOST_BYTES, encode, now
from whence.record.values import PLAIN, is_naive, plain
from whence.types.records import Rows, Shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.journal import Segment, Writer
    from whence.record.said import Said

__all__ = ["chunks", "record_known", "record_rows"]

_MOST_SHAPES = 4096
"""Shapes remembered for a file; a program whose keys are data would fill the memory."""

_NUMBERS = "numbers"
"""Where a segment's memo keeps the counter of its shapes."""


class _Known(NamedTuple):
    """A shape that stands in this file; `time` is the position of times that need a zone."""

    number: int
    time: int | None


class _Run(NamedTuple):
    """Neighbouring rows with the same columns; `time` as in `_Known`."""

    columns: tuple[str, ...]
    time: int | None
    values: list[list[Any]]


def record_known(writer: Writer, said: tuple[str | None, ...], row: dict[str, Any]) -> bool:
    """Record a row like one that this file has: the path that a service takes each time.

    Returns False, with nothing recorded, where there was none or `record_rows` must look closer.

    Raises
    ------
    BadInput
        If a value cannot be recorded.
    Unwritable
        If the journal cannot be written.
    """
    segment = writer.segment()
    try:
        known = segment.memo.get((*said, *row))
    except TypeError:  # a name that is no text: `record_rows` says which
        return False
    if known is None:
        return False
    values = list(row.values())
    if known.time is not None and is_naive(values[known.time]):
        return False
    if not PLAIN.issuperset(map(type, values)):
        values = _plain(tuple(row), values)
    try:
        payload = encode(Rows(known.number, now(), [values]))
    except (OverflowError, UnicodeEncodeError):
        return False
    if len(payload) > MOST_BYTES:
        return False
    segment.write(frame(payload))
    return True


def record_rows(writer: Writer, said: Said, rows: Sequence[dict[str, Any]]) -> int:
    """Record dict rows and return how many; all are checked before the first is written.

    Raises
    ------
    BadInput
        If a row is no dict, or holds what cannot be recorded, or is larger than a record.
    MissingColumn
        If a role names a column that a row does not have.
    NaiveTime
        If a time has no zone and `tz` is not given.
    Unwritable
        If the journal cannot be written.
    """
    said.check()
    logged = now()
    encoded = [(run, piece) for run in _runs(said, rows) for piece in _encoded(run)]
    for run, piece in encoded:
        _append(writer.segment(), said, run, logged, piece)
    return len(rows)


def chunks(values: list[Any]) -> list[bytes]:
    """Return a list encoded, cut between its items into pieces that fit into a record.

    Raises
    ------
    BadInput
        If one item alone is larger.
    """
    whole = encode(values)
    if len(whole) <= MOST_BYTES:
        return [whole]
    if len(values) == 1:
        raise BadInput(
            f"a row has {len(whole):,} bytes, a record holds {MOST_BYTES:,}; log a path or URL "
            "in place of large values"
        )
    step = max(1, len(values) * MOST_BYTES // (2 * len(whole)))
    return [
        piece
        for start in range(0, len(values), step)
        for piece in chunks(values[start : start + step])
    ]


def _runs(said: Said, rows: Sequence[dict[str, Any]]) -> list[_Run]:
    runs: list[_Run] = []
    columns: tuple[str, ...] | None = None
    for row in rows:
        if tuple(row) != columns:
            columns = tuple(row)
            said.resolve(columns)
            zoneless = said.time is not None and said.tz is None
            run = _Run(columns, columns.index(said.time) if zoneless else None, [])
            runs.append(run)
        values = list(row.values())
        if run.time is not None and is_naive(values[run.time]):
            raise NaiveTime(
                f"column {said.time!r} has the time {values[run.time]}, which has no zone; give "
                "aware datetimes or tz='Europe/Berlin'"
            )
        run.values.append(
            values if PLAIN.issuperset(map(type, values)) else _plain(columns, values)
        )
    return runs


def _encoded(run: _Run) -> list[bytes]:
    try:
        return chunks(run.values)
    except (OverflowError, UnicodeEncodeError):  # a rare value that only `plain` can write
        return chunks([_plain(run.columns, values) for values in run.values])


def _plain(columns: tuple[str, ...], values: list[Any]) -> list[Any]:
    return [plain(value, name) for name, value in zip(columns, values, strict=True)]


def _append(segment: Segment, said: Said, run: _Run, logged: int, rows: bytes) -> None:
    key = (*said, *run.columns)
    known = segment.memo.get(key)
    if known is not None:
        segment.write(frame(encode(_rows(known.number, logged, rows))))
        return
    if len(segment.memo) > _MOST_SHAPES:
        for old in [old for old in list(segment.memo) if old != _NUMBERS]:
            segment.memo.pop(old, None)
    number = next(segment.memo.setdefault(_NUMBERS, count()))
    roles, version = said.resolve(run.columns)
    shape = Shape(number, said.model, run.columns, roles, version, said.tz)
    segment.write(frame(encode(shape)) + frame(encode(_rows(number, logged, rows))))
    # Not before it is written: another thread's rows must not come before their shape.
    segment.memo[key] = _Known(number, run.time)


def _rows(number: int, logged: int, encoded: bytes) -> Rows:
    return Rows(number, logged, cast("list[list[Any]]", msgspec.Raw(encoded)))
