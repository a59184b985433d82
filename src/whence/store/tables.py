"""Delta tables: opened, appended to once per epoch, and read.

An append goes through the very object whose transaction version was checked, so a second
process that got past its own check is refused by the log: the pinned snapshot is the fence.

A read stands on one snapshot too. Where another process has merged its files and deleted them,
it is done again on the newest snapshot, and only on the epochs that were there: the same rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Schema,
    Transaction,
    WriterProperties,
)
from deltalake import write_deltalake as write
from pyarrow import dataset, parquet

from whence.errors import StoreError
from whence.store.disk import require_room
from whence.store.row_groups import select
from whence.store.snapshot import APP, Snapshot, open_at_epoch, open_log

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import date

__all__ = ["LABELS", "POINTS", "PREDICTIONS", "Table"]

_TIME = pa.timestamp("us", tz="UTC")

_ROW_GROUP = 131_072
"""Rows that other engines must take at once."""

_PIECE = 40_000
"""Rows that counting takes at once, at most."""

_CONFIGURATION: Mapping[str, str | None] = {
    "delta.dataSkippingNumIndexedCols": "3",
    "delta.checkpointInterval": "20",
}
"""What keeps opening a long log cheap: statistics of `_epoch`, `_time` and `_id` only, and a
checkpoint every few epochs."""

_SAMPLE = 1024
_MOST_DISTINCT = 0.5
"""A column of which more of a sample is distinct gains nothing from a dictionary on disk, and
building one takes two thirds of the time of writing (docs/decisions/store-no-dictionaries.md)."""

_LEAST_COMPRESSIBLE = 0.85
"""Where zstd leaves more than this part of a sample, reading costs more than the disk saved
(docs/decisions/store-no-dictionaries.md)."""

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


POINTS = pa.schema(
    [
        ("_epoch", pa.int64()),
        ("run", pa.string()),
        ("key", pa.string()),
        ("step", pa.int64()),
        ("time", _TIME),
        ("value", pa.float64()),
        ("_day", pa.date32()),
    ]
)
"""Values of metrics; `_day` is the day their run began, so that a run lies in one partition."""

_BY_DAY = dataset.partitioning(pa.schema([("_day", pa.date32())]), flavor="hive")


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
    StoreError
        If its log cannot be read.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self.folder = folder
        self._schema = schema
        self._delta, self._epoch = open_at_epoch(folder)
        self._snapshot = Snapshot(folder, self._delta, schema)
        self._latest: int | None = None

    @property
    def epoch(self) -> int:
        """The last epoch this table holds, 0 when it holds none."""
        return self._epoch

    def append(self, rows: pa.Table, epoch: int) -> None:
        """Append the rows of an epoch, exactly once however often it is tried.

        Raises
        ------
        deltalake.exceptions.CommitFailedError
            If another process wrote this epoch since the table was opened.
        Unwritable
            If the disk has no room for them.
        """
        if self.epoch >= epoch:
            return
        require_room(self.folder, rows)
        if self._delta is None:
            self._delta = DeltaTable.create(
                self.folder.absolute().as_uri(),
                Schema.from_arrow(self._schema),
                partition_by=["_day"],
                mode="ignore",
                configuration=_CONFIGURATION,
            )
        write(
            self._delta,
            rows,
            mode="append",
            schema_mode="merge",
            commit_properties=CommitProperties(app_transactions=[Transaction(APP, epoch)]),
            writer_properties=_properties(rows),
        )
        self._epoch = epoch
        self._snapshot = Snapshot(self.folder, self._delta, self._schema)

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

        Raises
        ------
        StoreError
            If a data file is gone that the newest version of the table needs.
        """
        while True:
            snapshot = self._snapshot
            try:
                return self._scan(snapshot, columns, where, days, since).to_table()
            except FileNotFoundError as error:
                self._move_on(snapshot, error)

    def having(
        self, columns: list[str], values: Mapping[str, str], *, day: date, since: int, last: int
    ) -> pa.Table:
        """Return some columns of the rows of a day that have given texts.

        As `read` does, in half the time where rows that have them lie together.

        Parameters
        ----------
        values
            Column -> text, of columns that are never null.
        since, last
            Only rows of later epochs than `since`, up to `last`.

        Raises
        ------
        StoreError
            As `read` does.
        """
        while True:
            snapshot = self._snapshot
            paths = [file.path for file in snapshot.of_day.get(day, []) if file.epoch > since]
            until = last if self._latest is None else min(last, self._latest)
            try:
                files = self._dataset(snapshot, paths)
                return select(files, columns, values, since=since, last=until)
            except FileNotFoundError as error:
                self._move_on(snapshot, error)

    def rows(self, where: pc.Expression, day: date) -> pa.RecordBatchReader:
        """Return some rows of one day whole, a batch at a time; the caller holds the lease."""
        snapshot = self._snapshot
        return self._scan(snapshot, snapshot.schema.names, where, {day}, 0).to_reader()

    def pieces(
        self, columns: Collection[str], day: date, coded: Collection[str]
    ) -> Iterator[pa.Table]:
        """Yield the rows of a day in pieces of bounded size; the caller holds the lease.

        Columns that a file lacks are left out; `coded` names columns of text to be given as
        dictionaries.
        """
        for file in self._snapshot.of_day.get(day, []):
            known = parquet.read_metadata(file.path, memory_map=True)
            with parquet.ParquetFile(
                file.path,
                metadata=known,
                read_dictionary=[name for name in known.schema.names if name in coded],
                memory_map=True,
            ) as source:
                present = [name for name in source.schema_arrow.names if name in columns]
                # Without threads of its own: whoever counts takes several days at a time.
                pieces = max(1, -(-known.num_rows // _PIECE))
                even = max(1, -(-known.num_rows // pieces))
                for batch in source.iter_batches(even, columns=present, use_threads=False):
                    yield pa.Table.from_batches([batch])

    def properties(self) -> WriterProperties:
        """Return how to write rows that this table holds already, as `append` would."""
        snapshot = self._snapshot
        newest = {max(snapshot.of_day)}
        sample = self._scan(snapshot, snapshot.schema.names, None, newest, 0).head(_SAMPLE)
        return _properties(sample)

    def _scan(
        self,
        snapshot: Snapshot,
        columns: list[str],
        where: pc.Expression | None,
        days: Collection[date] | None,
        since: int,
    ) -> dataset.Scanner:
        later = pc.field("_epoch") > since if since else None
        known = None if self._latest is None else pc.field("_epoch") <= self._latest
        condition = None
        for part in (where, later, known):
            if part is not None:
                condition = part if condition is None else condition & part
        chosen = self._dataset(
            snapshot,
            [
                file.path
                for file in snapshot.files
                if (days is None or file.day in days) and file.epoch > since
            ],
        )
        present = [name for name in columns if name in snapshot.schema.names]
        return chosen.scanner(columns=present, filter=condition)

    def as_dataset(self) -> dataset.Dataset:
        """Return all rows as an Arrow dataset, for engines that read one by themselves."""
        return self._dataset(self._snapshot, [file.path for file in self._snapshot.files])

    def _dataset(self, snapshot: Snapshot, files: list[str]) -> dataset.Dataset:
        return dataset.dataset(
            files,
            schema=snapshot.schema,
            format="parquet",
            partitioning=_BY_DAY,
            partition_base_dir=str(self.folder),
        )

    def _move_on(self, failed: Snapshot, error: FileNotFoundError) -> None:
        """Stand on the newest snapshot, for the epochs known so far, if there is a newer one."""
        newest = Snapshot(self.folder, open_log(self.folder), self._schema)
        if newest.version == failed.version:
            raise StoreError(
                f"a data file of the table {self.folder} is gone ({error}); whence doctor names "
                "those that are missing: restore them from a backup"
            ) from error
        # In this order: no other thread may read the newest snapshot without its cut.
        self._latest = self._epoch
        self._snapshot = newest

    @property
    def columns(self) -> list[str]:
        """The physical columns it has."""
        return list(self._snapshot.schema.names)

    def missing_files(self) -> list[str]:
        """Return the data files the log names and the disk lacks."""
        return [file.path for file in self._snapshot.files if not Path(file.path).exists()]

    def days(self) -> list[date]:
        """Return the days that have rows, in order."""
        return sorted({file.day for file in self._snapshot.files})

    def days_since(self, epoch: int) -> list[date]:
        """Return the days that may have rows of a later epoch, in order, from the log alone."""
        return sorted({file.day for file in self._snapshot.files if file.epoch > epoch})

    def rows_of(self, days: Collection[date]) -> int:
        """Return how many rows some days have, from the log alone if it still says so."""
        if self._latest is not None:  # files of then are merged with later ones
            return int(self.read(["_epoch"], days=days).num_rows)
        return sum(file.rows for file in self._snapshot.files if file.day in days)

    def rows_until(self, epoch: int) -> int:
        """Return how many rows lie in files without any of a later epoch, from the log alone."""
        return sum(file.rows for file in self._snapshot.files if file.epoch <= epoch)

    def files_of_days(self) -> dict[date, int]:
        """Return how many data files each day with rows has."""
        return {day: len(files) for day, files in self._snapshot.of_day.items()}


def _properties(rows: pa.Table) -> WriterProperties:
    sample = rows.slice(0, _SAMPLE)
    diverse = [name for name in rows.column_names if _is_diverse(sample[name])]
    plain = ColumnProperties(dictionary_enabled=False)
    return WriterProperties(
        compression="SNAPPY" if _is_noise(sample.select(diverse)) else "ZSTD",
        max_row_group_size=_ROW_GROUP,
        column_properties=dict.fromkeys(diverse, plain),
    )


def _is_diverse(sample: pa.ChunkedArray) -> bool:
    return bool(pc.count_distinct(sample).as_py() > _MOST_DISTINCT * len(sample))


def _is_noise(sample: pa.Table) -> bool:
    """Whether zstd would hardly make these columns smaller; a small sample does not show it."""
    if not sample.num_columns or len(sample) < _SAMPLE:
        return False
    return _size(sample, "zstd") > _LEAST_COMPRESSIBLE * _size(sample, None)


def _size(rows: pa.Table, codec: str | None) -> int:
    sink = pa.MockOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows)
    return int(sink.size())
