"""The evidence for one diagnosis, read from the store: healthy rows, failing rows, events."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec
from threadpoolctl import threadpool_limits

from whence.errors import BadInput, NotFound
from whence.store import watches
from whence.store.history import History
from whence.store.outcomes import metric_of, smallest_change
from whence.types.records import Event
from whence.types.time import Window, micros
from whence.why.calendar import Calendar
from whence.why.diagnosis import diagnose
from whence.why.reading import read_periods

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.store.folder import StoreFolder
    from whence.store.watches import WatchState
    from whence.types.reports import Incident, WhyReport
    from whence.types.rows import Rows
    from whence.types.task import Task

__all__ = ["explain"]

_LAST_INSTANT = timedelta(days=1, microseconds=-1)
"""Of a day, after its midnight."""

RECENT = 56
"""Windows looked at when no incident says which: eight weeks of days."""

A_YEAR = timedelta(weeks=52)
"""The same weekdays a year before."""

MOST_ROWS = 1_000_000
"""Rows of one period taken into memory; of more, every k-th is taken."""


def explain(
    store: StoreFolder, model: str, incident: str | None = None, delta: float | None = None
) -> WhyReport:
    """Diagnose an incident of a watched model: the named one, else the latest, else its state now.

    Parameters
    ----------
    delta
        The smallest change that matters, in the metric's unit; if None, what the watch was told
        or else `smallest_change`.

    Raises
    ------
    NotFound
        If there is no such model or incident.
    BadInput
        If nothing but the reference is there to compare.
    """
    state = watches.load(store, model)
    if state is None:
        raise NotFound(f"model {model!r} was never watched; run: whence watch {model}")
    chosen = _choose(store, model, incident)
    history = History(store, model)
    before, after = _periods(history, state, chosen)
    if before is None or after is None:
        raise BadInput(
            f"model {model!r} has no predictions {'in' if before is None else 'after'} its "
            f"reference, {state.reference.start:%Y-%m-%d} to {state.reference.end:%Y-%m-%d}; "
            f"declare another: whence reference {model} --from ... --to ..."
        )
    task = state.task or "classification"
    season = _a_year_before(history, before, after)
    first = min(period.start for period in (before, *season))
    calendar = Calendar.spanning(first, after.end, state.by)
    periods = [before, after, *season]
    healthy, failing, *earlier = read_periods(history, periods, task, calendar, MOST_ROWS)
    # Threads of BLAS and OpenMP that wait for a core burn it; and one thread always sums alike.
    with threadpool_limits(1):
        return diagnose(
            model,
            healthy,
            failing,
            incident=chosen,
            events=list(_events(store, model)),
            versions=_new_versions(history, before, after),
            calendar=calendar,
            season=(earlier[0], earlier[1]) if earlier else None,
            doubts=_open_quality(store, model),
            delta=delta or state.delta or _smallest_change(task, healthy),
            metric=metric_of(task),
        )


def _choose(store: StoreFolder, model: str, wanted: str | None) -> Incident | None:
    known = watches.incidents(store, model)
    if wanted is None:
        still_open = [one for one in known if one.ended is None]
        candidates = still_open or known
        return candidates[-1] if candidates else None
    for one in known:
        if one.id == wanted:
            return one
    has = ", ".join(one.id for one in known) or "none"
    raise NotFound(f"model {model!r} has no incident {wanted!r}; its incidents are: {has}")


def _periods(
    history: History, state: WatchState, incident: Incident | None
) -> tuple[Window | None, Window | None]:
    """Return the healthy and the failing period, None where there are no predictions."""
    days = history.days()
    if not days:
        return None, None
    first = Window.containing(_midnight(days[0]), state.by)
    last = Window.containing(_midnight(days[-1]) + _LAST_INSTANT, state.by)
    before = state.reference if first.start < state.reference.end else None
    if incident is not None:
        return before, Window(incident.started, incident.ended or last.end)
    start = max(state.reference.end, last.end - RECENT * (last.end - last.start))
    return before, Window(start, last.end) if start < last.end else None


def _a_year_before(history: History, before: Window, after: Window) -> list[Window]:
    """Return both periods 52 weeks earlier; none where the store does not go back that far."""
    if after.end - after.start > A_YEAR / 2:
        return []
    earlier = [Window(one.start - A_YEAR, one.end - A_YEAR) for one in (before, after)]
    days = {_midnight(day) for day in history.days()}
    known = all(any(one.start <= day < one.end for day in days) for one in earlier)
    return earlier if known else []


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _new_versions(history: History, before: Window, after: Window) -> dict[str, datetime]:
    """Return when each version that the reference did not have began to serve."""
    old = history.versions(micros(before.start), micros(before.end))
    later = history.versions(micros(before.end), micros(after.end))
    return {name: at for name, at in later.items() if name not in old}


def _open_quality(store: StoreFolder, model: str) -> list[str]:
    """Return what the quality alerts say of the last window judged and of all since.

    Inputs are looked at when a window is over, labels when they are of age: days later.
    """
    state = watches.load(store, model)
    looked = [] if state is None else [at for at in (state.screened, state.judged) if at]
    return [
        one.explanation
        for one in watches.alerts(store, model)
        if one.kind == "quality" and looked and micros(one.window.start) >= min(looked)
    ]


def _smallest_change(task: Task, healthy: Rows) -> float:
    known = healthy.loss[healthy.labelled]
    return smallest_change(task, float(known.mean()) if len(known) else 1.0)


def _events(store: StoreFolder, model: str) -> Iterator[Event]:
    rows = store.metadata.all(
        "SELECT id, name, at, kind, scope, model FROM events"
        " WHERE model IS NULL OR model = ? ORDER BY at, id",
        model,
    )
    for key, name, at, kind, scope, of in rows:
        yield Event(key, name, at, kind, msgspec.msgpack.decode(scope, type=dict[str, str]), of)
