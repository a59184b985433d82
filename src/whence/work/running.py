"""What one epoch says of runs: their points as a table, all else as small facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from whence.errors import BadInput
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
from whence.work.points import Columns, GatheredPoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.folder import StoreFolder
    from whence.store.fresh import Point
    from whence.store.metadata import Metadata
    from whence.store.purged import Purged
    from whence.work.frames import Payloads

__all__ = ["Running"]


class Running:
    """The records of runs in one epoch: gathered, then applied.

    Parameters
    ----------
    purged
        Runs whose points are not taken any more.
    """

    def __init__(self, purged: Purged) -> None:
        self._purged = purged
        self._starts: list[tuple[RunStart, str]] = []
        self._facts: list[RunFacts] = []
        self._ends: list[RunEnd] = []
        self._seen: dict[str, int] = {}
        self._captured = Capturing()
        self._points = GatheredPoints()
        self._last: list[runs.Latest] = []
        self._numbers: list[int] = []

    def add(
        self,
        record: RunStart | RunFacts | Points | RunEnd | Artifact | Capture | Output,
        journal: str,
    ) -> None:
        """Take a record of a file of journals; of an artifact only when it was logged.

        Raises
        ------
        BadInput
            Of points, which `take_points` takes as far as they can be stored.
        """
        if isinstance(record, Points):
            raise BadInput(f"points at step {record.step}, which has more than 64 bits")
        run = record.run
        self._seen[run] = max(record.at, self._seen.get(run, 0))
        match record:
            case RunStart():
                self._starts.append((record, writer_of(journal)))
            case RunFacts():
                self._facts.append(record)
            case RunEnd():
                self._ends.append(record)
            case Capture() | Output():
                self._captured.add(record)

    def take_points(self, payloads: Payloads) -> list[bytes]:
        """Take the points in the records of a journal; return the payloads of all others."""
        return self._points.take(payloads)

    def add_points(self, points: Sequence[Point]) -> None:
        """Take points that waited in the database; all else of them is kept there already."""
        self._points.add(points)

    def append_points(self, store: StoreFolder, epoch: int) -> None:
        """Append the points to their table, by run, metric and step."""
        points = self._without_purged(self._points.columns())
        if not len(points.values):
            return
        runs, keys = (
            pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(texts, pa.string()))
            for codes, texts in ((points.runs, points.names), (points.keys, points.metrics))
        )
        rows = pa.table(
            {
                "_epoch": pa.array(np.full(len(points.values), epoch, np.int64)),
                "run": runs.cast(pa.string()),
                "key": keys.cast(pa.string()),
                "step": pa.array(points.steps),
                "time": pa.array(points.times).cast(POINTS.field("time").type),
                "value": pa.array(points.values),
                "_day": _days(runs),
            },
            schema=POINTS,
        )
        store.points().append(rows, epoch)
        self._last, self._numbers = points.ends()

    def _without_purged(self, points: Columns) -> Columns:
        gone = [i for i, run in enumerate(points.names) if run in self._purged]
        if not gone:
            return points
        kept = ~np.isin(points.runs, gone)
        return Columns._make((*points[:2], *(column[kept] for column in points[2:])))

    def save(self, metadata: Metadata) -> None:
        """Keep the small facts; the caller holds the transaction."""
        points = {run: at for run, at in self._points.seen.items() if run not in self._purged}
        seen = {run: max(self._seen.get(run, 0), points.get(run, 0)) for run in self._seen | points}
        if not seen:
            return
        runs.seen(metadata, seen.items())
        for start, journal in self._starts:
            runs.start(metadata, start, journal)
        for said in self._facts:
            runs.facts(metadata, said)
        runs.latest(metadata, self._last)
        metrics = [(run, key) for run, key, *_ in self._last]
        runs.count_points(metadata, dict(zip(metrics, self._numbers, strict=True)))
        for ended in self._ends:
            runs.end(metadata, ended)
        self._captured.save(metadata)


def writer_of(journal: str) -> str:
    """Return the name that all files of one process's journal begin with."""
    return journal.removesuffix(SUFFIX).rpartition("-")[0]


def _days(runs: pa.DictionaryArray) -> pa.Array:
    """Return the day each run began on: all of a run lies in one partition."""
    of_run = pa.array([day_of(run) for run in runs.dictionary.to_pylist()], pa.date32())
    return of_run.take(runs.indices)
