"""The steps of forgetting; each may be done again, and leaves nothing half done that shows."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from whence.journal.erase import erase
from whence.journal.reader import alive, journals
from whence.store import outbox, watches
from whence.store.removal import erase_past, remove_days_before, remove_ids
from whence.work.imports import ImportPlan
from whence.work.recount import Recount, recount, touched
from whence.work.sought import seek

if TYPE_CHECKING:
    from datetime import date

    from whence.store.folder import StoreFolder
    from whence.store.tables import Table
    from whence.work.erasure import Erasure

__all__ = ["Erasing"]

_OF_A_MODEL = ("models", "columns", "pending", "quarantine", "repeats", "reference_periods",
               "events", "verdicts", "actions")  # fmt: skip
"""The tables of the database that go with a model; what its watch holds goes on its own."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """What is to be forgotten, and the days that hold it; the caller holds the lease."""

    store: StoreFolder
    wanted: Erasure
    days: list[date]

    def _tables(self) -> tuple[Table, Table]:
        return self.store.predictions(self.wanted.model), self.store.labels(self.wanted.model)

    def tables(self) -> None:
        """Take the rows out of the tables' newest version."""
        for table in self._tables():
            if self.wanted.everything:
                if table.folder.parent.exists():
                    shutil.rmtree(table.folder.parent)
            elif self.wanted.before is not None:
                remove_days_before(table, self.wanted.before)
            else:
                remove_ids(table, pa.array(self.wanted.ids, pa.string()), self.days)

    def database(self, keep: date | None) -> Recount:
        """Take what is left out of the database, and correct the counts of its windows."""
        store, model = self.store, self.wanted.model
        sought = seek(store, self.wanted)
        changed = recount(store, model, touched(store, model, self.days, keep), self.wanted.ids)
        nothing_left = not store.predictions(model).days()
        goes_on = keep is not None and watches.load(store, model) is not None
        with store.metadata.transaction():
            for table, rows in (("pending", sought.pending), ("quarantine", sought.quarantined)):
                store.metadata.run_many(
                    f"DELETE FROM {table} WHERE rowid = ?",  # noqa: S608 - our names
                    [(row,) for row in rows],
                )
            changed.save(store, model)
            if nothing_left and not goes_on:
                watches.forget(store, model)
                store.metadata.run("DELETE FROM models WHERE name = ?", model)
            if self.wanted.everything:
                self._drop_model()
        return changed

    def _drop_model(self) -> None:
        metadata, model = self.store.metadata, self.wanted.model
        for table in _OF_A_MODEL:
            column = "name" if table == "models" else "model"
            metadata.run(f"DELETE FROM {table} WHERE {column} = ?", model)  # noqa: S608 - our names
        outbox.forget(self.store, model)
        # The same files may be imported again: nothing of them is left.
        imported = metadata.all("SELECT epoch, plan FROM epochs JOIN imports USING (epoch)")
        for epoch, plan in imported:
            if msgspec.msgpack.decode(plan, type=ImportPlan).model == model:
                metadata.run("DELETE FROM imports WHERE epoch = ?", epoch)

    def files(self) -> None:
        """Delete the files of earlier versions, and what the journals say that tables hold now."""
        if not self.wanted.everything:
            for table in self._tables():
                erase_past(table)
        # What `flush` promised to keep through a loss of power is in the tables alone from now on.
        os.sync()
        done = dict(self.store.metadata.all("SELECT name, folded FROM journals"))
        for path in journals(self.store.journals):
            folded = done.get(path.name, 0)
            if folded and path.stat().st_size == folded and alive(path) is False:
                path.unlink()
                self.store.metadata.run("DELETE FROM shapes WHERE journal = ?", path.name)
            else:
                erase(path, folded)
