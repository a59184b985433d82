"""What one epoch says of runs: their points as a table, all else as small facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from collections.abc import Sequence

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
        self._runs: list[str] = []
        self._keys: list[str] = []
        self._steps: list[int] = []
        self._times: list[int] = []
        self._values: list[float] = []

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
                size = len(record.values)
                self._runs += [run] * size
                self._keys += record.values
                self._steps += [record.step] * size
                self._times += [record.at] * size
                self._values += record.values.values()
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
        for run, key, step, time, value in points:
            self._runs.append(run)
            self._keys.append(key)
            self._steps.append(step)
            self._times.append(time)
            self._values.append(value)

    def append_points(self, store: StoreFolder, epoch: int) -> None:
        """Append the points to their table, by run, metric and step."""
        if not self._runs:
            return
        runs, keys = (pa.array(names).dictionary_encode() for names in (self._runs, self._keys))
        rows = pa.table(
            {
                "_epoch": pa.array(np.full(len(self._runs), epoch, np.int64)),
                "run": runs.cast(pa.string()),
                "key": keys.cast(pa.string()),
                "step": pa.array(self._steps, pa.int64()),
                "time": pa.array(self._times, pa.int64()).cast(POINTS.field("time").type),
                "value": pa.array(self._values, pa.float64()),
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
        if self._runs:
            runs.latest(metadata, self._latest())
        for ended in self._ends:
            runs.end(metadata, ended)
        self._captured.save(metadata)

    def _latest(self) -> list[runs.Latest]:
        found: dict[tuple[str, str], tuple[int, int, float]] = {}
        rows = zip(self._runs, self._keys, self._steps, self._times, self._values, strict=True)
        for run, key, step, time, value in rows:
            last = found.get((run, key))
            if last is None or (step, time) >= last[:2]:
                found[run, key] = step, time, value
        return [(run, key, value, step, time)
                for (run, key), (step, time, value) in found.items()]  # fmt: skip


def writer_of(journal: str) -> str:
    """Return the name that all files of one process's journal begin with."""
    return journal.removesuffix(SUFFIX).rpartition("-")[0]


def _days(runs: pa.DictionaryArray) -> pa.Array:
    """Return the day each run began on: all of a run lies in one partition."""
    of_run = pa.array([day_of(run) for run in runs.dictionary.to_pylist()], pa.date32())
    return of_run.take(runs.indices)
