"""The points of a run's metrics, read back: those in the table and those still waiting."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from whence.errors import NotFound
from whence.store import corrections, fresh
from whence.store.fresh import Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from whence.store.corrections import Correction
    from whence.store.folder import StoreFolder

__all__ = ["ELSEWHERE", "corrected", "day_of", "folded", "history", "points", "since"]

_MILLISECOND_DIGITS = 12
"""Hexadecimal digits of a UUID version 7 that count milliseconds."""

ELSEWHERE = date(1970, 1, 1)
"""The day of runs whose ids were made elsewhere and tell no time."""


def day_of(run: str) -> date:
    """Return the day (UTC) on which a run of that id began: the partition of its points."""
    made_here = run[_MILLISECOND_DIGITS : _MILLISECOND_DIGITS + 1] == "7"
    try:
        milliseconds = int(run[:_MILLISECOND_DIGITS], 16)
        return datetime.fromtimestamp(milliseconds / 1000, UTC).date() if made_here else ELSEWHERE
    except (ValueError, OverflowError, OSError):
        return ELSEWHERE


def points(store: StoreFolder, run: str, key: str) -> pa.Table:
    """Return all points of one metric of a run, by step and time.

    Returns
    -------
    pyarrow.Table
        Columns ``step`` (int64), ``time`` (UTC), ``value`` (float64).

    Raises
    ------
    NotFound
        If the run has no such metric.
    """
    said = corrections.of_metric(store.metadata, run, key)
    found = corrected(since(store, run, key, 0), said)
    if not found.num_rows:
        has = [one for (one,) in store.metadata.all(
            "SELECT key FROM latest WHERE run = ? ORDER BY key", run)]  # fmt: skip
        raise NotFound(
            f"run {run} has no metric {key!r}; it has {', '.join(map(repr, has)) or 'none'}"
        )
    return found


def corrected(points: pa.Table, said: Sequence[Correction]) -> pa.Table:
    """Return the points of a metric as they stand after corrections, by step and time."""
    if said:
        standing, values = corrections.apply(
            points["step"].to_numpy(),
            points["time"].cast("int64").to_numpy(),
            points["value"].to_numpy(),
            said,
        )
        points = points.take(standing)
        points = points.set_column(2, "value", [values])
    if _in_order(points):
        return points
    return points.sort_by([("step", "ascending"), ("time", "ascending")])


def _in_order(points: pa.Table) -> bool:
    """Return whether points lie by step and time, as most programs say them."""
    steps, times = points["step"].to_numpy(), points["time"].cast("int64").to_numpy()
    later, same = steps[1:] > steps[:-1], steps[1:] == steps[:-1]
    return bool((later | same & (times[1:] >= times[:-1])).all())


def since(store: StoreFolder, run: str, key: str, epoch: int) -> pa.Table:
    """Return the points of one metric that came after an epoch, as recorded, in any order."""
    import pyarrow as pa  # noqa: PLC0415 - a server answers before it is loaded

    waiting, last = fresh.of_metric(store.metadata, run, key)
    found = folded(store, run, key, epoch, last)
    if waiting:
        rows = pa.table(
            {
                "step": pa.array([point.step for point in waiting], pa.int64()),
                "time": pa.array([point.time for point in waiting], pa.int64()),
                "value": pa.array([point.value for point in waiting], pa.float64()),
            }
        )
        found = pa.concat_tables([found, rows.cast(found.schema)])
    return found


def history(store: StoreFolder, run: str, key: str) -> list[Point]:
    """Return all points of one metric of a run by time, step and value; none if it has none."""
    found, epoch = fresh.of_metric(store.metadata, run, key)
    if (store.path / "points").exists():
        table = folded(store, run, key, 0, epoch)
        times = table["time"].cast("int64").to_pylist()
        rows = zip(table["step"].to_pylist(), times, table["value"].to_pylist(), strict=True)
        found += [Point(run, key, *row) for row in rows]
    said = corrections.of_metric(store.metadata, run, key)
    if said:
        standing, values = corrections.apply(
            [point.step for point in found],
            [point.time for point in found],
            [point.value for point in found],
            said,
        )
        found = [found[i]._replace(value=value)
                 for i, value in zip(standing.tolist(), values.tolist(), strict=True)]  # fmt: skip
    return sorted(found, key=_in_time)


def _in_time(point: Point) -> tuple[int, int, float]:
    return point.time, point.step, -math.inf if math.isnan(point.value) else point.value


def folded(store: StoreFolder, run: str, key: str, first: int, last: int) -> pa.Table:
    """Return the points that epochs after `first` up to `last` took."""
    return store.points().having(
        ["step", "time", "value"], {"run": run, "key": key},
        day=day_of(run), since=first, last=last,
    )  # fmt: skip
