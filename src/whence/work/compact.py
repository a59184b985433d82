"""Compaction: the small files of a day merged, and the files they replaced deleted later.

Every fold leaves a file for each day it touched. Without merging, a store that folds every few
minutes has thousands within a month, and reading a day opens all of its own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from whence.store import runs
from whence.store.compaction import merge, sweep

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whence.store.folder import StoreFolder
    from whence.store.tables import Table

__all__ = ["EVERY", "KEEP", "RUNS", "Compacted", "compact", "compact_due", "owners"]

EVERY = 100
"""Epochs between two compactions of a model's tables."""

KEEP = timedelta(hours=24)
"""How long replaced files stay: longer than anything that reads."""

RUNS = ""
"""Stands for the runs among the models, none of which has an empty name."""

_MICROSECOND = timedelta(microseconds=1)

# Made when first needed, not with the database: stores of before have none.
_MADE = (
    "CREATE TABLE IF NOT EXISTS compactions (model TEXT PRIMARY KEY, epoch INTEGER NOT NULL,"
    " at INTEGER NOT NULL, swept INTEGER NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Compacted:
    """What compaction did to one model's tables.

    Attributes
    ----------
    model
        Whose; empty for the runs.
    removed, added
        How many small files became how many larger ones.
    deleted
        How many files were deleted that no recent version needs.
    """

    model: str
    removed: int
    added: int
    deleted: int


def compact(
    store: StoreFolder, models: Iterable[str], *, keep: timedelta = KEEP
) -> list[Compacted]:
    """Compact the tables of some models now; the caller holds the lease.

    Parameters
    ----------
    keep
        Files that were replaced longer ago than this are deleted, in whole hours.
    """
    return [_compact(store, model, keep) for model in models]


def owners(store: StoreFolder) -> list[str]:
    """Return whose tables there are: the models, and `RUNS` where there are any."""
    return [*store.models(), *([RUNS] if runs.any_of(store) else [])]


def compact_due(store: StoreFolder) -> None:
    """Compact every model whose time has come; the caller holds the lease.

    Asks the database only, so a fold with nothing to compact pays next to nothing. An hour
    passed over does no harm: a process that is killed here does the same at the next fold.
    """
    store.metadata.run(_MADE)
    done = {
        model: (epoch, at, swept)
        for model, epoch, at, swept in store.metadata.all(
            "SELECT model, epoch, at, swept FROM compactions"
        )
    }
    newest = _newest_epoch(store)
    for model in owners(store):
        epoch, at, swept = done.get(model, (0, 0, 1))
        if newest - epoch >= EVERY:
            _compact(store, model, KEEP)
        elif not swept and _now() - at > KEEP // _MICROSECOND:
            for table in _tables(store, model):
                sweep(table, KEEP)
            store.metadata.run("UPDATE compactions SET swept = 1 WHERE model = ?", model)


def _compact(store: StoreFolder, model: str, keep: timedelta) -> Compacted:
    removed = added = deleted = 0
    for table in _tables(store, model):
        merged = merge(table)
        removed += merged.removed
        added += merged.added
        deleted += sweep(table, keep)
    store.metadata.run(_MADE)
    store.metadata.run(
        "INSERT INTO compactions (model, epoch, at, swept) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (model) DO UPDATE SET epoch = excluded.epoch, at = excluded.at,"
        " swept = excluded.swept",
        *(model, _newest_epoch(store), _now(), int(not removed)),
    )
    return Compacted(model, removed, added, deleted)


def _tables(store: StoreFolder, model: str) -> tuple[Table, ...]:
    if model == RUNS:
        return (store.points(),)
    return store.predictions(model), store.labels(model)


def _newest_epoch(store: StoreFolder) -> int:
    row = store.metadata.one("SELECT COALESCE(MAX(epoch), 0) FROM epochs")
    return 0 if row is None else int(row[0])


def _now() -> int:
    return time.time_ns() // 1000
