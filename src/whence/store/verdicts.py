"""The last verdict on each incident, and what the store held when it was made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from whence.types.reports import WhyReport

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["KeptVerdict", "keep", "load"]


class KeptVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and the epochs of predictions and labels that it saw."""

    report: WhyReport
    predictions: int
    labels: int


def keep(store: StoreFolder, model: str, incident: str, verdict: KeptVerdict) -> None:
    """Write a verdict in place of the incident's last one, in a transaction of its own."""
    with store.metadata.transaction():
        store.metadata.run(
            "INSERT INTO verdicts (model, incident, predictions, labels, made, report)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (model, incident) DO UPDATE SET"
            " predictions = excluded.predictions, labels = excluded.labels,"
            " made = excluded.made, report = excluded.report",
            model,
            incident,
            verdict.predictions,
            verdict.labels,
            time.time_ns() // 1000,
            msgspec.msgpack.encode(verdict.report),
        )


def load(store: StoreFolder, model: str, incident: str) -> KeptVerdict | None:
    """Return the last verdict on an incident; None before the first."""
    row = store.metadata.one(
        "SELECT report, predictions, labels FROM verdicts WHERE model = ? AND incident = ?",
        model,
        incident,
    )
    if row is None:
        return None
    report = msgspec.msgpack.decode(row[0], type=WhyReport)
    return KeptVerdict(report=report, predictions=row[1], labels=row[2])
