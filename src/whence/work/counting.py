"""Counts of windows, kept in the database and counted anew where rows or labels were added.

Counting a touched window from its rows, rather than adding to what is stored, makes a tick
harmless to repeat and costs the same however long the history is.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left, bisect_right
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from whence.profile.spec import Spec
from whence.store.outcomes import losses
from whence.types.time import Window, micros
from whence.work.telling import Tell, silent

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from whence.store.history import History
    from whence.store.metadata import Metadata
    from whence.types.task import Task

__all__ = ["Counted", "Facts", "count_windows", "load", "save"]

_FACTS = Spec(())
"""All rows of a window and no column."""


class Facts(msgspec.Struct, array_like=True):
    """What a window's display needs: every label counts here, whenever it came.

    `labelled` rows have a loss; `loss` and `loss_squared` are sums over them.
    """

    rows: int
    labelled: int
    loss: float
    loss_squared: float


@dataclass(frozen=True, slots=True)
class Counted:
    """One window: its facts, and counts (bins, 4) (`Spec`) from the labels that were in time."""

    window: Window
    facts: Facts
    counts: NDArray[np.float64]

    def and_with(self, other: Counted) -> Counted:
        """Return the counts of both parts of one window."""
        pairs = zip(*map(msgspec.structs.astuple, (self.facts, other.facts)), strict=True)
        facts = Facts(*(one + another for one, another in pairs))
        return Counted(self.window, facts, self.counts + other.counts)


def count_windows(
    history: History,
    windows: list[Window],
    spec: Spec,
    task: Task | None,
    horizon: float | None,
    cap: float | None,
    *,
    tell: Tell = silent,
) -> list[Counted]:
    """Count windows from their rows; those without rows are left out.

    Rows are read once, a day at a time and in pieces, so memory does not grow with their number.

    Parameters
    ----------
    windows
        In order and apart; each is of whole days, or a part of one.
    horizon
        Labels that came later than that many seconds after their prediction are left out of
        the counts, so that every window is judged at one age; None leaves none out.
    cap
        Larger losses count as this in the counts; None where losses have a bound.
    tell
        Called after each day: see `whence.work.telling`.
    """
    counter = _Counter(history, windows, spec, task, horizon, cap)
    found: dict[int, Counted] = {}
    days = counter.days()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, parts in enumerate(pool.map(counter.day, days), start=1):
            for one in parts:
                at = micros(one.window.start)
                found[at] = one if at not in found else found[at].and_with(one)
            tell("counting", number / len(days))
    return [found[at] for at in sorted(found)]


@dataclass(frozen=True, slots=True)
class _Counter:
    """Counts the windows of one day, one call a day; see `count_windows`."""

    history: History
    windows: list[Window]
    spec: Spec
    task: Task | None
    horizon: float | None
    cap: float | None

    def days(self) -> list[date]:
        """Return the days with rows that lie in the windows, in order."""
        return [day for day in self.history.days() if self._of(day)]

    def _of(self, day: date) -> list[Window]:
        """Return the windows that hold a day or a part of it."""
        midnight = datetime.combine(day, time(), UTC)
        first = bisect_right(self.windows, midnight, key=lambda window: window.end)
        after = bisect_left(
            self.windows, midnight + timedelta(days=1), key=lambda window: window.start
        )
        return self.windows[first:after]

    def day(self, day: date) -> list[Counted]:
        """Return the counts of a day's rows."""
        windows = self._of(day)
        starts = np.array([micros(window.start) for window in windows])
        names = [column.name for column in self.spec.columns]
        facts, counts = np.zeros((len(windows), 4)), np.zeros((len(windows), self.spec.size, 4))
        for rows in self.history.pieces(day, names):
            window = np.zeros(rows.num_rows, np.intp)
            if len(windows) > 1:
                times = rows["_time"].cast(pa.int64()).to_numpy()
                window = np.searchsorted(starts, times, side="right") - 1
            loss = self._loss(rows)
            facts += _FACTS.count({}, loss, window, len(windows))[:, 0]
            inputs = self.history.countable(rows, names)
            counts += self.spec.count(inputs, self._in_time(rows, loss), window, len(windows))
        return [
            Counted(window, Facts(int(sums[0]), int(sums[1]), *sums[2:].tolist()), here)
            for window, sums, here in zip(windows, facts, counts, strict=True)
            if sums[0]
        ]

    def _loss(self, rows: pa.Table) -> NDArray[np.float64]:
        return np.full(rows.num_rows, np.nan) if self.task is None else losses(rows, self.task)

    def _in_time(self, rows: pa.Table, loss: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return losses as windows are judged by them: labels in time only, none above the cap."""
        if self.horizon is not None:
            loss = np.where(rows["_delay"].to_numpy() > self.horizon, np.nan, loss)
        return loss if self.cap is None else np.minimum(loss, self.cap)


def save(metadata: Metadata, model: str, counted: list[Counted]) -> None:
    """Write counted windows; the caller holds the transaction."""
    metadata.run_many(
        "INSERT INTO windows (model, start, stop, facts, counts) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (model, start) DO UPDATE SET stop = excluded.stop,"
        " facts = excluded.facts, counts = excluded.counts",
        [
            (
                model,
                micros(one.window.start),
                micros(one.window.end),
                msgspec.msgpack.encode(one.facts),
                zlib.compress(one.counts.tobytes(), 1),
            )
            for one in counted
        ],
    )


def load(metadata: Metadata, model: str, start: int, end: int) -> dict[int, NDArray[np.float64]]:
    """Return the counts of the windows that start in a period, by start in microseconds."""
    rows = metadata.all(
        "SELECT start, counts FROM windows WHERE model = ? AND start >= ? AND start < ?"
        " ORDER BY start",
        model,
        start,
        end,
    )
    return {
        at: np.frombuffer(zlib.decompress(data), np.float64).reshape(-1, 4) for at, data in rows
    }
