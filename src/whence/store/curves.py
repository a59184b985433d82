"""The curves of long metrics, made smaller once: so that one of any length opens at once.

A curve is cut into a few thousand buckets of as many points each, kept in the database with the
epoch they go to. What came later is read from the table and stands behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.store.metadata import Metadata

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["LONG", "Buckets", "Kept", "cut", "due", "joined", "load", "of_points", "save"]

LONG = 100_000
"""Points from which on a curve is kept: fewer are read in some milliseconds."""

_GROWN = 1.25
"""A curve is cut anew when it has grown by a quarter: what is behind it is read each time."""

_FINE = 8000
"""Buckets that are kept: four times those of a page, so that joining them with what came later
leaves even ones."""


class Buckets(NamedTuple):
    """Runs of points of one metric, in the order of their steps.

    `counts` are their numbers of points; `steps` and `values` those of each one's last point,
    `low` and `high` its least and largest numbers, NaN where it has none.
    """

    counts: Integers
    steps: Integers
    values: Floats
    low: Floats
    high: Floats


class Kept(NamedTuple):
    """A curve that is kept, up to an epoch and a correction."""

    epoch: int
    correction: int
    buckets: Buckets


def of_points(steps: Integers, values: Floats) -> Buckets:
    """Return points, which are in the order of their steps, as a bucket each."""
    return Buckets(np.ones(len(steps), np.int64), steps, values, values, values)


def cut(buckets: Buckets, most: int) -> Buckets:
    """Return at most so many buckets, with about as many points each."""
    if len(buckets.counts) <= most:
        return buckets
    total = np.cumsum(buckets.counts)
    # The last bucket of each part is the one that fills it.
    ends = np.unique(np.searchsorted(total, np.linspace(0, total[-1], most + 1)[1:]))
    first = np.concatenate([[0], ends[:-1] + 1])
    low = np.minimum.reduceat(np.where(np.isnan(buckets.low), np.inf, buckets.low), first)
    high = np.maximum.reduceat(np.where(np.isnan(buckets.high), -np.inf, buckets.high), first)
    none = low > high
    return Buckets(
        np.add.reduceat(buckets.counts, first),
        buckets.steps[ends],
        buckets.values[ends],
        np.where(none, np.nan, low),
        np.where(none, np.nan, high),
    )


def joined(before: Buckets, after: Buckets) -> Buckets:
    """Return the buckets of both, one behind the other."""
    return Buckets(
        np.concatenate([before.counts, after.counts]),
        np.concatenate([before.steps, after.steps]),
        np.concatenate([before.values, after.values]),
        np.concatenate([before.low, after.low]),
        np.concatenate([before.high, after.high]),
    )


def load(metadata: Metadata, run: str, key: str) -> Kept | None:
    """Return the curve that is kept of a metric; None if there is none."""
    row = metadata.one(
        "SELECT epoch, correction, buckets FROM curves WHERE run = ? AND key = ?", run, key
    )
    if row is None:
        return None
    counts, steps, values, low, high = msgspec.msgpack.decode(row[2], type=list[bytes])
    buckets = Buckets(
        np.frombuffer(counts, np.int64),
        np.frombuffer(steps, np.int64),
        np.frombuffer(values, np.float64),
        np.frombuffer(low, np.float64),
        np.frombuffer(high, np.float64),
    )
    return Kept(row[0], row[1], buckets)


def save(
    metadata: Metadata, run: str, key: str, *, epoch: int, correction: int, points: Buckets
) -> None:
    """Keep the curve of a metric up to an epoch and a correction."""
    fine = cut(points, _FINE)
    metadata.run(
        "INSERT INTO curves (run, key, points, epoch, correction, buckets)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET"
        " points = excluded.points, epoch = excluded.epoch, correction = excluded.correction,"
        " buckets = excluded.buckets",
        *(run, key, int(points.counts.sum()), epoch, correction),
        msgspec.msgpack.encode([column.tobytes() for column in fine]),
    )


def due(metadata: Metadata) -> list[tuple[str, str]]:
    """Return the metrics, by run and name, whose curves are to be kept anew."""
    # The number stands in the text: only so the index of long metrics is used (store/layouts.py).
    return metadata.all(
        "SELECT latest.run, latest.key FROM latest INDEXED BY latest_long"  # noqa: S608 - a constant
        " LEFT JOIN curves ON curves.run = latest.run AND curves.key = latest.key"
        f" WHERE latest.points >= {LONG} AND (curves.points IS NULL"
        " OR latest.points > ? * curves.points)",
        _GROWN,
    )
