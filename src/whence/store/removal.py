"""Rows taken out of a table for good: out of its files, and out of what its log says of them.

Each day that holds such rows is written anew without them. The log keeps the least and the
greatest id of each file for as long as it lives, so its old entries go too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from deltalake import write_deltalake as write

from whence.errors import StoreError
from whence.store.compaction import sweep
from whence.store.snapshot import open_log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import pyarrow as pa

    from whence.store.tables import Table

__all__ = ["erase_past", "found", "remove_days_before", "remove_ids"]


def found(table: Table, ids: pa.Array) -> list[tuple[date, str]]:
    """Return (day, id) of every row with one of these ids (text)."""
    rows = table.read(["_day", "_id"], pc.field("_id").isin(ids))
    return list(zip(rows["_day"].to_pylist(), rows["_id"].to_pylist(), strict=True))


def remove_ids(table: Table, ids: pa.Array, days: Iterable[date], *, column: str = "_id") -> None:
    """Write some days anew without the rows of these ids; the caller holds the lease.

    `column` is where the ids stand.

    One entry of the log a day, so a process that is killed leaves each day whole, before or
    after; doing it again does no harm.
    """
    delta = open_log(table.folder)
    held = table.files_of_days()
    if delta is None or not held:
        return
    properties = table.properties()
    for day in sorted(set(days) & held.keys()):
        write(
            delta,
            table.rows(~pc.field(column).isin(ids), day),
            mode="overwrite",
            predicate=f"_day = '{day.isoformat()}'",
            writer_properties=properties,
        )


def remove_days_before(table: Table, day: date) -> None:
    """Take out all rows of earlier days; the caller holds the lease."""
    delta = open_log(table.folder)
    if delta is not None and any(held < day for held in table.files_of_days()):
        delta.delete(f"_day < '{day.isoformat()}'")


def erase_past(table: Table) -> None:
    """Delete every file and every entry of the log that only earlier versions need.

    The caller holds the lease. The log then begins with a checkpoint of the version as it
    stands, as the Delta protocol allows.

    Raises
    ------
    StoreError
        If the checkpoint was not written; then nothing of the log is deleted.
    """
    if open_log(table.folder) is None:
        return
    sweep(table, timedelta(0))
    for day in table.folder.glob("_day=*"):
        if not any(day.iterdir()):
            day.rmdir()
    delta = open_log(table.folder)
    if delta is None:  # pragma: no cover - it was there a moment ago, and we hold the lease
        return
    delta.create_checkpoint()
    log = table.folder / "_delta_log"
    newest = f"{delta.version():020d}"
    if not (log / f"{newest}.checkpoint.parquet").exists():
        raise StoreError(
            f"the log of the table {table.folder} has no checkpoint of version {delta.version()}, "
            "so its earlier entries cannot be deleted; run the command again"
        )
    for path in sorted(log.iterdir()):
        if path.name != "_last_checkpoint" and not path.name.startswith(newest):
            path.unlink()
