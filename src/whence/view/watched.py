"""A watched model as it stands: its windows, bins and counts, read when asked for."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from whence.errors import BadInput, NotFound
from whence.profile.spec import Spec
from whence.store import watches
from whence.store.outcomes import metric_of
from whence.types.time import Window, micros, moment
from whence.work.counting import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn
    from whence.store.folder import StoreFolder
    from whence.store.watches import WatchState

    Floats = NDArray[np.float64]

__all__ = ["ALL_ROWS", "RECENT", "Counted", "Watched"]

RECENT = 56
"""Windows looked at when nobody says which: eight weeks of days."""

_AT_ONCE = 64
"""Windows read at a time where all may not be needed, and where all would not fit."""

_ALL = slice(0, None)

ALL_ROWS = slice(0, 1)
"""The bin that every row is in."""

_FIELDS = 4
"""Numbers of each bin: see `whence.profile.spec`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One window with its facts: every label counts in them, whenever it came."""

    start: int
    end: int
    facts: Facts


class Watched:
    """One model's watch, opened for reading.

    Parameters
    ----------
    store, model
        Where, and whose.

    Raises
    ------
    NotFound
        If there is no such model, or it was never watched.
    """

    def __init__(self, store: StoreFolder, model: str) -> None:
        store.require(model)
        state = watches.load(store, model)
        if state is None:
            raise NotFound(f"model {model!r} was never watched; run: whence watch {model}")
        self.store = store
        self.model = model
        self.state: WatchState = state

    @property
    def metric(self) -> str | None:
        """The metric that is judged; None without labels."""
        return None if self.state.task is None else metric_of(self.state.task)

    @property
    def higher_is_better(self) -> bool:
        """Whether the metric is 1 - loss and not the loss itself."""
        return self.metric == "accuracy"

    def value(self, loss: float) -> float:
        """Return the metric's value at a mean loss."""
        return 1.0 - loss if self.higher_is_better else loss

    @cached_property
    def spec(self) -> Spec:
        """The bins of its columns."""
        return Spec.decode(self.state.spec)

    @cached_property
    def windows(self) -> list[Counted]:
        """Every window with predictions, the oldest first."""
        rows = self.store.metadata.all(
            "SELECT start, stop, facts FROM windows WHERE model = ? ORDER BY start", self.model
        )
        return [
            Counted(start, end, msgspec.msgpack.decode(facts, type=Facts))
            for start, end, facts in rows
        ]

    def newest(self) -> Iterator[Counted]:
        """Yield the windows with predictions, the newest first, reading no more than are taken."""
        before = _AFTER_ALL
        while True:
            rows = self.store.metadata.all(
                "SELECT start, stop, facts FROM windows WHERE model = ? AND start < ?"
                " ORDER BY start DESC LIMIT ?",
                self.model,
                before,
                _AT_ONCE,
            )
            for start, end, facts in rows:
                yield Counted(start, end, msgspec.msgpack.decode(facts, type=Facts))
            if len(rows) < _AT_ONCE:
                return
            before = rows[-1][0]

    @property
    def recent(self) -> Window:
        """The last `RECENT` windows after the reference; the reference itself if there is none."""
        last = micros(self.state.reference.end)
        after = [one for one in islice(self.newest(), RECENT) if one.start >= last]
        if not after:
            return self.state.reference
        return Window(moment(after[-1].start), moment(after[0].end))

    @property
    def since_reference(self) -> Window:
        """All time after the reference that has windows; the reference itself if none has."""
        last = self.state.reference.end
        end = self.recent.end
        return Window(last, end) if end > last else self.state.reference

    def period(
        self, start: datetime | None, end: datetime | None, usual: Window | None = None
    ) -> Window:
        """Return the period asked for, its open ends those of `usual`, or of `recent` if None.

        Raises
        ------
        BadInput
            If it ends before it starts.
        """
        usual = usual or self.recent
        found = Window(start or usual.start, end or usual.end)
        if found.start >= found.end:
            raise BadInput(
                f"the period {found.start:%Y-%m-%d %H:%M} to {found.end:%Y-%m-%d %H:%M} is empty; "
                "give start before end"
            )
        return found

    def column(self, name: str) -> ProfiledColumn:
        """Return a column's bins.

        Raises
        ------
        NotFound
            If no column of that name is counted.
        """
        for column in self.spec.columns:
            if column.name == name:
                return column
        raise NotFound(
            f"model {self.model!r} has no counted column {name!r}; it has "
            f"{', '.join(column.name for column in self.spec.columns) or 'none'}"
        )

    def starts(self, period: Window) -> list[int]:
        """Return where the windows that start in a period do, in microseconds, in order."""
        rows = self.store.metadata.all(
            "SELECT start FROM windows WHERE model = ? AND start >= ? AND start < ? ORDER BY start",
            self.model,
            micros(period.start),
            micros(period.end),
        )
        return [start for (start,) in rows]

    def counts(self, period: Window, bins: slice = _ALL) -> Iterator[tuple[int, Floats]]:
        """Yield (start, counts) of the windows that start in a period, in order, one at a time.

        Parameters
        ----------
        bins
            Which bins the counts (bins, 4) hold: those from a start to an end (all if None). What
            lies behind the end is not even decompressed.
        """
        first, end = micros(period.start), micros(period.end)
        while True:
            rows = self.store.metadata.all(
                "SELECT start, counts FROM windows WHERE model = ? AND start >= ? AND start < ?"
                " ORDER BY start LIMIT ?",
                self.model,
                first,
                end,
                _AT_ONCE,
            )
            for start, data in rows:
                yield start, _unpacked(data, bins)
            if len(rows) < _AT_ONCE:
                return
            first = rows[-1][0] + 1

    def total(self, period: Window, bins: slice = _ALL) -> Floats:
        """Return the counts (bins, 4) of a period's windows together; `bins` as in `counts`."""
        total = np.zeros((len(range(self.spec.size)[bins]), _FIELDS))
        for _, counts in self.counts(period, bins):
            total += counts
        return total

    def parts(
        self, period: Window, most: int, bins: slice = _ALL, fields: int | slice = _ALL
    ) -> tuple[list[list[int]], Floats]:
        """Return a period's windows in parts of neighbours, and the counts of each part.

        Parameters
        ----------
        most
            The largest number of parts, at least 1.
        bins, fields
            Which of the counts (bins, 4); one field is (bins,).

        Returns
        -------
        (list of list of int, ndarray)
            Where the windows of each part start, in microseconds, and counts (parts, bins, 4).
        """
        starts = self.starts(period)
        parts = [
            part.tolist()
            for part in np.array_split(np.array(starts, np.int64), min(len(starts), most) or 1)
            if len(part)
        ]
        of_window = {at: number for number, part in enumerate(parts) for at in part}
        nothing = np.zeros((len(range(self.spec.size)[bins]), _FIELDS))[:, fields]
        sums = np.zeros((len(parts), *nothing.shape))
        for start, counts in self.counts(period, bins):
            if start in of_window:  # one that came meanwhile is for the next picture
                sums[of_window[start]] += counts[:, fields]
        return parts, sums


_AFTER_ALL = 2**63 - 1
"""The last moment that the database can name, in microseconds."""


def _unpacked(data: bytes, bins: slice) -> Floats:
    """Return the counts (bins, 4) of some bins, as `whence.work.counting.save` wrote them."""
    if bins.stop is None:
        plain = zlib.decompress(data)
    else:
        most = bins.stop * _FIELDS * np.dtype(np.float64).itemsize
        plain = zlib.decompressobj().decompress(data, most)
    return np.frombuffer(plain, np.float64).reshape(-1, _FIELDS)[bins]
