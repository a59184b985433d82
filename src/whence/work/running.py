"""What one epoch says of runs: their points as a table, all else as small facts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from whence.journal.writer import SUFFIX
from whence.store import runs
from whence.store.points import day_of
from whence.store.tables import POINTS
from whence.types.records import (
    Artifact,
    Capture,
    Output,
    Points,
    RunEnd,
    RunFacts,
    RunStart,
)
from whence.work.captured import Capturing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whence.store.folder import StoreFolder
    from whence.store.fresh import Point
    from whence.store.metadata import Metadata

__all__ = ["Running"]


class Running:
    """The records of runs in one epoch: gathered, then applied."""

    def __init__(self) -> None:
        self._starts: list[tuple[RunStart, str]] = []
        self._facts: list[RunFacts] = []
        self._ends: list[RunEnd] = []
        self._seen: dict[str, int] = {}
        self._captured = Capturing()
        self._points = _Points()
        self._waited = _Points()

    def add(
        self,
        record: RunStart | RunFacts | Points | RunEnd | Artifact | Capture | Output,
        journal: str,
    ) -> None:
        """Take a record of a file of journals; of an artifact only when it was logged."""
        run = record.run
        self._seen[run] = max(record.at, self._seen.get(run, 0))
        match record:
            case Points():
                self._points.add(record)
            case RunStart():
                self._starts.append((record, writer_of(journal)))
            case RunFacts():
                self._facts.append(record)
            case RunEnd():
                self._ends.append(record)
            case Capture() | Output():
                self._captured.add(record)

    def add_points(self, points: Sequence[Point]) -> None:
        """Take points that waited in the database; all else of them is kept there already."""
        for column, values in zip(self._waited, zip(*points, strict=True), strict=True):
            column.extend(values)

    def append_points(self, store: StoreFolder, epoch: int) -> None:
        """Append the points to their table, by run, metric and step."""
        both = (one + other for one, other in zip(self._points, self._waited, strict=True))
        names, metrics, steps, times, values = both
        if not names:
            return
        runs, keys = (pa.array(texts).dictionary_encode() for texts in (names, metrics))
        rows = pa.table(
            {
                "_epoch": pa.array(np.full(len(names), epoch, np.int64)),
                "run": runs.cast(pa.string()),
                "key": keys.cast(pa.string()),
                "step": pa.array(steps, pa.int64()),
                "time": pa.array(times, pa.int64()).cast(POINTS.field("time").type),
                "value": pa.array(values, pa.float64()),
                "_day": _days(runs),
            },
            schema=POINTS,
        )
        order = [(name, "ascending") for name in ("run", "key", "step", "time")]
        store.points().append(rows.sort_by(order), epoch)

    def save(self, metadata: Metadata) -> None:
        """Keep the small facts; the caller holds the transaction."""
        if not self._seen:
            return
        runs.seen(metadata, self._seen.items())
        for start, journal in self._starts:
            runs.start(metadata, start, journal)
        for said in self._facts:
            runs.facts(metadata, said)
        # Those that waited were counted, and are among the last values, since they came.
        if self._points.runs:
            runs.latest(metadata, self._points.last())
            runs.count_points(metadata, self._points.numbers())
        for ended in self._ends:
            runs.end(metadata, ended)
        self._captured.save(metadata)


class _Points:
    """Points as columns; times in microseconds since 1970."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self._keys: list[str] = []
        self._steps: list[int] = []
        self._times: list[int] = []
        self._values: list[float] = []

    def __iter__(self) -> Iterator[list[Any]]:
        """Yield runs, metrics, steps, times, values."""
        return iter((self.runs, self._keys, self._steps, self._times, self._values))

    def add(self, record: Points) -> None:
        """Take the values of one call."""
        size = len(record.values)
        self.runs += [record.run] * size
        self._keys += record.values
        self._steps += [record.step] * size
        self._times += [record.at] * size
        self._values += record.values.values()

    def last(self) -> list[runs.Latest]:
        """Return the last point of each metric of each run."""
        found: dict[tuple[str, str], tuple[int, int, float]] = {}
        for run, key, step, time, value in zip(*self, strict=True):
            last = found.get((run, key))
            if last is None or (step, time) >= last[:2]:
                found[run, key] = step, time, value
        return [(run, key, value, step, time)
                for (run, key), (step, time, value) in found.items()]  # fmt: skip

    def numbers(self) -> Counter[tuple[str, str]]:
        """Return how many points each metric of each run has."""
        return Counter(zip(self.runs, self._keys, strict=True))


def writer_of(journal: str) -> str:
    """Return the name that all files of one process's journal begin with."""
    return journal.removesuffix(SUFFIX).rpartition("-")[0]


def _days(runs: pa.DictionaryArray) -> pa.Array:
    """Return the day each run began on: all of a run lies in one partition."""
    of_run = pa.array([day_of(run) for run in runs.dictionary.to_pylist()], pa.date32())
    return of_run.take(runs.indices)
