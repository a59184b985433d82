"""The points of a run's metrics, read back: those in the table and those still waiting."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from whence.errors import NotFound
from whence.store import fresh
from whence.store.fresh import Point

if TYPE_CHECKING:
    import pyarrow as pa

    from whence.store.folder import StoreFolder

__all__ = ["ELSEWHERE", "day_of", "history", "points"]

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
    import pyarrow as pa  # noqa: PLC0415 - a server answers before it is loaded

    waiting, epoch = fresh.of_metric(store.metadata, run, key)
    found = _folded(store, run, key, epoch)
    if waiting:
        found = pa.concat_tables([found, pa.table(
            {
                "step": pa.array([point.step for point in waiting], pa.int64()),
                "time": pa.array([point.time for point in waiting], pa.int64()),
                "value": pa.array([point.value for point in waiting], pa.float64()),
            }
        ).cast(found.schema)])  # fmt: skip
    if not found.num_rows:
        has = [one for (one,) in store.metadata.all(
            "SELECT key FROM latest WHERE run = ? ORDER BY key", run)]  # fmt: skip
        raise NotFound(
            f"run {run} has no metric {key!r}; it has {', '.join(map(repr, has)) or 'none'}"
        )
    return found.sort_by([("step", "ascending"), ("time", "ascending")])


def history(store: StoreFolder, run: str, key: str) -> list[Point]:
    """Return all points of one metric of a run by time, step and value; none if it has none."""
    found, epoch = fresh.of_metric(store.metadata, run, key)
    if (store.path / "points").exists():
        table = _folded(store, run, key, epoch)
        times = table["time"].cast("int64").to_pylist()
        rows = zip(table["step"].to_pylist(), times, table["value"].to_pylist(), strict=True)
        found += [Point(run, key, *row) for row in rows]
    return sorted(found, key=_in_time)


def _in_time(point: Point) -> tuple[int, int, float]:
    return point.time, point.step, -math.inf if math.isnan(point.value) else point.value


def _folded(store: StoreFolder, run: str, key: str, epoch: int) -> pa.Table:
    import pyarrow.compute as pc  # noqa: PLC0415 - as said above

    wanted = (pc.field("run") == run) & (pc.field("key") == key) & (pc.field("_epoch") <= epoch)
    return store.points().read(["step", "time", "value"], wanted, days={day_of(run)})
