"""Delta tables: opened, appended to once per epoch, and read.

An append goes through the very object whose transaction version was checked, so a second
process that got past its own check is refused by the log: the pinned snapshot is the fence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties
from deltalake import write_deltalake as write
from deltalake.exceptions import TableNotFoundError

from whence.errors import NewerStore

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["LABELS", "PREDICTIONS", "Table"]

_APP = "whence-fold"
_MOST_READER, _MOST_WRITER = 1, 2
_TIME = pa.timestamp("us", tz="UTC")

PREDICTIONS = pa.schema(
    [
        ("_epoch", pa.int64()),
        ("_time", _TIME),
        ("_id", pa.string()),
        ("_prediction", pa.float64()),
        ("_prediction_text", pa.string()),
        ("_proba", pa.float64()),
        ("_label", pa.float64()),
        ("_label_text", pa.string()),
        ("_version", pa.string()),
        ("_logged", _TIME),
        ("_day", pa.date32()),
    ]
)
"""The columns every predictions table has; the user's follow, as the column map says."""

LABELS = pa.schema(
    [
        ("_epoch", pa.int64()),
        ("_id", pa.string()),
        ("_label", pa.float64()),
        ("_label_text", pa.string()),
        ("_time", _TIME),
        ("_delay", pa.float64()),
        ("_day", pa.date32()),
    ]
)
"""Late labels; `_day` is the day of the prediction they matched, `_delay` its seconds (or null)."""


class Table:
    """One Delta table partitioned by day, as it stands when opened.

    Parameters
    ----------
    folder
        Where the table lies; created at the first append when absent.
    schema
        The columns it starts with.

    Raises
    ------
    NewerStore
        If its protocol asks for more than this Whence can honour.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        try:
            self._delta: DeltaTable | None = DeltaTable(str(folder))
        except TableNotFoundError:
            self._delta = None
            return
        protocol = self._delta.protocol()
        if protocol.min_reader_version > _MOST_READER or protocol.min_writer_version > _MOST_WRITER:
            raise NewerStore(
                f"the table {folder} asks for reader {protocol.min_reader_version} and writer "
                f"{protocol.min_writer_version}; this Whence knows {_MOST_READER} and "
                f"{_MOST_WRITER}; upgrade with: pip install -U whence"
            )

    @property
    def epoch(self) -> int:
        """The last epoch this table holds, 0 when it holds none."""
        found = None if self._delta is None else self._delta.transaction_version(_APP)
        return found or 0

    def append(self, rows: pa.Table | pa.RecordBatchReader, epoch: int) -> None:
        """Append the rows of an epoch, exactly once however often it is tried.

        Raises
        ------
        deltalake.exceptions.CommitFailedError
            If another process wrote this epoch since the table was opened.
        """
        if self.epoch >= epoch:
            return
        if self._delta is None:
            self._delta = DeltaTable.create(
                str(self._folder),
                Schema.from_arrow(self._schema),
                partition_by=["_day"],
                mode="ignore",
            )
        write(
            self._delta,
            rows,
            mode="append",
            schema_mode="merge",
            commit_properties=CommitProperties(app_transactions=[Transaction(_APP, epoch)]),
            writer_properties=WriterProperties(compression="ZSTD"),
        )

    def read(self, columns: list[str], where: pc.Expression | None = None) -> pa.Table:
        """Return some columns of the rows that match; columns the table lacks are left out."""
        if self._delta is None:
            empty = pa.schema([field for field in self._schema if field.name in columns])
            return empty.empty_table()
        dataset = self._delta.to_pyarrow_dataset()
        present = [name for name in columns if name in dataset.schema.names]
        return dataset.to_table(columns=present, filter=where)

    def days(self) -> list[date]:
        """Return the days that have rows, in order, from the log alone."""
        if self._delta is None:
            return []
        actions = pa.table(self._delta.get_add_actions(flatten=True))
        if not actions.num_rows:
            return []
        return sorted(pc.unique(actions["partition._day"]).to_pylist())

    def missing_files(self) -> list[str]:
        """Return the data files the log names and the disk lacks."""
        if self._delta is None:
            return []
        paths = (self._folder / name for name in pa.table(
            self._delta.get_add_actions(flatten=True)
        )["path"].to_pylist())
        return [str(path) for path in paths if not path.exists()]

    def days_since(self, epoch: int) -> list[date]:
        """Return the days that have rows of a later epoch, in order."""
        found = self.read(["_day"], pc.field("_epoch") > epoch)
        return sorted(pc.unique(found["_day"]).to_pylist())
