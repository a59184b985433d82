"""Rows that have given texts are the same whether row groups are looked into or not."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from whence.store.row_groups import select
from whence.store.tables import POINTS, Table

DAY, OTHER = date(2024, 1, 1), date(2024, 1, 2)
LONG = "x" * 100
"""Of such names a file's statistics keep the beginning only."""

RUNS = {"a": 300_000, "b": 50_000, "c": 10}
KEYS = ["loss", LONG, LONG + "y", LONG + "z"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Three epochs, each of one day; most rows are of one run and metric."""
    made = Table(tmp_path_factory.mktemp("points") / "points", POINTS)
    chance = np.random.default_rng(3)
    for epoch, day in ((1, DAY), (2, OTHER), (3, DAY)):
        for key in KEYS[: 2 if epoch == 2 else None]:
            runs = np.repeat([*RUNS], [*RUNS.values()] if key == "loss" else 3)
            made = Table(made.folder, POINTS)
            made.append(
                _rows(runs, key, 10 * epoch + KEYS.index(key), day, chance),
                10 * epoch + KEYS.index(key),
            )
    return Table(made.folder, POINTS)


def _rows(runs, key, epoch, day, chance):
    size = len(runs)
    return pa.table(
        {
            "_epoch": np.full(size, epoch), "run": runs, "key": [key] * size,
            "step": np.arange(size), "time": pa.array(np.arange(size), pa.timestamp("us", "UTC")),
            "value": chance.random(size), "_day": pa.array([day] * size, pa.date32()),
        },
        schema=POINTS,
    )  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("run", [*RUNS, "none"])
@pytest.mark.parametrize(("since", "last"), [(0, 99), (0, 10), (10, 32), (30, 33), (33, 99)])
def test_they_are_what_a_filter_finds(table, run, key, since, last):
    columns = ["step", "value", "_epoch"]
    is_it = (pc.field("run") == run) & (pc.field("key") == key) & (pc.field("_epoch") <= last)
    expected = table.read(columns, is_it, days={DAY}, since=since)
    found = table.having(columns, {"run": run, "key": key}, day=DAY, since=since, last=last)
    order = [("_epoch", "ascending"), ("step", "ascending")]
    assert found.sort_by(order).equals(expected.sort_by(order))


def test_files_without_statistics_are_looked_into(tmp_path):
    rows = _rows(np.repeat(["a", "b"], 50), "loss", 1, DAY, np.random.default_rng(1))
    path = tmp_path / "one.parquet"
    pq.write_table(rows, path, write_statistics=False)
    files = ds.dataset(path)
    found = select(files, ["step"], {"run": "b", "key": "loss"}, since=0, last=1)
    assert found["step"].to_pylist() == list(range(50, 100))
