"""A tick over one new day and its late labels: after 300 days against after few.

It is compared with the cheaper of the ticks after 10 days and after 40: until the labels of the
reference have come, which is after 28 days here, a tick begins the watch anew and costs more.

The history is made day by day as a service makes it: predictions and labels are logged, then
watched. So the tables have the files, the log and the database that such a store has.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from cost import Figure, Meter, run

import whence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["figures"]

START = datetime(2023, 1, 1, tzinfo=UTC)
FEW, SETTLED, MANY = 10, 40, 300
TICKS = 7
LABEL_DAYS = 7
COLUMNS = 20
LEVELS = 12
REFERENCE_DAYS = 7
GOAL = 1.3


def figures(seed: int) -> Iterator[Figure]:
    """Yield the ratio for two sizes of day."""
    for rows in (2_000, 20_000):
        says = run("ticks", "history", rows, seed).says
        ratio = says["many"] / min(says["few"], says["settled"])
        yield Figure(
            f"tick over a day of {rows:,} rows, after {MANY} days to after few",
            GOAL,
            ratio,
            "x",
            f"{says['few']:.2f} s after {FEW}, {says['settled']:.2f} s after {SETTLED}, "
            f"{says['many']:.2f} s after {MANY}, "
            f"median of {TICKS}",
        )


def history(meter: Meter, rows: str, seed: str) -> None:
    """Make the history, and say what ticks after `FEW`, `SETTLED` and `MANY` days cost."""
    service = _Service(int(rows), np.random.default_rng(int(seed)))
    costs: dict[str, list[float]] = {"few": [], "settled": [], "many": []}
    with tempfile.TemporaryDirectory() as folder:
        model = whence.model("m", store=Path(folder) / "store")
        model.reference(START, START + timedelta(days=REFERENCE_DAYS))
        for day in range(MANY + TICKS):
            service.go_on(model, day)
            now = START + timedelta(days=day + 1, minutes=5)
            before = meter.cpu
            with meter():
                model.watch(now=now)
            for name, first in (("few", FEW), ("settled", SETTLED), ("many", MANY)):
                if first <= day < first + TICKS:
                    costs[name].append(meter.cpu - before)
    meter.says = {name: median(found) for name, found in costs.items()}


class _Service:
    """A model in production: each day predictions, and labels of random rows of a week."""

    def __init__(self, rows: int, chance: np.random.Generator) -> None:
        self._rows = rows
        self._chance = chance
        self._open: list[tuple[int, NDArray[np.intp]]] = []

    def go_on(self, model: whence.Model, day: int) -> None:
        """Log one day of predictions, and labels for a part of each of the last days' rows."""
        n, chance = self._rows, self._chance
        start = START + timedelta(days=day)
        times = pa.array(
            [start + timedelta(seconds=float(at)) for at in np.sort(chance.uniform(0, 86_399, n))],
            pa.timestamp("us", "UTC"),
        )
        columns = {f"n{k}": chance.normal(size=n) for k in range(COLUMNS)}
        levels = np.array([f"level {k}" for k in range(LEVELS)])
        columns["place"] = levels[chance.integers(0, LEVELS, n)]
        columns["id"] = np.array([f"{day}-{i}" for i in range(n)])
        columns["pred"] = chance.integers(0, 2, n)
        model.log(pa.table({"ts": times, **columns}), id="id", time="ts", prediction="pred")
        self._open.append((day, chance.permutation(n)))
        self._open = self._open[-LABEL_DAYS:]
        late = [
            (from_day, row)
            for from_day, order in self._open
            for row in order[(day - from_day) * n // LABEL_DAYS :][: n // LABEL_DAYS]
        ]
        known = [late[i] for i in chance.permutation(len(late))]
        labels = {
            "id": [f"{from_day}-{row}" for from_day, row in known],
            "truth": chance.integers(0, 2, len(known)),
            "at": pa.array([start + timedelta(hours=23)] * len(known)),
        }
        model.label(pa.table(labels), id="id", label="truth", time="at")
