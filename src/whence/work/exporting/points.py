"""The points of runs as one Parquet file, sorted, a bounded number of them in memory."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from whence.errors import StoreError
from whence.store.points import day_of
from whence.work.exporting.layout import POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from whence.store.folder import StoreFolder
    from whence.work.telling import Tell

__all__ = ["export_points"]

_AT_ONCE = 500_000
"""Points that are sorted and written together; of one metric more, if it has more."""

_ROW_GROUP = 65_536
"""Rows that a reader of one run must take at once."""

_BATCH = 131_072
"""Rows that are counted at a time."""

_ORDER = [(name, "ascending") for name in ("run", "key", "step", "time")]

_WAITING = (
    "SELECT epoch, run, key, step, time, value FROM"
    " (SELECT coalesce(max(epoch), 0) AS epoch FROM epochs WHERE state = 'done')"
    " LEFT JOIN fresh ON run IN (SELECT value FROM json_each(?))"
)
"""Points that no fold has taken, and the epoch that holds the others: of one moment."""


def export_points(store: StoreFolder, path: Path, runs: Sequence[str], tell: Tell) -> int:
    """Write all points of some runs to a file, and return how many they are.

    Raises
    ------
    StoreError
        If the files of the table were merged by another process meanwhile.
    """
    counted = _counted(store, set(runs))
    total, written = max(1, counted.total()), 0
    with parquet.ParquetWriter(path, POINTS, compression="zstd") as writer:
        for chosen, keys in _portions(counted, sorted(runs)):
            rows = _read(store, chosen, keys).sort_by(_ORDER)
            writer.write_table(rows, row_group_size=_ROW_GROUP)
            written += rows.num_rows
            tell("points", min(written / total, 1.0))
    return written


def _counted(store: StoreFolder, runs: set[str]) -> Counter[tuple[str, str]]:
    """Return how many points each metric of some runs has in the table."""
    found: Counter[tuple[str, str]] = Counter()
    for run, key in store.metadata.all("SELECT DISTINCT run, key FROM fresh"):
        if run in runs:  # those that only wait are known too
            found[run, key] += 0
    if not (store.path / "points").exists():
        return found
    table = store.points().as_dataset()
    scanner = table.scanner(
        columns=["run", "key"], batch_size=_BATCH, batch_readahead=1, fragment_readahead=1
    )
    try:
        for batch in scanner.to_batches():
            groups = pa.Table.from_batches([batch]).group_by(["run", "key"])
            for row in groups.aggregate([([], "count_all")]).to_pylist():
                if row["run"] in runs:
                    found[row["run"], row["key"]] += row["count_all"]
    except FileNotFoundError as error:
        raise StoreError(
            f"the files of {store.path / 'points'} were merged as they were read; export again"
        ) from error
    return found


def _portions(
    counted: Counter[tuple[str, str]], runs: Sequence[str]
) -> Iterator[tuple[list[str], list[str] | None]]:
    """Yield runs to take together; or one with many points, and which of its metrics."""
    metrics: dict[str, dict[str, int]] = {run: {} for run in runs}
    for (run, key), number in sorted(counted.items()):
        metrics[run][key] = number
    chosen: list[str] = []
    size = 0
    for run in runs:
        has = sum(metrics[run].values())
        if chosen and size + has > _AT_ONCE:
            yield chosen, None
            chosen, size = [], 0
        if has > _AT_ONCE:
            for keys in _bounded(metrics[run]):
                yield [run], keys
        else:
            chosen.append(run)
            size += has
    if chosen:
        yield chosen, None


def _bounded(metrics: dict[str, int]) -> Iterator[list[str]]:
    keys: list[str] = []
    size = 0
    for key, number in metrics.items():
        if keys and size + number > _AT_ONCE:
            yield keys
            keys, size = [], 0
        keys.append(key)
        size += number
    yield keys


def _read(store: StoreFolder, runs: list[str], keys: list[str] | None) -> pa.Table:
    rows = store.metadata.all(_WAITING, msgspec.json.encode(runs).decode())
    epoch = rows[0][0]
    where = pc.field("run").isin(runs) & (pc.field("_epoch") <= epoch)
    if keys is not None:
        where &= pc.field("key").isin(keys)
    found = store.points().read(POINTS.names, where, days={day_of(run) for run in runs})
    waiting = [row[1:] for row in rows if row[1] is not None and (keys is None or row[2] in keys)]
    columns = [list(column) for column in zip(*waiting, strict=True)] or [[] for _ in POINTS]
    columns[-1] = [float("nan") if value is None else value for value in columns[-1]]
    fresh = pa.table(
        [pa.array(column, pa.int64() if field.name == "time" else field.type).cast(field.type)
         for column, field in zip(columns, POINTS, strict=True)],
        schema=POINTS,
    )  # fmt: skip
    return pa.concat_tables([found.cast(POINTS), fresh])
