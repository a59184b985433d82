"""Delta tables: opened, appended to once per epoch, and read.

An append goes through the very object whose transaction version was checked, so a second
process that got past its own check is refused by the log: the pinned snapshot is the fence.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, Transaction, WriterProperties
from deltalake import write_deltalake as write
from deltalake.exceptions import TableNotFoundError
from pyarrow import dataset

from whence.errors import NewerStore

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

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


_BY_DAY = dataset.partitioning(pa.schema([("_day", pa.date32())]), flavor="hive")


class _File(NamedTuple):
    """A data file: its day, and the latest epoch of its rows."""

    path: str
    day: date
    epoch: int


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
            self._delta: DeltaTable | None = DeltaTable(folder.absolute().as_uri())
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
                self._folder.absolute().as_uri(),
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

    def read(
        self,
        columns: list[str],
        where: pc.Expression | None = None,
        *,
        days: Collection[date] | None = None,
        since: int = 0,
    ) -> pa.Table:
        """Return some columns of some rows; columns the table lacks are left out.

        Parameters
        ----------
        where
            Which rows; all if None.
        days
            Only files of these days are opened; of all days if None.
        since
            Only files with rows of later epochs are opened, and only those rows returned.
        """
        if self._delta is None:
            empty = pa.schema([field for field in self._schema if field.name in columns])
            return empty.empty_table()
        later = pc.field("_epoch") > since if since else None
        parts = [part for part in (where, later) if part is not None]
        condition = None if not parts else parts[0] if len(parts) == 1 else parts[0] & parts[1]
        files = [
            file.path
            for file in self._files
            if (days is None or file.day in days) and file.epoch > since
        ]
        chosen = dataset.dataset(
            files,
            schema=self._arrow_schema,
            format="parquet",
            partitioning=_BY_DAY,
            partition_base_dir=str(self._folder),
        )
        present = [name for name in columns if name in self._arrow_schema.names]
        return chosen.to_table(columns=present, filter=condition)

    @cached_property
    def _arrow_schema(self) -> pa.Schema:
        return self._schema if self._delta is None else pa.schema(self._delta.schema())

    @cached_property
    def _files(self) -> list[_File]:
        # Read from the log once: asking the library for a dataset costs 10 ms and more each time.
        if self._delta is None:
            return []
        actions = pa.table(self._delta.get_add_actions(flatten=True))
        columns = (actions[name].to_pylist() for name in ("path", "partition._day", "max._epoch"))
        return [
            _File(str(self._folder / path), day, epoch)
            for path, day, epoch in zip(*columns, strict=True)
        ]

    def missing_files(self) -> list[str]:
        """Return the data files the log names and the disk lacks."""
        return [file.path for file in self._files if not Path(file.path).exists()]

    def days(self) -> list[date]:
        """Return the days that have rows, in order."""
        return sorted({file.day for file in self._files})

    def days_since(self, epoch: int) -> list[date]:
        """Return the days that may have rows of a later epoch, in order, from the log alone."""
        return sorted({file.day for file in self._files if file.epoch > epoch})
