"""How a watch begins: the healthy period, the task, the age of labels, the bins."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from whence.profile.spec import fit_spec
from whence.store import watches
from whence.store.history import History
from whence.store.outcomes import outcomes, task_of
from whence.store.watches import WatchState
from whence.types.time import Period, Window, micros
from whence.watch.labels import horizon
from whence.watch.variation import FEWEST_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from whence.store.folder import StoreFolder
    from whence.types.rows import Column
    from whence.types.task import Task

__all__ = ["begin_watch", "first_window_from", "settled_from", "windows_of_days"]

ASSUMED = 14
"""Windows taken as healthy when nobody says which: two weeks of days."""

SETTLING = 3
"""So many label ages after the reference's end its labels are complete enough to stand on."""

CAP = 0.99
"""Absolute errors above this quantile of the reference's count as that much when windows are
judged: one wild row is no failure, and a thousand do not hide in their own spread."""

FAR = 20.0
"""Times the span of 99 % of the values: beyond it a value is far outside."""

SMALLEST_SPREAD = 0.1
"""Of the median: the least span, for columns that hardly vary."""

MOST_ROWS = 200_000
"""Reference rows from which bins are fitted; of more, every k-th is taken."""


def begin_watch(
    store: StoreFolder, model: str, by: Period, now: datetime, delta: float | None = None
) -> WatchState:
    """Return a new watch of a model that has predictions: nothing counted, nothing judged."""
    history = History(store, model)
    declared = watches.declared_reference(store, model)
    reference = declared or _assume(history, by)
    rows = history.read(micros(reference.start), micros(reference.end))
    task = task_of(rows)
    age = _label_age(rows, task)
    columns = history.columns(_thin(rows))
    return WatchState(
        by=by,
        reference=reference,
        declared=declared is not None,
        task=task,
        horizon=age,
        delta=delta,
        cap=_largest_loss(rows, task),
        settled=task is not None
        and (declared is not None or len(windows_of_days(history.days(), by)) >= 2 * ASSUMED)
        and now >= settled_from(reference.end, age),
        spec=fit_spec([column for column, _ in columns.values()]).encode(),
        notes=[
            *_notes(model, reference, rows, declared=declared is not None),
            *_few_windows(history.days(), reference, by),
            *(note for column, _ in columns.values() for note in _far_out(column)),
        ],
    )


def settled_from(end: datetime, age: float | None) -> datetime:
    """Return when the labels of a reference that ends then have come; `age` in seconds."""
    return end + SETTLING * timedelta(seconds=age or 0.0)


def _label_age(rows: pa.Table, task: Task | None) -> float | None:
    """Return the age in seconds at which windows are judged, None without labels."""
    if task is None:
        return None
    known = ~np.isnan(outcomes(rows, task).loss)
    return horizon(rows["_delay"].to_numpy()[known]) if known.any() else None


def _largest_loss(rows: pa.Table, task: Task | None) -> float | None:
    """Return the reference's high quantile of the loss where losses have no bound."""
    if task != "regression":
        return None
    loss = outcomes(rows, task).loss
    known = loss[~np.isnan(loss)]
    return float(np.quantile(known, CAP)) if len(known) else None


def windows_of_days(days: list[date], by: Period) -> list[Window]:
    """Return the windows that hold any of some days, in order; a day of hours has 24."""
    found: dict[datetime, Window] = {}
    for day in days:
        midnight = datetime.combine(day, time(), UTC)
        window = Window.containing(midnight, by)
        while window.start <= midnight or window.start.date() == day:
            found[window.start] = window
            window = window.following(by)
    return [found[start] for start in sorted(found)]


def first_window_from(when: datetime, by: Period) -> Window:
    """Return the first window that starts at `when` or later."""
    window = Window.containing(when, by)
    return window if window.start >= when else window.following(by)


def _assume(history: History, by: Period) -> Window:
    """Return the first windows, at most `ASSUMED` and at most half of what is there."""
    windows = windows_of_days(history.days(), by)
    healthy = windows[: max(1, min(ASSUMED, len(windows) // 2))]
    return Window(healthy[0].start, healthy[-1].end)


def _thin(rows: pa.Table) -> pa.Table:
    step = -(-rows.num_rows // MOST_ROWS)
    return rows if step <= 1 else rows.take(np.arange(0, rows.num_rows, step))


def _few_windows(days: list[date], reference: Window, by: Period) -> Iterator[str]:
    inside = [
        window
        for window in windows_of_days(days, by)
        if window.start >= reference.start and window.end <= reference.end
    ]
    if len(inside) < FEWEST_WINDOWS:
        yield (
            f"The reference holds {len(inside)} whole windows by {by}; with fewer than "
            f"{FEWEST_WINDOWS} nobody knows how much they vary, so no window is judged."
        )


def _far_out(column: Column) -> Iterator[str]:
    """Yield a note of single reference values far from the rest: they stretch its support."""
    if column.kind != "number":
        return
    values = column.values[np.isfinite(column.values)].astype(np.float64)
    if not len(values):
        return
    with np.errstate(over="ignore", invalid="ignore"):  # nothing lies far from the largest floats
        low, middle, high = np.quantile(values, (0.005, 0.5, 0.995))
        reach = FAR * max(high - low, SMALLEST_SPREAD * abs(middle))
        far = values[(values > high + reach) | (values < low - reach)]
    if len(far) and reach > 0:
        yield (
            f"{column.name}: {len(far):,} of {len(values):,} reference rows lie far outside the "
            f"rest (such as {far[0]:g}; 99 % lie from {low:g} to {high:g})."
        )


def _notes(model: str, reference: Window, rows: pa.Table, *, declared: bool) -> Iterator[str]:
    period = f"{reference.start:%Y-%m-%d} to {reference.end:%Y-%m-%d}"
    if not declared:
        yield (
            f"No reference was declared: {period} is taken as healthy. "
            f"Declare one with: whence reference {model} --from ... --to ..."
        )
    if not rows.num_rows:
        yield f"The reference, {period}, holds no predictions: nothing can be compared with it."
    elif task_of(rows) is None:
        yield "No prediction of the reference is labelled: performance cannot be judged."
