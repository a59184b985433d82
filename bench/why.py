"""What `whence why` costs on 1 M rows x 50 columns x 30 days, beside a DuckDB scan of the file.

Run ``python bench/why.py [--rounds N] [--rows N] [--seed S] [--folder DIR]``. A table of 40 numbers
with nulls and 10 categories of up to 1,000 levels gets a fault in a slice of two columns with 4 %
of the rows. It is written once as Parquet (into DIR, to be used again, or a temporary folder),
imported into a store and watched. In every round three things are measured one after the other,
as CPU seconds (user and system): DuckDB summing every column of the file, the command
``whence why`` from start to end, and its stages within one process. Medians are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from functools import wraps
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from whence.store.folder import StoreFolder
from whence.why import gather

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, DAYS, HEALTHY_DAYS = 1_000_000, 30, 15
FIRST_DAY, LAST_HEALTHY = "2023-11-15", "2023-11-29"
START, DAY = 1_700_006_400_000_000, 86_400_000_000
"""Microseconds: the first day's midnight, and a day."""

NUMBERS = 40
LEVELS = (2, 5, 10, 20, 50, 100, 200, 500, 1000, 1000)
EVEN = 100
"""Categories of more levels than this have a few frequent and many rare ones (Zipf)."""

NULLS = 0.05
SLICE_NUMBER, SLICE_CATEGORY, SLICE_LEVEL, SLICE_SHARE = 7, 2, 3, 0.04
HEALTHY_ERROR, FAULTY_ERROR = 0.1, 0.5
MODEL = "bench"
GOAL = 10.0
"""Times the CPU of the scan, for reading the rows and comparing all slices of them."""

STAGES = {
    "read the rows": [
        ("whence.why.gather", "read_periods"),
        ("whence.why.gather", "_new_versions"),
    ],
    "code the columns": [("whence.why.ledger", "code")],
    "expected loss": [("whence.why.ledger", "expect")],
    "screen all pairs": [
        ("whence.why.slices", "_Screen"),
        ("whence.why.slices", "_Screen.remove"),
        ("whence.why.slices", "_Screen.strongest"),
    ],
    "measure and refine": [("whence.why.slices", "_shown"), ("whence.why.slices", "_best")],
    "points, intervals": [("whence.why.examination", "draw_up")],
    "causes": [("whence.why.examination", "rank_causes")],
    "attribution": [("whence.why.examination", "attribute")],
    "the rest": [("whence.why.gather", "explain")],
}
"""Where each stage is entered. A stage within another counts for itself only."""

NOT_SLICES = {"causes", "attribution", "the rest"}


