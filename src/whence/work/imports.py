"""Files straight into the tables, a piece at a time, each piece an epoch of its own.

A piece is known by the SHA-256 of its file and options, so the same file again does nothing,
and an import that was cut short goes on where it stopped.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput, MissingColumn
from whence.types.records import Roles
from whence.types.time import micros, moment
from whence.work.epoch import Epoch, begin
from whence.work.files import digest, pieces, schema
from whence.work.intake import Intake
from whence.work.truth import Truths, label_table

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from whence.store.folder import StoreFolder

__all__ = ["ImportPlan", "Imported", "import_file", "resume"]


class ImportPlan(msgspec.Struct, frozen=True, tag="import"):
    """What is needed to read one piece of a file again.

    With a `prediction` or a `proba` among the roles the file holds predictions; with only an
    id, a label (and when the label became known: `label_time`) it holds late labels.
    """

    path: str
    model: str
    roles: Roles
    version: str | None = None
    zone: str | None = None
    label_time: str | None = None
    digest: str = ""
    piece: int = 0

    @property
    def holds_labels(self) -> bool:
        """Whether the file holds late labels and no predictions."""
        return self.roles.prediction is None and self.roles.proba is None

    @property
    def key(self) -> str:
        """What this piece is known by."""
        return f"{self.digest}-{self.piece}"


class Imported(msgspec.Struct):
    """What an import did: `already` is how many rows had been imported before."""

    rows: int = 0
    already: int = 0
    labels: int = 0
    repeats: int = 0
    conflicts: int = 0
    pending: int = 0
    rejected: int = 0
    without_label: int = 0


def import_file(
    store: StoreFolder,
    plan: ImportPlan,
    *,
    now: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Import one file as `plan` says (without digest and piece); the caller holds the lease.

    Parameters
    ----------
    progress
        Called with the rows of each piece done.

    Raises
    ------
    MissingColumn, NaiveTime, BadInput
        If the file is not as the plan says; nothing of the offending piece is stored.
    """
    path = Path(plan.path)
    _check(plan, path)
    whole = msgspec.structs.replace(plan, digest=_digest(plan))
    done = Imported()
    for number, table in enumerate(pieces(path, _text_columns(plan))):
        piece = msgspec.structs.replace(whole, piece=number)
        known = store.metadata.one("SELECT 1 FROM imports WHERE digest = ?", piece.key)
        if known:
            done.already += table.num_rows
        else:
            when = now or datetime.now(UTC)
            prepared = _prepare(piece, table, when)
            epoch = Epoch(store, begin(store, msgspec.msgpack.encode(piece), micros(when)))
            _apply(epoch, piece, prepared)
            if isinstance(prepared, Truths):
                done.without_label += (
                    table.num_rows - prepared.table.num_rows - len(prepared.rejected)
                )
            _add(done, epoch, table.num_rows)
        progress(table.num_rows)
    return done


def resume(store: StoreFolder, number: int, plan: ImportPlan, made: int) -> None:
    """Finish a piece whose import was cut short, from its file if that is still the same."""
    path = Path(plan.path)
    if path.is_file() and _digest(plan) == plan.digest:
        for at, table in enumerate(pieces(path, _text_columns(plan))):
            if at == plan.piece:
                _apply(Epoch(store, number), plan, _prepare(plan, table, moment(made)))
                return
    # The import was never acknowledged, and its file is gone: rows that reached the table stay.
    with store.metadata.transaction():
        store.metadata.run("UPDATE epochs SET state = 'abandoned' WHERE epoch = ?", number)


def _digest(plan: ImportPlan) -> str:
    """Return what a file is known by: its content and how it is read, wherever it lies."""
    options = msgspec.structs.replace(plan, path="", digest="", piece=0)
    return digest(Path(plan.path), msgspec.msgpack.encode(options))


def _apply(epoch: Epoch, plan: ImportPlan, prepared: Intake | Truths) -> None:
    if isinstance(prepared, Intake):
        epoch.predictions(plan.model, prepared)
        rows = prepared.length
    else:
        epoch.labels(plan.model, prepared.table)
        for one in prepared.rejected:
            epoch.quarantine(plan.model, one.reason, one.row)
        rows = prepared.table.num_rows
    record = "INSERT INTO imports (digest, epoch, path, rows) VALUES (?, ?, ?, ?)"
    epoch.apply([(record, (plan.key, epoch.number, plan.path, rows))])


def _add(done: Imported, epoch: Epoch, rows: int) -> None:
    done.rows += rows
    for (_, what), number in epoch.counts.items():
        if what != "predictions":
            setattr(done, what, getattr(done, what) + number)


def _check(plan: ImportPlan, path: Path) -> None:
    names = schema(path, _text_columns(plan)).names
    for name in (*msgspec.structs.astuple(plan.roles), plan.label_time):
        if name is not None and name not in names:
            raise MissingColumn(name, names, f"the file {plan.path}")
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise BadInput(
            f"the file {plan.path} has several columns named {', '.join(map(repr, repeated))}; "
            "rename all but one"
        )


def _text_columns(plan: ImportPlan) -> frozenset[str]:
    # A CSV reader would make 7 of the id 007.
    return frozenset() if plan.roles.id is None else frozenset({plan.roles.id})


def _prepare(plan: ImportPlan, table: pa.Table, now: datetime) -> Intake | Truths:
    columns = dict(zip(table.column_names, table.columns, strict=True))
    where = f"the file {plan.path}"
    if not plan.holds_labels:
        return Intake(
            columns, plan.roles, version=plan.version, zone=plan.zone, logged=None, now=now,
            where=where,
        )  # fmt: skip
    return label_table(
        columns, id=str(plan.roles.id), label=str(plan.roles.label), time=plan.label_time,
        zone=plan.zone, logged=None,
    )  # fmt: skip
