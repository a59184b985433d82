"""What watching remembers of a model between two ticks: its state, alerts and incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.types.reports import Alert, Incident
from whence.types.task import Task
from whence.types.time import Period, Window, micros, moment

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = [
    "Judgement",
    "WatchState",
    "add_alerts",
    "add_judgements",
    "alerts",
    "declared_reference",
    "forget",
    "incidents",
    "judgements",
    "load",
    "name_cause",
    "put_incident",
    "save",
]


class WatchState(msgspec.Struct, kw_only=True):
    """Where a model's watch stands.

    Attributes
    ----------
    by
        The length of its windows.
    reference
        The period taken as healthy; `declared` says whether a person named it.
    task
        What the model does, None until a label has shown it.
    horizon
        The label age in seconds at which windows are judged; None where delays are unknown.
    delta
        The smallest change of the metric that matters, as a person gave it; None if nobody did.
    spec
        The bins of its columns (`profile.spec.Spec`).
    predictions, labels
        The epochs up to which rows and labels are counted.
    screened, judged
        Start, in microseconds since 1970, of the last window whose inputs and whose performance
        were looked at; a window is looked at once.
    quiet
        Start of the window from which on no row had come when that was last told.
    settled
        Whether the reference is complete, with its labels; until then every tick begins anew.
    rows, outside
        Rows of the windows screened so far, and column -> how many of them lie outside all that
        the reference has seen.
    streams
        The bins (of the counts) whose loss is judged; the first is all rows.
    blocked
        Starts of the windows that were passed over because their labels came otherwise.
    judgements
        How many windows were judged.
    cap
        The largest loss that counts where losses have no bound, so that a few wild rows neither
        raise an alarm nor hide one; None where losses are at most 1.
    alarmed
        The streams beyond their line in the incident that is open.
    monitor
        The sequential test (`watch.performance.Monitor`), None until it can start.
    notes
        What a person should know about how this watch came to be.
    """

    by: Period
    reference: Window
    declared: bool
    task: Task | None
    horizon: float | None
    spec: bytes
    delta: float | None = None
    predictions: int = 0
    labels: int = 0
    screened: int = 0
    quiet: int = 0
    judged: int = 0
    settled: bool = True
    rows: int = 0
    outside: dict[str, int] = {}
    streams: list[int] = []
    alarmed: list[int] = []
    blocked: list[int] = []
    judgements: int = 0
    cap: float | None = None
    monitor: bytes | None = None
    notes: list[str] = []


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the sequential test made of all rows of one window; losses a row.

    Attributes
    ----------
    start
        The window's start in microseconds since 1970.
    expected, sd
        The mean loss that is normal there, and its standard deviation while all is well.
    line
        The largest mean loss that counts as healthy.
    evidence
        The test's statistic as a part of its threshold: 1 and more is an alarm.
    """

    start: int
    expected: float
    line: float
    sd: float
    evidence: float


def load(store: StoreFolder, model: str) -> WatchState | None:
    """Return a model's watch, or None if it was never watched."""
    row = store.metadata.one("SELECT state FROM watches WHERE model = ?", model)
    return None if row is None else msgspec.msgpack.decode(row[0], type=WatchState)


def save(store: StoreFolder, model: str, state: WatchState) -> None:
    """Write a model's watch; the caller holds the transaction."""
    store.metadata.run(
        "INSERT INTO watches (model, state) VALUES (?, ?)"
        " ON CONFLICT (model) DO UPDATE SET state = excluded.state",
        model,
        msgspec.msgpack.encode(state),
    )


def forget(store: StoreFolder, model: str) -> None:
    """Remove all that was counted and judged; the caller holds the transaction."""
    for table in ("watches", "windows", "alerts", "judgements", "incidents", "verdicts"):
        store.metadata.run(f"DELETE FROM {table} WHERE model = ?", model)  # noqa: S608 - our names


def add_alerts(store: StoreFolder, model: str, found: list[Alert]) -> None:
    """Write alerts; the caller holds the transaction."""
    store.metadata.run_many(
        "INSERT INTO alerts (model, start, alert) VALUES (?, ?, ?)",
        [(model, micros(one.window.start), msgspec.msgpack.encode(one)) for one in found],
    )


def add_judgements(store: StoreFolder, model: str, found: list[Judgement]) -> None:
    """Write judgements; the caller holds the transaction."""
    store.metadata.run_many(
        "INSERT INTO judgements (model, start, expected, line, sd, evidence)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model, start) DO NOTHING",
        [(model, one.start, one.expected, one.line, one.sd, one.evidence) for one in found],
    )


def judgements(store: StoreFolder, model: str) -> list[Judgement]:
    """Return a model's judgements in order of their windows."""
    rows = store.metadata.all(
        "SELECT start, expected, line, sd, evidence FROM judgements WHERE model = ? ORDER BY start",
        model,
    )
    return [
        Judgement(start=start, expected=expected, line=line, sd=sd, evidence=evidence)
        for start, expected, line, sd, evidence in rows
    ]


def alerts(store: StoreFolder, model: str) -> list[Alert]:
    """Return a model's alerts in order of their windows."""
    rows = store.metadata.all(
        "SELECT alert FROM alerts WHERE model = ? ORDER BY start, rowid", model
    )
    return [msgspec.msgpack.decode(data, type=Alert) for (data,) in rows]


def put_incident(store: StoreFolder, model: str, incident: Incident) -> None:
    """Write an incident or its new state; the caller holds the transaction."""
    store.metadata.run(
        "INSERT INTO incidents (id, model, started, incident) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET started = excluded.started, incident = excluded.incident",
        f"{model}/{incident.id}",
        model,
        micros(incident.started),
        msgspec.msgpack.encode(incident),
    )


def name_cause(store: StoreFolder, model: str, incident: str, cause: str) -> None:
    """Keep what a verdict named with its incident, as it stands now; the caller holds the lease.

    Nothing is written of an incident that is gone.
    """
    for one in incidents(store, model):
        if one.id == incident:
            with store.metadata.transaction():
                put_incident(store, model, msgspec.structs.replace(one, cause=cause))


def incidents(store: StoreFolder, model: str) -> list[Incident]:
    """Return a model's incidents, the oldest first."""
    rows = store.metadata.all(
        "SELECT incident FROM incidents WHERE model = ? ORDER BY started, id", model
    )
    return [msgspec.msgpack.decode(data, type=Incident) for (data,) in rows]


def declared_reference(store: StoreFolder, model: str) -> Window | None:
    """Return the period a person declared healthy, or None."""
    row = store.metadata.one("SELECT start, stop FROM reference_periods WHERE model = ?", model)
    return None if row is None else Window(moment(row[0]), moment(row[1]))
