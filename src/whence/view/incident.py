"""One incident: its verdict, what stands around it, and what people said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import NotFound
from whence.store import actions, outbox, verdicts, watches
from whence.types.pages import IncidentPage
from whence.types.time import Window, micros, moment
from whence.view.drift_map import drift_map
from whence.view.model import events
from whence.view.overview import head
from whence.view.watched import Watched

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.store.verdicts import KeptVerdict
    from whence.types.reports import Incident, WhyReport

__all__ = ["find_incident", "incident_page"]

BEFORE = 14
"""Windows before an incident whose events are told."""


def incident_page(
    store: StoreFolder, model: str, identifier: str, *, pending: bool = False
) -> IncidentPage:
    """Return an incident's page; `pending` says that a verdict is being made.

    Raises
    ------
    NotFound
        If there is no such model or incident.
    """
    watched = Watched(store, model)
    incident = find_incident(store, model, identifier)
    kept = verdicts.load(store, model, identifier)
    period = _period(watched, incident)
    first = Window.containing(incident.started, watched.state.by)
    around = Window(period.start - BEFORE * (first.end - first.start), period.end)
    return IncidentPage(
        head=head(store, watched, incident),
        metric=incident.metric,
        higher_is_better=watched.higher_is_better,
        reference=watched.state.reference,
        period=period,
        report=None if kept is None else kept.report,
        pending=pending,
        stale=kept is not None and _is_stale(watched, kept),
        drop=None if kept is None else _drop(kept.report),
        column=_column(watched, kept, period),
        events=[one for one in events(watched) if around.start <= one.at < around.end],
        actions=actions.actions(store, model, identifier),
        alerts=[
            one
            for one in watches.alerts(store, model)
            if around.start <= one.window.start < around.end
        ],
        told=outbox.about(store, model, identifier),
    )


def find_incident(store: StoreFolder, model: str, identifier: str) -> Incident:
    """Return an incident of a model.

    Raises
    ------
    NotFound
        If there is no such model or incident.
    """
    store.require(model)
    known = watches.incidents(store, model)
    for one in known:
        if one.id == identifier:
            return one
    has = ", ".join(one.id for one in known) or "none"
    raise NotFound(f"model {model!r} has no incident {identifier!r}; its incidents are: {has}")


def _period(watched: Watched, incident: Incident) -> Window:
    last = watched.windows[-1].end if watched.windows else micros(incident.detected)
    return Window(incident.started, incident.ended or moment(last))


def _is_stale(watched: Watched, kept: KeptVerdict) -> bool:
    now = (watched.state.predictions, watched.state.labels)
    return now != (kept.predictions, kept.labels)


def _drop(report: WhyReport) -> float:
    return sum(one.points for one in report.findings) + report.unexplained + report.closure


def _column(watched: Watched, kept: KeptVerdict | None, period: Window) -> str | None:
    """Return the column that the verdict is about, else the one that moved most."""
    counted = {column.name for column in watched.spec.columns}
    if kept is not None:
        named = [*kept.report.verdict.where]
        for one in kept.report.findings:
            named += one.slice
        found = next((name for name in named if name in counted), None)
        if found is not None:
            return found
    columns = drift_map(watched, period, most=1).columns
    return columns[0].name if columns else None
