"""One week of one model, on one page: what changed, what was found, what is left to find out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

import numpy as np

from whence.errors import NotFound
from whence.profile.spec import LABELLED, LOSS
from whence.store import verdicts, watches
from whence.store.history import VERSION, History
from whence.store.outcomes import smallest_change
from whence.types.review import Changed, MovedColumn, PeriodFacts, Review, ReviewedIncident
from whence.types.time import Window, micros, moment
from whence.types.words import Words
from whence.view.interval import interval
from whence.view.model import events
from whence.view.overview import head, model_row
from whence.view.to_label import half_width, to_label
from whence.view.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.types.reports import Alert

    _Kind = Literal["drift", "quality", "volume"]

__all__ = ["review", "week_of"]

MOST_COLUMNS = 10
"""Columns told of; where more moved at once, something moved them all."""

_DAY = 86_400.0
_LONG = frozenset({"month", "year"})
_LEFT_OPEN = frozenset({"unexplained", "cannot-tell-yet", "cannot-know"})
"""Verdicts that name no cause because they could not."""
_CLOSED = frozenset({"expected", "resolved"})


def week_of(when: datetime) -> Window:
    """Return the week, Monday to Monday in UTC, that holds an aware time."""
    return Window.containing(when, "week")


def review(store: StoreFolder, model: str, week: Window, now: datetime) -> Review:
    """Return the review of one week.

    Parameters
    ----------
    week
        As `week_of` gives it.
    now
        When it is made, aware; days after it are not counted as days without rows.

    Raises
    ------
    NotFound
        If there is no such model. One that was never watched has a review that says so.
    """
    try:
        watched = Watched(store, model)
    except NotFound:
        store.require(model)
        return _never_watched(store, model, week, now)
    incidents = _incidents(watched, week)
    changed, alerts = _changed(watched, week)
    return Review(
        model=model,
        week=week,
        made=now,
        watched=True,
        row=model_row(store, model),
        metric=watched.metric,
        higher_is_better=watched.higher_is_better,
        reference=_facts(watched, watched.state.reference, now),
        last_week=_facts(watched, _before(week), now),
        this_week=_facts(watched, week, now),
        changed=changed,
        incidents=incidents,
        unexplained=[*_unexplained(watched, week, incidents, alerts)],
        to_label=to_label(watched, week, [one for one in incidents if _is_open(one, week)]),
        half_width=half_width(watched),
        notes=[*_notes(watched, week, now)],
    )


def _before(week: Window) -> Window:
    return Window(week.start - (week.end - week.start), week.start)


def _facts(watched: Watched, period: Window, now: datetime) -> PeriodFacts:
    start, end = micros(period.start), micros(period.end)
    inside = [one.facts for one in watched.windows if start <= one.start < end]
    sums = np.array(
        [(one.rows, one.labelled, one.loss, one.loss_squared) for one in inside], np.float64
    ).reshape(-1, 4).sum(axis=0)  # fmt: skip
    known = watched.metric is not None and sums[LABELLED] > 0
    low, high = interval(watched, sums) if known else (None, None)
    days = (min(now, period.end) - period.start).total_seconds() / _DAY
    rows = sum(one.rows for one in inside)
    return PeriodFacts(
        period=period,
        rows=rows,
        labelled=sum(one.labelled for one in inside),
        rows_a_day=rows / days if days >= 1.0 else None,
        value=watched.value(float(sums[LOSS] / sums[LABELLED])) if known else None,
        interval=None if low is None or high is None else (low, high),
    )


def _changed(watched: Watched, week: Window) -> tuple[Changed, list[MovedColumn]]:
    """Return what changed, and all that crossed its line, the worst first."""
    groups: dict[tuple[_Kind, str | None], list[Alert]] = {}
    for one in watches.alerts(watched.store, watched.model):
        if one.kind != "performance" and week.start <= one.window.start < week.end:
            groups.setdefault((one.kind, one.column), []).append(one)
    ranked = sorted(groups.items(), key=lambda it: (-len(it[1]), -max(map(_excess, it[1]))))
    columns = [_moved(kind, group) for (kind, _), group in ranked]
    told = [one for one in events(watched) if week.start <= one.at < week.end]
    shown = columns[:MOST_COLUMNS]
    return Changed(events=told, columns=shown, hidden=len(columns) - len(shown)), columns


def _moved(kind: _Kind, group: list[Alert]) -> MovedColumn:
    worst = max(group, key=_excess)
    return MovedColumn(
        column=worst.column,
        kind=kind,
        windows=len({one.window for one in group}),
        last=max(one.window.start for one in group),
        explanation=worst.explanation,
    )


def _excess(alert: Alert) -> float:
    """Return how far beyond its line an alert is, in logarithms; of p-values too."""
    smallest = np.finfo(np.float64).tiny
    return abs(float(np.log(max(alert.statistic, smallest) / max(alert.threshold, smallest))))


def _incidents(watched: Watched, week: Window) -> list[ReviewedIncident]:
    found = []
    for one in watches.incidents(watched.store, watched.model):
        if one.started < week.end and (one.ended is None or one.ended >= week.start):
            kept = verdicts.load(watched.store, watched.model, one.id)
            found.append(
                ReviewedIncident(
                    head=head(watched.store, watched, one),
                    report=None if kept is None else kept.report,
                )
            )
    return found


def _is_open(one: ReviewedIncident, week: Window) -> bool:
    """Whether an incident outlasts the week and no person has closed it."""
    ended, handled = one.head.incident.ended, one.head.handled
    closed = handled is not None and handled.kind in _CLOSED
    return not closed and (ended is None or ended >= week.end)


def _unexplained(
    watched: Watched, week: Window, incidents: list[ReviewedIncident], moved: list[MovedColumn]
) -> Iterator[str]:
    if watched.metric is None:
        yield "Whether the model works: it has no labels, so only its inputs are watched."
    elif not _facts(watched, week, week.end).labelled:
        yield "How well it did in this week: none of the week's rows has a label yet."
    for one in incidents:
        yield from _left_open(watched, one)
    named = {name for one in incidents for name in _columns_named(one)}
    alone = [one for one in moved if one.kind == "quality" and one.column not in named]
    yield from (f"No verdict names it: {one.explanation}" for one in alone[:MOST_COLUMNS])
    if len(alone) > MOST_COLUMNS:
        yield f"{len(alone) - MOST_COLUMNS:,} more columns whose quality no verdict explains."


def _left_open(watched: Watched, one: ReviewedIncident) -> Iterator[str]:
    """Yield what is not known of one incident."""
    incident = one.head.incident
    of = f"Incident of {incident.started:%Y-%m-%d}"
    if one.report is None:
        asking = f"whence why {shlex.quote(watched.model)} --incident {shlex.quote(incident.id)}"
        yield f"{of}: no verdict was made yet; {asking}"
        return
    report = one.report
    if report.verdict.cause in _LEFT_OPEN:
        yield f"{of}: {report.verdict.sentence}"
    if abs(report.unexplained) >= _delta(watched):
        words = Words(incident.metric)
        drop = sum(part.points for part in report.findings) + report.unexplained + report.closure
        yield (
            f"{of}: {words.plus_minus(report.unexplained)} of {words.points(drop)} are explained "
            "by no cause."
        )
    yield from (f"{of}: {line}" for line in report.cannot_know)


def _columns_named(one: ReviewedIncident) -> set[str]:
    if one.report is None:
        return set(one.head.incident.where)
    verdict = one.report.verdict
    parts = [verdict.where, *(cause.where for cause in verdict.causes)]
    parts += [
        same for part in one.report.findings if part.slice in parts for same in part.same_rows
    ]
    began = {VERSION} if verdict.trigger and verdict.trigger.kind == "version" else set()
    return began.union(*parts)


def _delta(watched: Watched) -> float:
    """Return the smallest change that matters: as a person said, else the metric's own."""
    if watched.state.delta is not None:
        return watched.state.delta
    task = watched.state.task
    if task is None:
        return 0.0
    healthy = watched.total(watched.state.reference)[0]
    return smallest_change(task, float(healthy[LOSS] / max(healthy[LABELLED], 1.0)))


