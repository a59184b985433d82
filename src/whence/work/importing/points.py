"""The points of a run that is imported: those that the store does not have, and corrections."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa

from whence.store import corrections, fresh, runs
from whence.store.points import history, since
from whence.work.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whence.store.folder import StoreFolder
    from whence.store.fresh import Point
    from whence.work.importing.brought import Brought
    from whence.work.importing.sources.source import SourceRun

__all__ = ["PointsImport", "add_corrections", "is_date", "is_sound"]

_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_800_000_000
"""Microseconds since 1970 of the first moment that a date can name, and behind the last."""

_LARGEST = 2**63 - 1

_WAITING = 500_000
"""Points that may wait in the database before they are folded: as many as one epoch takes."""


def is_date(at: int) -> bool:
    """Whether a date can name a time, given in microseconds since 1970."""
    return _FIRST <= at < _LAST


class PointsImport:
    """Adds the points of a run that the store does not have.

    Parameters
    ----------
    anew
        Whether it has none of them, and need not be asked.
    """

    def __init__(self, store: StoreFolder, run: str, done: Brought, *, anew: bool) -> None:
        self._store = store
        self._run = run
        self._done = done
        self._had: dict[str, Counter[tuple[int, int, float | None]]] | None = None if anew else {}
        self.total = 0

    def add(self, points: Sequence[Point]) -> None:
        """Add some, in one transaction."""
        new = points if self._had is None else [one for one in points if not self._has(one)]
        metadata = self._store.metadata
        with metadata.transaction():
            fresh.add(metadata, new)
            runs.latest(metadata, _last(new))
            runs.count_points(metadata, Counter((one.run, one.key) for one in new))
        self.total += len(points)
        self._done.points += len(new)
        # Numbers of waiting points begin anew when none wait.
        if fresh.newest(metadata) >= _WAITING:
            fold(self._store)

    def _has(self, point: Point) -> bool:
        """Return whether the store has a point; of several that are the same each counts once."""
        had = self._had or {}
        if point.key not in had:
            had[point.key] = Counter(_recorded(self._store, self._run, point.key))
        self._had = had
        left = had[point.key]
        value = _value(point)
        if not left[value]:
            return False
        left[value] -= 1
        return True


def _value(point: Point) -> tuple[int, int, float | None]:
    """Return what tells a point from others of its metric; what is no number equals itself."""
    return point.step, point.time, None if math.isnan(point.value) else point.value


def is_sound(point: Point) -> bool:
    """Whether the store can keep a point: its time is a date, its step has 64 bits."""
    return is_date(point.time) and abs(point.step) <= _LARGEST


def _last(points: Sequence[Point]) -> list[runs.Latest]:
    found: dict[str, Point] = {}
    for point in points:
        before = found.get(point.key)
        if before is None or _order(point) >= _order(before):
            found[point.key] = point
    return [(one.run, one.key, one.value, one.step, one.time) for one in found.values()]


def _order(point: Point) -> tuple[int, int, float]:
    value = -math.inf if math.isnan(point.value) else point.value
    return point.step, point.time, value


def _recorded(store: StoreFolder, run: str, key: str) -> Iterator[tuple[int, int, float | None]]:
    """Yield the points of a metric as they were recorded, whatever corrections say."""
    if (store.path / "points").exists():
        found = since(store, run, key, 0)
        columns = (found["step"], found["time"].cast(pa.int64()), found["value"])
        for step, time, value in zip(*(one.to_pylist() for one in columns), strict=True):
            yield step, time, None if math.isnan(value) else value
    else:
        yield from map(_value, fresh.of_metric(store.metadata, run, key)[0])


def add_corrections(store: StoreFolder, run: SourceRun) -> None:
    """Keep what a source says was put right, where that is not known; last values follow it."""
    metadata = store.metadata
    with metadata.transaction():
        known = Counter(_said(one) for one in corrections.of_run(metadata, run.id))
        new = list((Counter(map(_said, run.corrections)) - known).elements())
        for key, step, value, removed, reason, by, at in new:
            said = None if removed else math.nan if value is None else value
            corrections.add(metadata, run.id, key, step, said, reason=reason, by=by, at=at)
        for key in {one[0] for one in new}:
            left = history(store, run.id, key)
            metadata.run("DELETE FROM latest WHERE run = ? AND key = ? AND ?",
                         run.id, key, not left)  # fmt: skip
            for last in _last(left):
                _, _, value, step, time = last
                metadata.run(
                    "UPDATE latest SET value = ?, step = ?, time = ? WHERE run = ? AND key = ?",
                    *(None if math.isnan(value) else value, step, time, run.id, key),
                )


def _said(
    one: corrections.Correction,
) -> tuple[str, int, float | None, bool, str, str, int]:
    value = None if math.isnan(one.value) else one.value
    return one.key, one.step, value, one.removed, one.reason, one.by, one.at
