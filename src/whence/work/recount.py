"""Windows counted anew after rows were taken away, and whether their watch can go on.

What was judged stays judged: the evidence so far, alerts and incidents are not taken back. But
a watch whose ground is gone begins anew: a window of its reference, the window in which its
open incident was noticed, or a value by which it names something.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from whence.profile.bins import CategoryBins
from whence.profile.spec import LABELLED, ROWS, Spec
from whence.store import watches
from whence.store.history import History
from whence.types.time import Window, micros
from whence.work.counting import Counted, count_windows, load, save

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.store.folder import StoreFolder
    from whence.store.watches import WatchState

__all__ = ["Recount", "foresee", "midnight", "recount", "touched"]


@dataclass(frozen=True, slots=True)
class Recount:
    """Windows as they are now, the starts of those with no rows left, and why to begin anew."""

    counted: list[Counted] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    restart: str | None = None

    def save(self, store: StoreFolder, model: str) -> None:
        """Write it; the caller holds the transaction."""
        if self.restart is not None:
            watches.forget(store, model)
            return
        save(store.metadata, model, self.counted)
        for table in ("windows", "alerts"):
            store.metadata.run_many(
                f"DELETE FROM {table} WHERE model = ? AND start = ?",  # noqa: S608 - our names
                [(model, start) for start in self.gone],
            )


def touched(
    store: StoreFolder, model: str, days: list[date], keep: date | None = None
) -> list[Window]:
    """Return the counted windows that hold any of some days, in order.

    Parameters
    ----------
    keep
        Windows that end by this day are left out: their counts stay.
    """
    # Loads scipy, which a fold that forgets nothing should not wait for.
    from whence.work.reference import windows_of_days  # noqa: PLC0415

    state = watches.load(store, model)
    if state is None:
        return []
    rows = store.metadata.all("SELECT start FROM windows WHERE model = ?", model)
    known = {start for (start,) in rows}
    return [
        window
        for window in windows_of_days(days, state.by)
        if micros(window.start) in known and (keep is None or window.end > midnight(keep))
    ]


def recount(store: StoreFolder, model: str, windows: list[Window], ids: list[str]) -> Recount:
    """Count windows from the rows that are left; nothing is written yet.

    Parameters
    ----------
    ids
        What was forgotten: a watch that names one of them begins anew.
    """
    state = watches.load(store, model)
    if state is None:
        return Recount()
    counted = count_windows(
        History(store, model), windows, Spec.decode(state.spec), state.task, state.horizon,
        state.cap,
    )  # fmt: skip
    left = {micros(one.window.start): one for one in counted if one.facts.rows}
    gone = [micros(one.start) for one in windows if micros(one.start) not in left]
    reasons = [
        *_lost_ground(store, model, state, windows, left),
        *_naming(store, model, state, frozenset(ids)),
    ]
    return Recount(list(left.values()), gone, next(iter(reasons), None))


def foresee(
    store: StoreFolder, model: str, windows: list[Window], before: date, *, keep: bool
) -> str | None:
    """Return why the watch would begin anew if all days before one went; None if it would not.

    A day within a window may leave it too little as well: only counting can tell. With `keep`
    counts stay, and are of use to a watch that has settled.
    """
    state = watches.load(store, model)
    if state is None:
        return None
    if keep:
        return None if state.settled else "it has not settled, so every tick begins anew"
    for window in windows:
        inside = state.reference.start <= window.start < state.reference.end
        if inside and window.end <= midnight(before):
            return _nothing_left(window, "its reference")
    return None


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins in UTC."""
    return datetime.combine(day, time(), UTC)


def _lost_ground(
    store: StoreFolder,
    model: str,
    state: WatchState,
    windows: list[Window],
    left: dict[int, Counted],
) -> Iterator[str]:
    """Yield which windows that the watch stands on have lost all rows, or all labels."""
    noticed = {one.detected for one in watches.incidents(store, model) if one.ended is None}
    alarmed = [state.streams[k] for k in state.alarmed]
    for window in windows:
        start = micros(window.start)
        needs = {
            "its reference": [0]
            if state.reference.start <= window.start < state.reference.end
            else [],
            "the window that showed its open incident": alarmed if window.end in noticed else [],
        }
        before = load(store.metadata, model, start, start + 1)[start]
        after = left[start].counts if start in left else np.zeros_like(before)
        for what, bins in needs.items():
            had = before[bins] > 0
            if (had & (after[bins] <= 0))[:, [ROWS, LABELLED]].any():
                yield _nothing_left(window, what)


def _nothing_left(window: Window, what: str) -> str:
    return f"of {window.start:%Y-%m-%d}, {what}, no rows or no labels are left"


def _naming(
    store: StoreFolder, model: str, state: WatchState, ids: frozenset[str]
) -> Iterator[str]:
    """Yield where the watch keeps one of the ids as a value of a column."""
    for column in Spec.decode(state.spec).columns:
        if isinstance(column.bins, CategoryBins) and ids & {*column.bins.kept, *column.bins.rare}:
            yield f"an id was a value of the column {column.name!r} too"
    for alert in watches.alerts(store, model):
        if any(repr(one) in alert.explanation for one in ids):
            yield f"an alert of {alert.window.start:%Y-%m-%d} names an id"
    for incident in watches.incidents(store, model):
        if ids & {str(value) for value in incident.where.values()}:
            yield f"the incident of {incident.started:%Y-%m-%d} names an id"
