"""One epoch: everything one fold or one piece of an import adds to the store, exactly once.

The order is fixed: the plan is in the database before anything else happens; then each table
is appended to (and refuses an epoch it already holds); then one transaction writes all the rest
and marks the epoch done. Whoever finds a planned epoch runs it again from its plan.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from whence.store.purged import Purged
from whence.work.derive import derive
from whence.work.identity import sort_out
from whence.work.matching import INCOMING, match
from whence.work.running import Running
from whence.work.set_aside import as_they_came
from whence.work.tombstones import drop_forgotten

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.store.metadata import Metadata, Statement
    from whence.store.tables import Table
    from whence.types.records import Event, Reference
    from whence.work.intake import Intake

__all__ = ["Epoch", "begin", "planned"]

_pack = msgspec.msgpack.Encoder(enc_hook=str)


def begin(store: StoreFolder, plan: bytes, now: int) -> int:
    """Write the plan of a new epoch and return its number; `now` in microseconds since 1970."""
    with store.metadata.transaction():
        row = store.metadata.one("SELECT COALESCE(MAX(epoch), 0) + 1 FROM epochs")
        (epoch,) = row or (1,)
        store.metadata.run(
            "INSERT INTO epochs (epoch, plan, state, made) VALUES (?, ?, 'planned', ?)",
            epoch,
            plan,
            now,
        )
    return int(epoch)


def planned(metadata: Metadata) -> list[tuple[int, bytes, int]]:
    """Return (epoch, plan, when made) of every epoch that was begun and not finished."""
    return metadata.all("SELECT epoch, plan, made FROM epochs WHERE state = 'planned'")


class Epoch:
    """What one epoch holds: gathered first, then applied.

    Parameters
    ----------
    store
        Where it goes; the caller holds the lease.
    number
        As `begin` returned it.
    """

    def __init__(self, store: StoreFolder, number: int) -> None:
        self._store = store
        self.number = number
        self._intakes: dict[str, list[Intake]] = defaultdict(list)
        self._labels: dict[str, list[pa.Table]] = defaultdict(list)
        self._events: list[Event] = []
        self._references: list[Reference] = []
        self.purged = Purged(store.metadata)
        """Runs of which nothing is taken any more."""
        self.runs = Running(self.purged)
        """What is said of runs."""
        self._quarantine: list[tuple[int, str, str, bytes]] = []
        self._settled: set[str] = set()
        self._waiting: dict[str, pa.Table] = {}
        self._opened: dict[str, Table] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        """(model, what) -> how many; what is one of predictions, labels, repeats, conflicts,
        pending, rejected, forgotten."""

    def predictions(self, model: str, intake: Intake) -> None:
        """Add a frame of predictions."""
        self._intakes[model].append(intake)

    def labels(self, model: str, table: pa.Table) -> None:
        """Add labels, in the columns of `INCOMING`."""
        self._labels[model].append(table)

    def event(self, event: Event) -> None:
        """Add an event; the same id again changes nothing."""
        self._events.append(event)

    def reference(self, reference: Reference) -> None:
        """Set a model's reference period; the one logged last holds."""
        self._references.append(reference)

    def quarantine(self, model: str, reason: str, record: object) -> None:
        """Keep what fits nowhere, with its reason."""
        self._quarantine.append((self.number, model, reason, _pack.encode(record)))
        self.counts[model, "rejected"] += 1

    def apply(self, finish: list[Statement]) -> None:
        """Write everything; `finish` are further statements for the closing transaction."""
        for model, intakes in self._intakes.items():
            self._apply_predictions(model, intakes)
        for model in {*self._labels, *self._intakes}:
            self._apply_labels(model)
        self.runs.append_points(self._store, self.number)
        metadata = self._store.metadata
        with metadata.transaction():
            for model in self._intakes:
                if self.counts[model, "predictions"]:
                    self._store.enrol(model)
            self._save_small_facts(metadata)
            self.runs.save(metadata)
            for statement, values in finish:
                metadata.run(statement, *values)
            metadata.run("UPDATE epochs SET state = 'done' WHERE epoch = ?", self.number)

    def _apply_predictions(self, model: str, intakes: list[Intake]) -> None:
        columns = self._store.columns(model)
        tables = []
        for intake in intakes:
            table, rejected = intake.table(self.number, columns, derive)
            tables.append(table)
            for one in rejected:
                self.quarantine(model, one.reason, one.row)
        # Before the rows, so that no row can ever lie in a column that nobody knows the name of.
        with self._store.metadata.transaction():
            columns.save(self._store.metadata)
        incoming = _oldest_first(pa.concat_tables(tables, promote_options="default"))
        incoming = self._without_forgotten(model, incoming)
        stored = self._opened[model] = self._store.predictions(model)
        outcome = sort_out(incoming, stored, self.number)
        self.counts[model, "predictions"] += outcome.fresh.num_rows
        self.counts[model, "repeats"] += outcome.repeats
        self.counts[model, "conflicts"] += outcome.conflicts.num_rows
        for row in as_they_came(_by_name(outcome.conflicts)):
            self.quarantine(model, "same id and day as a stored prediction, other content", row)
        if outcome.fresh.num_rows:
            # The partition column goes last, so that file statistics cover the columns before it.
            names = [name for name in outcome.fresh.column_names if name != "_day"]
            stored.append(outcome.fresh.select([*names, "_day"]), self.number)

    def _apply_labels(self, model: str) -> None:
        waiting = self._pending(model) if model in self._intakes else INCOMING.empty_table()
        incoming = pa.concat_tables([waiting, *self._labels.get(model, [])])
        if not incoming.num_rows:
            return
        incoming = self._without_forgotten(model, _oldest_first(incoming))
        labels = self._store.labels(model)
        # The rows of this epoch among them, and opened once: opening reads the table's log.
        stored = self._opened.get(model) or self._store.predictions(model)
        result = match(incoming, stored, labels, self.number)
        self.counts[model, "labels"] += result.rows.num_rows
        self.counts[model, "repeats"] += result.repeats
        self.counts[model, "pending"] += result.pending.num_rows
        for row in result.superseded.to_pylist():
            self.quarantine(model, "a later label of the same id came with it", row)
        if result.rows.num_rows:
            labels.append(result.rows, self.number)
        self._waiting[model] = result.pending
        if waiting.num_rows:
            self._settled.add(model)

    def _without_forgotten(self, model: str, rows: pa.Table) -> pa.Table:
        kept = drop_forgotten(self._store.metadata, model, rows)
        if kept.num_rows < rows.num_rows:
            self.counts[model, "forgotten"] += rows.num_rows - kept.num_rows
        return kept

    def _pending(self, model: str) -> pa.Table:
        rows = self._store.metadata.all(
            "SELECT id, number, text, time, logged FROM pending WHERE model = ?"
            " ORDER BY epoch, position",
            model,
        )
        columns = list(zip(*rows, strict=True)) or [()] * len(INCOMING)
        return pa.table(
            [pa.array(values, field.type) for values, field in zip(columns, INCOMING, strict=True)],
            schema=INCOMING,
        )

    def _save_small_facts(self, metadata: Metadata) -> None:
        for model in self._settled:
            metadata.run("DELETE FROM pending WHERE model = ?", model)
        for model, table in self._waiting.items():
            metadata.run_many(
                "INSERT INTO pending (model, epoch, position, id, number, text, time, logged)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(model, self.number, i, *row) for i, row in enumerate(_plain(table))],
            )
        metadata.run_many(
            "INSERT INTO quarantine (epoch, model, reason, record) VALUES (?, ?, ?, ?)",
            self._quarantine,
        )
        metadata.run_many(
            "INSERT INTO repeats (epoch, model, what, number) VALUES (?, ?, ?, ?)",
            [(self.number, model, what, n) for (model, what), n in self.counts.items() if n],
        )
        for event in self._events:
            metadata.run(
                "INSERT INTO events (id, model, name, at, kind, scope) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                *(event.id, event.model, event.name, event.at, event.kind),
                msgspec.msgpack.encode(event.scope),
            )
        for period in self._references:
            metadata.run(
                "INSERT INTO reference_periods (model, start, stop, logged) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (model) DO UPDATE SET start = excluded.start,"
                " stop = excluded.stop, logged = excluded.logged"
                " WHERE excluded.logged >= reference_periods.logged",
                *(period.model, period.start, period.end, period.logged),
            )


def _by_name(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    return dict(zip(table.column_names, table.columns, strict=True))


def _oldest_first(table: pa.Table) -> pa.Table:
    """Return rows of several processes in the order of their calls; rows of files stay first."""
    if table["_logged"].null_count == table.num_rows:
        return table
    logged = pc.fill_null(table["_logged"].cast(pa.int64()), 0).to_numpy()
    in_order = bool((logged[1:] >= logged[:-1]).all())
    return table if in_order else table.take(np.argsort(logged, kind="stable"))


def _plain(table: pa.Table) -> list[tuple[Any, ...]]:
    times = [table[name].cast(pa.int64()).to_pylist() for name in ("_time", "_logged")]
    values = [table[name].to_pylist() for name in ("_id", "_label", "_label_text")]
    return list(zip(*values, *times, strict=True))
