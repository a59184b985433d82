"""Points that clients said over HTTP and no fold has taken yet.

They wait in the database, where the next question finds them; a fold moves them to the table of
points as a part of its epoch. A reader asks for both in one breath: `fresh` and the last finished
epoch of one moment, then the table up to that epoch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.metadata import Metadata, Statement

__all__ = ["Point", "add", "last", "newest", "of_metric", "removal", "until"]

_AT_ONCE = 500_000
"""Points that one epoch takes."""


class Point(NamedTuple):
    """One value of a metric; `time` in microseconds since 1970, `value` NaN where it is none."""

    run: str
    key: str
    step: int
    time: int
    value: float


def add(metadata: Metadata, points: Iterable[Point]) -> None:
    """Keep points; the caller holds the transaction."""
    metadata.run_many(
        "INSERT INTO fresh (run, key, step, time, value) VALUES (?, ?, ?, ?, ?)",
        [(*point[:4], None if math.isnan(point.value) else point.value) for point in points],
    )


def of_metric(metadata: Metadata, run: str, key: str) -> tuple[list[Point], int]:
    """Return a metric's points that no fold has taken, and the epoch that holds the others."""
    # One statement is one moment: between two of them a fold could move points.
    rows = metadata.all(
        "SELECT epoch, step, time, value FROM"
        " (SELECT coalesce(max(epoch), 0) AS epoch FROM epochs WHERE state = 'done')"
        " LEFT JOIN fresh ON run = ? AND key = ?",
        *(run, key),
    )
    return [
        Point(run, key, step, time, math.nan if value is None else value)
        for _, step, time, value in rows
        if step is not None
    ], int(rows[0][0])


def newest(metadata: Metadata) -> int:
    """Return the number of the last point that waits; 0 if none does."""
    (found,) = metadata.one("SELECT max(id) FROM fresh") or (None,)
    return int(found or 0)


def last(metadata: Metadata, most: int) -> int:
    """Return the number of the last point that one epoch takes, at most `most`; 0 for none."""
    (found,) = metadata.one(
        "SELECT max(id) FROM (SELECT id FROM fresh WHERE id <= ? ORDER BY id LIMIT ?)",
        *(most, _AT_ONCE),
    ) or (None,)
    return int(found or 0)


def until(metadata: Metadata, number: int) -> Sequence[Point]:
    """Return the points up to a number."""
    rows = metadata.all(
        "SELECT run, key, step, time, value FROM fresh WHERE id <= ? ORDER BY id", number
    )
    return [
        Point(run, key, step, time, math.nan if value is None else value)
        for run, key, step, time, value in rows
    ]


def removal(number: int) -> Statement:
    """Return the statement that forgets the points up to a number, for the table has them."""
    return "DELETE FROM fresh WHERE id <= ?", (number,)
