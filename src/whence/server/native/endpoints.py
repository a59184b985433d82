"""Every endpoint of the native API."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import BadInput, NotFound
from whence.server.live import Change
from whence.server.native.endpoint import Answer, Endpoint, Nothing
from whence.server.native.health import Health, health
from whence.server.native.registry import REGISTRY
from whence.server.native.runs import RUNS
from whence.store import actions, channels, outbox, silences
from whence.types.pages import (
    Actions,
    Distribution,
    DriftMap,
    IncidentPage,
    ModelPage,
    ModelRow,
    NewAction,
    OpenAlert,
    Query,
    RowPage,
    Series,
    SliceTable,
    SqlResult,
)
from whence.types.telling import Channel, Message, NewSilence, Silence
from whence.types.time import Window, parse_time
from whence.view.photos import KINDS, permitted

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.types.review import Review
    from whence.types.slice import Slice
    from whence.view.watched import Watched

__all__ = ["ENDPOINTS"]

# Pictures are loaded when they are first asked for, so that a server starts at once.
# ruff: noqa: PLC0415

MOST_TEXT = 10_000
"""Characters of what a person says of an incident."""


class OfModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model."""

    model: str


class InPeriod(OfModel, frozen=True, kw_only=True):
    """One model in a period; ISO 8601, the end exclusive.

    Open ends are those of the recent windows; for a series, of all.
    """

    start: str | None = None
    end: str | None = None


class SeriesOf(InPeriod, frozen=True, kw_only=True):
    """A series; `where` is a slice of one condition as JSON."""

    where: str | None = None


class DriftOf(InPeriod, frozen=True, kw_only=True):
    """A map of at most `columns` columns."""

    columns: int = 60


class ColumnOf(InPeriod, frozen=True, kw_only=True):
    """One column of a model."""

    column: str


class RowsOf(InPeriod, frozen=True, kw_only=True):
    """A page of rows; `wrong` 1 or 0 keeps wrong or right answers, `outside` the slice's rest."""

    where: str | None = None
    wrong: bool | None = None
    outside: bool = False
    offset: int = 0
    limit: int = 100


class OfIncident(OfModel, frozen=True, kw_only=True):
    """One incident."""

    incident: str


class WeekOf(OfModel, frozen=True, kw_only=True):
    """One week of one model: any day of it; open is the week that it is now."""

    week: str | None = None


class OfSilence(msgspec.Struct, frozen=True, kw_only=True):
    """One silence."""

    silence: int


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo by the path under which it was logged."""

    path: str


class Table(msgspec.Struct, frozen=True):
    """A table that SQL may read: its name, how SQL writes it, its columns and their types."""

    name: str
    sql: str
    columns: list[tuple[str, str]]


def list_models(shared: Shared, _: Nothing, __: None) -> list[ModelRow]:
    """Every model with its state, the failing ones first."""
    from whence.view.overview import models

    return models(shared.store)


def one_model(shared: Shared, given: OfModel, _: None) -> ModelPage:
    """What stands around a model's charts."""
    from whence.view.model import model_page

    return model_page(shared.store, given.model)


def one_series(shared: Shared, given: SeriesOf, _: None) -> Series:
    """The metric over time, in at most 1,000 buckets with their extremes."""
    from whence.view.series import series
    from whence.view.watched import Watched

    watched = Watched(shared.store, given.model)
    return series(watched, _time(given.start), _time(given.end), _slice(given.where))


def one_drift(shared: Shared, given: DriftOf, _: None) -> DriftMap:
    """How far each column lies from the reference, window by window."""
    from whence.view.drift_map import drift_map
    from whence.view.watched import Watched

    watched = Watched(shared.store, given.model)
    period = watched.period(_time(given.start), _time(given.end), watched.since_reference)
    return drift_map(watched, period, given.columns)


def one_distribution(shared: Shared, given: ColumnOf, _: None) -> Distribution:
    """One column in the reference and in a period."""
    from whence.view.distribution import distribution
    from whence.view.watched import Watched

    watched = Watched(shared.store, given.model)
    return distribution(watched, given.column, _period(watched, given))


def one_slices(shared: Shared, given: ColumnOf, _: None) -> SliceTable:
    """The slices that one column makes, the costliest first."""
    from whence.view.distribution import slices
    from whence.view.watched import Watched

    watched = Watched(shared.store, given.model)
    return slices(watched, given.column, _period(watched, given))


