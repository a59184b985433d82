"""The list of models: each with its state in one row and one sentence."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from whence.errors import NotFound
from whence.store import actions, verdicts, watches
from whence.types.pages import IncidentHead, ModelRow, State
from whence.types.slice import describe
from whence.types.time import Window, micros, moment
from whence.types.words import Words

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.types.reports import Incident
    from whence.view.watched import Counted, Watched

__all__ = ["head", "model_row", "models"]

SPARK = 28
"""Windows of the small line beside each model."""

_CLOSED = frozenset({"expected", "resolved"})
"""What a person says of an incident that is no failure, or one no longer."""


def models(store: StoreFolder) -> list[ModelRow]:
    """Return every model, the failing ones first, then by name."""
    rows = [model_row(store, name) for name in store.models()]
    return sorted(rows, key=lambda row: (row.state != "failing", row.name))


def model_row(store: StoreFolder, model: str) -> ModelRow:
    """Return one model's state."""
    from whence.view.watched import Watched  # noqa: PLC0415 - a server answers before it is loaded

    try:
        watched = Watched(store, model)
    except NotFound:
        store.require(model)
        return _never_watched(model)
    still_open = [
        head(store, watched, one) for one in watches.incidents(store, model) if one.ended is None
    ]
    failing = [one for one in still_open if not _is_closed(one)]
    recent = list(islice(watched.newest(), SPARK))[::-1]
    state = _state(watched, failing=bool(failing))
    last = recent[-1] if recent else None
    expected = _expected(watched)
    return ModelRow(
        name=model,
        state=state,
        sentence=_sentence(watched, state, failing, still_open),
        metric=watched.metric,
        higher_is_better=watched.higher_is_better,
        value=_last_value(watched),
        expected=None if expected is None else watched.value(expected),
        recent=[_value(watched, one) for one in recent],
        rows=last.facts.rows if last else 0,
        labelled=last.facts.labelled / last.facts.rows if last else 0.0,
        delay=watched.state.horizon,
        window=Window(moment(last.start), moment(last.end)) if last else None,
        incident=failing[-1] if failing else None,
        others=failing[-2::-1],
    )


def head(store: StoreFolder, watched: Watched, incident: Incident) -> IncidentHead:
    """Return an incident as lists show it."""
    kept = verdicts.load(store, watched.model, incident.id)
    said = [one for one in actions.actions(store, watched.model, incident.id)
            if one.kind != "comment"]  # fmt: skip
    return IncidentHead(
        model=watched.model,
        incident=incident,
        sentence=_moved(incident) if kept is None else kept.report.verdict.sentence,
        handled=said[-1] if said else None,
    )


def _is_closed(one: IncidentHead) -> bool:
    return one.handled is not None and one.handled.kind in _CLOSED


def _moved(incident: Incident) -> str:
    words = Words(incident.metric)
    losses = (incident.before, incident.after)
    if words.is_share:
        losses = (1.0 - incident.before, 1.0 - incident.after)
    where = f" where {describe(incident.where)}" if incident.where else ""
    return f"{words.change(*losses, incident)}{where}."


def _value(watched: Watched, window: Counted) -> float | None:
    if not window.facts.labelled or watched.metric is None:
        return None
    return watched.value(window.facts.loss / window.facts.labelled)


def _last_value(watched: Watched) -> float | None:
    """Return the metric in the last window that has one."""
    if watched.metric is None:
        return None
    values = (_value(watched, one) for one in watched.newest())
    return next((value for value in values if value is not None), None)


def _expected(watched: Watched) -> float | None:
    """Return the mean loss that was normal in the last window that was judged."""
    row = watched.store.metadata.one(
        "SELECT expected FROM judgements WHERE model = ? ORDER BY start DESC LIMIT 1",
        watched.model,
    )
    return None if row is None else float(row[0])


def _state(watched: Watched, *, failing: bool) -> State:
    if failing:
        return "failing"
    if watched.state.task is None:
        return "blind"
    return "healthy" if watched.state.judgements else "waiting"


def _sentence(
    watched: Watched, state: State, failing: list[IncidentHead], still_open: list[IncidentHead]
) -> str:
    if failing:
        return failing[-1].sentence
    if still_open:
        handled = still_open[-1].handled
        by = f" by {handled.by}" if handled and handled.by else ""
        return f"{still_open[-1].sentence} Marked as {handled.kind if handled else ''}{by}."
    if state == "blind":
        return "No labels: whether it works cannot be known; its inputs are watched."
    if state == "waiting":
        ready = watched.state.horizon
        when = f" Labels take about {_days(ready)}." if ready else ""
        return f"Nothing was judged yet: no window after the reference has its labels.{when}"
    since = moment(max(watched.state.judged, micros(watched.state.reference.end)))
    return f"Nothing is known to be wrong; performance was judged up to {since:%Y-%m-%d}."


def _days(seconds: float) -> str:
    days = seconds / 86_400
    return f"{days:.0f} days" if days >= 1.5 else f"{seconds / 3600:.0f} hours"  # noqa: PLR2004 - "1 days" is no English


def _never_watched(model: str) -> ModelRow:
    return ModelRow(
        name=model,
        state="waiting",
        sentence="It was never watched; the first look is under way.",
        metric=None,
        higher_is_better=True,
        value=None,
        expected=None,
        recent=[],
        rows=0,
        labelled=0.0,
        delay=None,
        window=None,
        incident=None,
        others=[],
    )
