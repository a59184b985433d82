"""A watched model as it stands: its windows, bins and counts, read when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from whence.errors import BadInput, NotFound
from whence.profile.spec import Spec
from whence.store import watches
from whence.store.outcomes import metric_of
from whence.types.time import Window, micros, moment
from whence.work.counting import Facts, load

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn
    from whence.store.folder import StoreFolder
    from whence.store.watches import WatchState

    Floats = NDArray[np.float64]

__all__ = ["RECENT", "Counted", "Watched"]

RECENT = 56
"""Windows looked at when nobody says which: eight weeks of days."""


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

    @property
    def recent(self) -> Window:
        """The last `RECENT` windows after the reference; the reference itself if there is none."""
        after = [one for one in self.windows if one.start >= micros(self.state.reference.end)]
        if not after:
            return self.state.reference
        return Window(moment(after[-RECENT:][0].start), moment(after[-1].end))

    def period(self, start: datetime | None, end: datetime | None) -> Window:
        """Return the period asked for, its open ends those of `recent`.

        Raises
        ------
        BadInput
            If it ends before it starts.
        """
        recent = self.recent
        found = Window(start or recent.start, end or recent.end)
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

    def counts(self, period: Window) -> dict[int, Floats]:
        """Return the counts (bins, 4) of the windows that start in a period, by start."""
        return load(self.store.metadata, self.model, micros(period.start), micros(period.end))

    def total(self, period: Window) -> Floats:
        """Return the counts (bins, 4) of a period's windows together."""
        total = np.zeros((self.spec.size, 4))
        for counts in self.counts(period).values():
            total += counts
        return total