def _notes(watched: Watched, week: Window, now: datetime) -> Iterator[str]:
    state = watched.state
    predictions, labels = History(watched.store, watched.model).epochs
    if (predictions, labels) != (state.predictions, state.labels):
        again = f"whence watch {shlex.quote(watched.model)}"
        yield f"Rows or labels came since it was last watched: {again}"
    if state.by in _LONG:
        yield (
            f"Its windows are {state.by}s: a week counts those that begin in it. Watch by day or "
            "week for a review of weeks."
        )
    inside = [one for one in watched.windows if micros(week.start) <= one.start < micros(week.end)]
    if not inside and watched.windows:
        last = week_of(moment(watched.windows[-1].start))
        yield f"No rows came in this week; the last came in the week of {last.start:%Y-%m-%d}."
    if week.start <= now < week.end:
        yield "The week is not over."
    delay = state.horizon
    if inside and delay and (now - week.end).total_seconds() < delay:
        yield f"Labels take about {max(delay / _DAY, 0.1):.3g} days; more may come by themselves."


def _never_watched(store: StoreFolder, model: str, week: Window, now: datetime) -> Review:
    row = model_row(store, model)
    return Review(
        model=model,
        week=week,
        made=now,
        watched=False,
        row=row,
        metric=None,
        higher_is_better=row.higher_is_better,
        reference=None,
        last_week=None,
        this_week=None,
        changed=Changed(events=[], columns=[], hidden=0),
        incidents=[],
        unexplained=[],
        to_label=[],
        half_width=None,
        notes=[
            f"It was never watched, so nothing is known of it: whence watch {shlex.quote(model)}"
        ],
    )
