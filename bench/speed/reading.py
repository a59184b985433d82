"""Importing a file, and counting its rows into windows, beside pyarrow and DuckDB."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
from cost import Cost, Figure, Meter, run
from table import CATEGORIES, DAYS, NUMBERS, START, write_table

from whence.profile.spec import Spec
from whence.store.folder import StoreFolder
from whence.store.history import History
from whence.types.records import Roles
from whence.types.time import Window
from whence.work.counting import count_windows
from whence.work.imports import ImportPlan, import_file
from whence.work.reference import begin_watch

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

ROWS = 1_000_000
FLAT = 4
"""Times the rows, to see whether memory grows with them."""
ROUNDS = 3
MODEL = "m"
MOST_COUNTING, MOST_IMPORTING, MOST_MEMORY, MOST_GROWTH = 1.5, 3.0, 500.0, 1.1
_TABLES = f"tables/{MODEL}/predictions/*/*.parquet"


def figures(seed: int) -> Iterator[Figure]:
    """Yield the ratios of CPU time, and the peak memory of counting."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = folder / "large.parquet"
        write_table(large, FLAT * ROWS, seed)
        run("reading", "bring_in", large, folder / "large")
        large.unlink()
        grown = run("reading", "count", folder / "large")
        file = folder / "table.parquet"
        write_table(file, ROWS, seed)
        yield _importing(file, folder)
        counted, summed, at_once = _in_turn(
            ("count", folder / "store"),
            ("add_up", folder / "store" / _TABLES),
            ("add_up", file),
        )
    ours, theirs, cheaper = _typical(counted), _typical(at_once), _typical(summed)
    yield Figure(
        f"count {ROWS:,} rows x {len(NUMBERS + CATEGORIES)} columns x {DAYS} windows, "
        "to DuckDB summing every column of the file that was imported",
        MOST_COUNTING,
        ours / theirs,
        "x",
        f"{ours:.2f} CPU s, DuckDB {theirs:.2f}; of the store's own files, which are cheaper to "
        f"read, DuckDB takes {cheaper:.2f} ({ours / cheaper:.1f}x)",
    )
    peak = max(cost.memory for cost in counted)
    yield Figure("peak memory of the counting process", MOST_MEMORY, peak, "MB", f"{ROWS:,} rows")
    yield Figure(
        f"the same with {FLAT} times the rows", MOST_GROWTH, grown.memory / peak, "x",
        f"{grown.memory:.0f} MB for {FLAT * ROWS:,} rows",
    )  # fmt: skip


def _importing(file: Path, folder: Path) -> Figure:
    imported = run("reading", "bring_in", file, folder / "store")
    again = run("reading", "rewrite", file, folder / "again.parquet")
    return Figure(
        f"import {ROWS:,} rows, to pyarrow reading and rewriting the file with zstd",
        MOST_IMPORTING,
        imported.cpu / again.cpu,
        "x",
        f"{imported.cpu:.1f} CPU s, pyarrow {again.cpu:.1f}",
    )


def _in_turn(*tasks: tuple[object, ...]) -> list[list[Cost]]:
    rounds = [[run("reading", *map(str, task)) for task in tasks] for _ in range(ROUNDS)]
    return [list(costs) for costs in zip(*rounds, strict=True)]


def _typical(costs: list[Cost]) -> float:
    return median(cost.cpu for cost in costs)


def bring_in(meter: Meter, file: str, store: str) -> None:
    """Import the file, and begin a watch of it, whose bins `count` uses."""
    opened = StoreFolder(Path(store))
    roles = Roles(id="id", time="ts", prediction="pred", label="label")
    with opened.lease(), meter():
        import_file(opened, ImportPlan(file, MODEL, roles))
    state = begin_watch(opened, MODEL, "day", START + timedelta(days=DAYS))
    (Path(store) / "bins").write_bytes(state.spec)


def rewrite(meter: Meter, file: str, target: str) -> None:
    """Read a file and write it again."""
    with meter():
        pq.write_table(pq.read_table(file), target, compression="zstd")


def count(meter: Meter, store: str) -> None:
    """Count every day of the store's table."""
    spec = Spec.decode((Path(store) / "bins").read_bytes())
    windows = [
        Window(START + timedelta(days=k), START + timedelta(days=k + 1)) for k in range(DAYS)
    ]
    opened = StoreFolder(Path(store))
    with meter():
        counted = count_windows(History(opened, MODEL), windows, spec, "classification", None, None)
    assert len(counted) == DAYS
    assert {column.name for column in spec.columns} == {*NUMBERS, *CATEGORIES}


def add_up(meter: Meter, files: str) -> None:
    """Sum every column that counting reads: numbers, the lengths of texts, predictions, labels."""
    whole = "*" in files
    named = ("_prediction", "_label") if whole else ("pred", "label")
    sums = [f"sum({name})" for name in (*NUMBERS, *named)]
    sums += [f"sum(strlen({name}))" for name in CATEGORIES]
    with duckdb.connect() as connection, meter():
        found = connection.execute(f"SELECT {', '.join(sums)} FROM read_parquet('{files}')")  # noqa: S608 - our names
        assert None not in found.fetchone()