def one_rows(shared: Shared, given: RowsOf, _: None) -> RowPage:
    """A page of the rows of a slice and period."""
    from whence.view.rows import row_page
    from whence.view.watched import Watched

    watched = Watched(shared.store, given.model)
    return row_page(
        watched,
        _period(watched, given),
        _slice(given.where) or {},
        wrong=given.wrong,
        outside=given.outside,
        roots=shared.roots,
        offset=given.offset,
        limit=given.limit,
    )


def one_photo(shared: Shared, given: Photo, _: None) -> Answer:
    """A picture below a folder that the server was told of, by the path that was logged."""
    path = permitted(given.path, shared.roots)
    if path is None:
        raise NotFound(
            f"the photo {given.path!r} is not there, or lies below no folder that the server was "
            "told of; name one with --photos"
        )
    return Answer(path.read_bytes(), KINDS[path.suffix.lower()], headers=(
        ("Cache-Control", "private, max-age=3600"),))  # fmt: skip


def one_incident(shared: Shared, given: OfIncident, _: None) -> IncidentPage:
    """An incident with its verdict, and what people said of it."""
    from whence.view.incident import incident_page

    pending = shared.schedule.is_pending(given.model, given.incident)
    return incident_page(shared.store, given.model, given.incident, pending=pending)


def ask_why(shared: Shared, given: OfIncident, _: None) -> Answer:
    """Have a verdict made; the live stream tells when it is there."""
    from whence.view.incident import find_incident

    find_incident(shared.store, given.model, given.incident)
    shared.schedule.ask(given.model, given.incident)
    return Answer(b"{}", "application/json", 202)


def act(shared: Shared, given: OfIncident, said: NewAction) -> Actions:
    """Say something of an incident."""
    from whence.view.incident import find_incident

    find_incident(shared.store, given.model, given.incident)
    if max(len(said.text), len(said.by)) > MOST_TEXT:
        raise BadInput(f"a text of {len(said.text):,} characters is too long; {MOST_TEXT:,} fit")
    if said.kind == "comment" and not said.text.strip():
        raise BadInput("a comment without text says nothing; write one")
    actions.add(shared.store, given.model, given.incident, said)
    shared.live.tell(Change(given.model, "action"))
    return Actions(actions=actions.actions(shared.store, given.model, given.incident))


def export_markdown(shared: Shared, given: OfIncident, _: None) -> Answer:
    """The incident as a text to keep or to send."""
    from whence.view.export import as_markdown
    from whence.view.incident import incident_page

    page = incident_page(shared.store, given.model, given.incident)
    return _download(given, "md", as_markdown(page).encode(), "text/markdown; charset=utf-8")


def export_json(shared: Shared, given: OfIncident, _: None) -> Answer:
    """The incident's page as JSON."""
    from whence.view.incident import incident_page

    page = incident_page(shared.store, given.model, given.incident)
    content = msgspec.json.format(msgspec.json.encode(page), indent=2)
    return _download(given, "json", content, "application/json")


def review_html(shared: Shared, given: WeekOf, _: None) -> Answer:
    """A week of a model on one page: what changed, was found, is open, and what to label."""
    from whence.view.review_text import as_html

    content = as_html(_review(shared, given)).encode()
    return Answer(content, "text/html; charset=utf-8")


def review_markdown(shared: Shared, given: WeekOf, _: None) -> Answer:
    """The same as a text."""
    from whence.view.review_text import as_markdown

    content = as_markdown(_review(shared, given)).encode()
    return Answer(content, "text/markdown; charset=utf-8")


def list_alerts(shared: Shared, _: Nothing, __: None) -> list[OpenAlert]:
    """The alerts of each model's last windows, the newest first."""
    from whence.view.alerts import open_alerts

    return open_alerts(shared.store)


def list_channels(shared: Shared, _: Nothing, __: None) -> list[Channel]:
    """Where messages go, without what is secret of the addresses."""
    return [kept.channel for kept in channels.channels(shared.store)]


def list_messages(shared: Shared, _: Nothing, __: None) -> list[Message]:
    """The newest 200 messages, the newest first."""
    return outbox.messages(shared.store)


def list_silences(shared: Shared, _: Nothing, __: None) -> list[Silence]:
    """The silences in force, then the newest past ones; at most 200."""
    return silences.silences(shared.store)


def begin_silence(shared: Shared, _: Nothing, wanted: NewSilence) -> list[Silence]:
    """Nothing is told of a model until a time."""
    silences.add(shared.store, wanted)
    shared.live.tell(Change(wanted.model, "silence"))
    return silences.silences(shared.store)