def write_table(path: Path, rows: int, seed: int) -> np.ndarray:
    """Write the table and return the mask of the rows the fault is in."""
    rng = np.random.default_rng(seed)
    at = START + np.sort(rng.integers(0, DAYS * DAY, rows))
    numbers = rng.normal(0, 1, (NUMBERS, rows))
    numbers[NUMBERS // 2 :] = np.exp(numbers[NUMBERS // 2 :])
    known = rng.random((NUMBERS, rows)) >= NULLS
    codes = [draw_levels(rng, levels, rows) for levels in LEVELS]
    cut = np.quantile(numbers[SLICE_NUMBER], 1 - SLICE_SHARE * LEVELS[SLICE_CATEGORY] / (1 - NULLS))
    faulty = (codes[SLICE_CATEGORY] == SLICE_LEVEL) & (at >= START + HEALTHY_DAYS * DAY)
    faulty &= known[SLICE_NUMBER] & (numbers[SLICE_NUMBER] > cut)
    score = numbers[0] + 0.5 * numbers[1] + 0.5 * (codes[1] == 1)
    chance = HEALTHY_ERROR + 0.05 * (np.abs(score) < 0.3) - 0.02 * (codes[3] == 0)  # noqa: PLR2004 -- harder near the threshold
    prediction = score > 0
    wrong = rng.random(rows) < np.where(faulty, FAULTY_ERROR, chance)
    data = {
        "id": pa.array([f"r{number:07d}" for number in range(rows)]),
        "ts": pa.array(at, pa.timestamp("us", tz="UTC")),
        **{f"n{i:02d}": pa.array(numbers[i], mask=~known[i]) for i in range(NUMBERS)},
        **{f"c{i:02d}": named(code, i) for i, code in enumerate(codes)},
        "pred": pa.array(prediction.astype(np.int8)),
        "proba": pa.array(1 / (1 + np.exp(-score))),
        "y": pa.array((prediction ^ wrong).astype(np.int8)),
    }
    pq.write_table(pa.table(data), path)
    return faulty


def draw_levels(rng: np.random.Generator, levels: int, rows: int) -> np.ndarray:
    """Return a level for every row."""
    if levels <= EVEN:
        return rng.integers(0, levels, rows)
    return np.minimum(rng.zipf(1.3, rows) - 1, levels - 1)


def named(code: np.ndarray, column: int) -> pa.Array:
    """Return a category's levels as text, stored as a dictionary."""
    names = pa.array([f"c{column:02d}-{level}" for level in range(LEVELS[column])])
    return pa.DictionaryArray.from_arrays(code.astype(np.int32), names)


def fill(path: Path, store: Path) -> None:
    """Import the table and watch the model."""
    roles = ["--time", "ts", "--id", "id", "--prediction", "pred", "--proba", "proba"]
    whence("import", str(path), "--model", MODEL, *roles, "--label", "y", store=store)
    whence("reference", MODEL, "--from", FIRST_DAY, "--to", LAST_HEALTHY, store=store)
    whence("watch", MODEL, store=store)


def cpu() -> float:
    """Return this process's CPU seconds so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def whence(*arguments: str, store: Path) -> tuple[float, int, str]:
    """Run a command; return its CPU seconds, its peak memory in bytes, and what it printed."""
    call = [sys.executable, "-m", "whence.cli", *arguments, "--store", str(store)]
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(call, stdout=told)  # noqa: S603 -- our own command
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, call
        told.seek(0)
        return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, told.read()


def scan(path: Path) -> float:
    """Return the CPU seconds of DuckDB summing every column of the file.

    A text is summed by its length and a time by its microseconds: what has no sum is read too.
    """
    with duckdb.connect() as base:
        base.execute(f"DESCRIBE SELECT * FROM '{path}'")  # noqa: S608 -- our own file
        sums = ", ".join(f"sum({summable(name, kind)})" for name, kind, *_ in base.fetchall())
        before = cpu()
        base.execute(f"SELECT {sums} FROM '{path}'").fetchall()  # noqa: S608 -- our own file
        return cpu() - before


def summable(name: str, kind: str) -> str:
    """Return the expression that makes a column a number."""
    if kind == "VARCHAR":
        return f"strlen({name})"
    return f"epoch_us({name})" if kind.startswith("TIMESTAMP") else name


class Clock:
    """CPU seconds per stage; a stage within another counts for itself only."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys(STAGES, 0.0)
        self._within: list[str] = []
        self._since = 0.0

    def watch(self, stage: str, module: str, path: str) -> None:
        """Let a function, or a class's method, count for a stage."""
        owner: object = import_module(module)
        *holders, name = path.split(".")
        for holder in holders:
            owner = getattr(owner, holder)
        setattr(owner, name, self._timed(stage, getattr(owner, name)))

    def _timed(self, stage: str, called: Callable[..., object]) -> object:
        if isinstance(called, type):
            called.__init__ = self._timed(stage, called.__init__)  # type: ignore[misc] # its making counts
            return called

        @wraps(called)
        def timed(*given: object, **options: object) -> object:
            self._switch()
            self._within.append(stage)
            try:
                return called(*given, **options)
            finally:
                self._switch()
                self._within.pop()

        return timed

    def _switch(self) -> None:
        now = cpu()
        if self._within:
            self.spent[self._within[-1]] += now - self._since
        self._since = now


def stages(store: Path) -> dict[str, float]:
    """Run `why` in this process and return the CPU seconds of each stage."""
    clock = Clock()
    for stage, entries in STAGES.items():
        for module, path in entries:
            clock.watch(stage, module, path)
    gather.explain(StoreFolder(store), MODEL)
    return clock.spent


def overlap(path: Path, where: dict[str, object], faulty: np.ndarray) -> float:
    """Return the Jaccard index of a finding's rows and the faulty ones, over failing rows."""
    table = pq.read_table(path, columns=["ts", *where])
    inside = table["ts"].cast(pa.int64()).to_numpy() >= START + HEALTHY_DAYS * DAY
    for name, test in where.items():
        values = table[name].to_numpy()
        if isinstance(test, list):
            inside &= (values >= float(test[0])) & (values <= float(test[1]))
        else:
            inside &= values == test
    return float((inside & faulty).sum() / (inside | faulty).sum())


def run(folder: Path, rows: int, seed: int, rounds: int) -> None:
    """Measure in `folder`, and print."""
    path, store, truth = folder / "table.parquet", folder / "store", folder / "faulty.npy"
    if not truth.exists():
        faulty = write_table(path, rows, seed)
        fill(path, store)
        np.save(truth, faulty)
    staged = [sys.executable, __file__, "--stages", str(store)]
    scans, commands, parts = [], [], []
    for _ in range(rounds):
        scans.append(scan(path))
        commands.append(whence("why", MODEL, "--json", store=store))
        told = subprocess.run(staged, check=True, capture_output=True, text=True)  # noqa: S603 -- ourselves
        parts.append(json.loads(told.stdout))
    unit = median(scans)
    print(f"DuckDB sums every column: {unit:.2f} CPU-s ({rounds} rounds, the median)")
    for stage in STAGES:
        show(stage, median(part[stage] for part in parts), unit)
    slices = [sum(part[stage] for stage in STAGES if stage not in NOT_SLICES) for part in parts]
    show("rows read, slices compared", median(slices), unit)
    show("the command `whence why`", median(spent for spent, *_ in commands), unit)
    report = json.loads(commands[-1][-1])
    first = report["findings"][0]
    print(f"peak memory {max(memory for _, memory, _ in commands) / 1e6:.0f} MB")
    print(f"first finding: {first['cause']}, {first['slice']}")
    print(
        f"its rows and the faulty ones: Jaccard {overlap(path, first['slice'], np.load(truth)):.3f}"
    )
    ratio = median(slices) / unit
    print(f"goal at most {GOAL:.0f} times the scan; measured {ratio:.1f}; met: {ratio <= GOAL}")


def show(name: str, seconds: float, unit: float) -> None:
    """Print one line of the table."""
    print(f"  {name:28}{seconds:7.2f} CPU-s{seconds / unit:7.1f} times")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where the table stays, to be used again")
    parser.add_argument("--stages", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.stages:
        print(json.dumps(stages(chosen.stages)))
        return
    with tempfile.TemporaryDirectory() as name:
        run(chosen.folder or Path(name), chosen.rows, chosen.seed, chosen.rounds)


if __name__ == "__main__":
    main()
