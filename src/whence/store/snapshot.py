"""One version of a table: its log opened, its data files listed.

The list of files is read from the log as the library sees it at that version, whether it comes
from the log's entries or from a checkpoint of them; nothing relies on early entries being there.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from whence.errors import NewerStore, StoreError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

__all__ = ["APP", "File", "Snapshot", "open_at_epoch", "open_log"]

APP = "whence-fold"
"""Under this name a table's log says which epoch it holds."""

_MOST_READER, _MOST_WRITER = 1, 2


class File(NamedTuple):
    """A data file: its day, the latest epoch of its rows, and how many they are."""

    path: str
    day: date
    epoch: int
    rows: int


class Snapshot:
    """What a table held at one version of its log.

    Parameters
    ----------
    folder
        Where the table lies.
    delta
        Its log at that version; None before its first append.
    empty
        The columns it starts with.
    """

    def __init__(self, folder: Path, delta: DeltaTable | None, empty: pa.Schema) -> None:
        self._folder = folder
        self._delta = delta
        self._empty = empty
        self.version = -1 if delta is None else delta.version()

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns, those that only some files have among them."""
        return self._empty if self._delta is None else pa.schema(self._delta.schema())

    @cached_property
    def files(self) -> list[File]:
        """The data files."""
        # Read from the log once: asking the library for a dataset costs 10 ms and more each time.
        if self._delta is None:
            return []
        actions = pa.table(self._delta.get_add_actions(flatten=True))
        if not actions.num_rows:
            return []
        columns = (
            actions[name].to_pylist()
            for name in ("path", "partition._day", "max._epoch", "num_records")
        )
        return [
            File(str(self._folder / path), day, epoch, rows)
            for path, day, epoch, rows in zip(*columns, strict=True)
        ]

    @cached_property
    def of_day(self) -> dict[date, list[File]]:
        """The data files by day."""
        found: dict[date, list[File]] = {}
        for file in self.files:
            found.setdefault(file.day, []).append(file)
        return found


def open_log(folder: Path) -> DeltaTable | None:
    """Open a table's log at its newest version; None where there is no table.

    Raises
    ------
    NewerStore
        If its protocol asks for more than this Whence can honour.
    StoreError
        If the log cannot be read.
    """
    return open_at_epoch(folder)[0]


def open_at_epoch(folder: Path) -> tuple[DeltaTable | None, int]:
    """Return a table's log at its newest version, and the last epoch it held then."""
    try:
        return _try_to_open(folder)
    except DeltaError:
        # Old entries of the log are deleted when rows are forgotten, perhaps as we read them.
        try:
            return _try_to_open(folder)
        except DeltaError as error:
            raise StoreError(
                f"the log of the table {folder} cannot be read: {str(error).splitlines()[0]}; "
                "restore the table's folder from a backup"
            ) from error


def _try_to_open(folder: Path) -> tuple[DeltaTable | None, int]:
    try:
        delta = DeltaTable(folder.absolute().as_uri())
    except TableNotFoundError:
        return None, 0
    protocol = delta.protocol()
    if protocol.min_reader_version > _MOST_READER or protocol.min_writer_version > _MOST_WRITER:
        raise NewerStore(
            f"the table {folder} asks for reader {protocol.min_reader_version} and writer "
            f"{protocol.min_writer_version}; this Whence knows {_MOST_READER} and "
            f"{_MOST_WRITER}; upgrade with: pip install -U whence"
        )
    # Asked at once: the library looks it up in the log, whose old entries may be gone later.
    return delta, delta.transaction_version(APP) or 0
