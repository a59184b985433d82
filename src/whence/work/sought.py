"""What a store has of what is to be forgotten."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from whence.store.removal import found
from whence.types.time import micros
from whence.work.quarantined import records_before, records_of_ids, records_of_model
from whence.work.recount import midnight

if TYPE_CHECKING:
    from datetime import date

    from whence.store.folder import StoreFolder
    from whence.store.tables import Table
    from whence.work.erasure import Erasure

__all__ = ["Sought", "seek"]

_ANY_PENDING = "SELECT p.rowid, p.id FROM pending p"
_PENDING_BEFORE = (
    f"{_ANY_PENDING} JOIN epochs e USING (epoch)"
    " WHERE p.model = ? AND COALESCE(p.time, p.logged, e.made) < ?"
)


@dataclass(frozen=True, slots=True)
class Sought:
    """What was found.

    Attributes
    ----------
    predictions, labels
        How many rows of each table.
    days
        The days that hold them, in order.
    pending, quarantined
        The rows of these tables of the database.
    unknown
        The ids that none of them has.
    """

    predictions: int
    labels: int
    days: list[date]
    pending: list[int]
    quarantined: list[int]
    unknown: list[str]


def seek(store: StoreFolder, wanted: Erasure) -> Sought:
    """Return what a store has of a request; the store was just folded."""
    rows = [
        _rows(table, wanted)
        for table in (store.predictions(wanted.model), store.labels(wanted.model))
    ]
    pending = _pending(store, wanted)
    known = {one for found_here in rows for _, one in found_here} | set(pending.values())
    return Sought(
        predictions=rows[0].total(),
        labels=rows[1].total(),
        days=sorted({day for found_here in rows for day, _ in found_here}),
        pending=list(pending),
        quarantined=_quarantined(store, wanted),
        unknown=[one for one in wanted.ids if one not in known],
    )


def _rows(table: Table, wanted: Erasure) -> Counter[tuple[date, str | None]]:
    """Return how many rows there are of each (day, id); without the id where none was given."""
    if wanted.ids:
        return Counter(found(table, pa.array(wanted.ids, pa.string())))
    days = [day for day in table.days() if wanted.before is None or day < wanted.before]
    held = table.read(["_day"], days=days)["_day"].value_counts()
    return Counter({(one["values"].as_py(), None): one["counts"].as_py() for one in held})


def _pending(store: StoreFolder, wanted: Erasure) -> dict[int, str]:
    """Return the labels that wait for their prediction: row of the database -> id."""
    if wanted.before is not None:
        limit = micros(midnight(wanted.before))
        return dict(store.metadata.all(_PENDING_BEFORE, wanted.model, limit))
    rows = store.metadata.all(f"{_ANY_PENDING} WHERE p.model = ?", wanted.model)
    return {row: one for row, one in rows if wanted.everything or one in set(wanted.ids)}


def _quarantined(store: StoreFolder, wanted: Erasure) -> list[int]:
    if wanted.ids:
        return records_of_ids(store.metadata, wanted.model, frozenset(wanted.ids))
    if wanted.before is not None:
        return records_before(store.metadata, wanted.model, midnight(wanted.before))
    return records_of_model(store.metadata, wanted.model)