def end_silence(shared: Shared, given: OfSilence, _: None) -> list[Silence]:
    """End a silence before its time."""
    silences.end(shared.store, given.silence)
    shared.live.tell(Change("", "silence"))
    shared.teller.poke()
    return silences.silences(shared.store)


def list_tables(shared: Shared, _: Nothing, __: None) -> list[Table]:
    """The tables that SQL may read."""
    from whence.view import query

    return [Table(one.name, one.sql, one.columns) for one in query.tables(shared.store)]


def run_sql(shared: Shared, _: Nothing, given: Query) -> SqlResult:
    """One query that reads; stopped after 30 seconds, cut after 10,000 rows."""
    from whence.view import query

    return query.run(shared.store, given.sql)


def _review(shared: Shared, given: WeekOf) -> Review:
    from whence.view.review import review, week_of

    now = datetime.now(UTC)
    return review(shared.store, given.model, week_of(_time(given.week) or now), now)


def _time(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)


def _period(watched: Watched, given: InPeriod) -> Window:
    return watched.period(_time(given.start), _time(given.end))


def _slice(text: str | None) -> Slice | None:
    if text is None:
        return None
    try:
        found = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise BadInput(f"the slice {text!r} is not JSON: {error}") from error
    return {name: _condition(name, value) for name, value in found.items()}


def _condition(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON, narrowed here
    if isinstance(value, list) and len(value) == len(("low", "high")):
        low, high = value
        if all(one is None or isinstance(one, (int, float)) for one in value):
            return (float("-inf") if low is None else low, float("inf") if high is None else high)
    elif value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise BadInput(f"{name}: {value!r} is no condition; give a value, null, or [low, high]")


def _download(given: OfIncident, suffix: str, content: bytes, kind: str) -> Answer:
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{given.model}-{given.incident}")
    headers = (("Content-Disposition", f'attachment; filename="{name}.{suffix}"'),)
    return Answer(content, kind, headers=headers)


_INCIDENT = "/models/{model}/incidents/{incident}"

ENDPOINTS = (
    Endpoint("GET", "/models", list_models, gives=list[ModelRow]),
    Endpoint("GET", "/models/{model}", one_model, OfModel, gives=ModelPage),
    Endpoint("GET", "/models/{model}/series", one_series, SeriesOf, gives=Series),
    Endpoint("GET", "/models/{model}/drift", one_drift, DriftOf, gives=DriftMap),
    Endpoint("GET", "/models/{model}/distribution", one_distribution, ColumnOf,
             gives=Distribution),
    Endpoint("GET", "/models/{model}/slices", one_slices, ColumnOf, gives=SliceTable),
    Endpoint("GET", "/models/{model}/rows", one_rows, RowsOf, gives=RowPage),
    Endpoint("GET", "/photo", one_photo, Photo),
    Endpoint("GET", _INCIDENT, one_incident, OfIncident, gives=IncidentPage),
    Endpoint("POST", _INCIDENT + "/why", ask_why, OfIncident),
    Endpoint("POST", _INCIDENT + "/actions", act, OfIncident, NewAction, Actions),
    Endpoint("GET", _INCIDENT + "/export.md", export_markdown, OfIncident),
    Endpoint("GET", _INCIDENT + "/export.json", export_json, OfIncident),
    Endpoint("GET", "/models/{model}/review.html", review_html, WeekOf),
    Endpoint("GET", "/models/{model}/review.md", review_markdown, WeekOf),
    *RUNS,
    *REGISTRY,
    Endpoint("GET", "/alerts", list_alerts, gives=list[OpenAlert]),
    Endpoint("GET", "/channels", list_channels, gives=list[Channel]),
    Endpoint("GET", "/messages", list_messages, gives=list[Message]),
    Endpoint("GET", "/silences", list_silences, gives=list[Silence]),
    Endpoint("POST", "/silences", begin_silence, body=NewSilence, gives=list[Silence]),
    Endpoint("POST", "/silences/{silence}/end", end_silence, OfSilence, gives=list[Silence]),
    Endpoint("GET", "/tables", list_tables, gives=list[Table]),
    Endpoint("POST", "/sql", run_sql, body=Query, gives=SqlResult),
    Endpoint("GET", "/health", health, gives=Health),
)  # fmt: skip
"""In the order of the documentation."""
