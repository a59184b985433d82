"""What a service waits for: one `m.log` of a row, and `import whence`."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from array import array
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from cost import Figure, Meter, cpu_seconds, run

import whence

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

CALLS = 200_000
MOST_MEDIAN = {10: 8.0, 50: 20.0}
MOST_TAIL = 2.0
MOST_START = 1.5
STARTS = 100
RARE = 0.999
SETTLED = 5_000
"""Calls after which the median is known well enough to idle for as long."""


def figures(seed: int) -> Iterator[Figure]:
    """Yield the median and the tail of a call for two widths of rows, and the start."""
    for fields, most in MOST_MEDIAN.items():
        says = run("calls", "log", fields, CALLS, seed).says
        yield Figure(
            f"m.log of a row of {fields} fields, median", most, says["median"], "us",
            f"a bare write of the same {says['bytes']:.0f} bytes {says['bare median']:.1f} us",
        )  # fmt: skip
        yield Figure(
            f"m.log of a row of {fields} fields, 99.9th percentile, to that of a bare os.write",
            MOST_TAIL, says["tail"] / says["bare tail"], "x",
            f"{says['tail']:.0f} us, bare {says['bare tail']:.0f} us; a loop as long as a call "
            f"that does nothing {says['idle tail']:.0f} us",
        )  # fmt: skip
    says = run("calls", "starts").says
    yield Figure(
        "import whence, to the start of bare Python", MOST_START,
        says["whence"] / says["bare"], "x",
        f"{says['whence'] * 1000:.1f} ms, bare {says['bare'] * 1000:.1f} ms",
    )  # fmt: skip


def log(meter: Meter, fields: str, calls: str, seed: str) -> None:
    """Time each call and a bare write of as many bytes, in turn.

    Times go into arrays made before, so that keeping them allocates nothing. What interrupts a
    program falls into the longer call more often; a loop that only looks at the clock for as
    long shows how much of the tail that is.
    """
    chance = random.Random(int(seed))  # noqa: S311 - data to log
    rows = [make_row(int(fields), number, chance) for number in range(1000)]
    ours, bares, idles = (array("q", bytes(8 * int(calls))) for _ in range(3))
    clock = time.perf_counter_ns
    with tempfile.TemporaryDirectory() as name:
        model = whence.model("bench", store=name)
        model.log(rows[0], id="id", time="time", prediction="prediction")
        (journal,) = (Path(name) / "journals").iterdir()
        before = journal.stat().st_size
        model.log(rows[0], id="id", time="time", prediction="prediction")
        frame = os.urandom(journal.stat().st_size - before)
        bare = os.open(Path(name) / "bare", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        lasts = 0.0
        for number in range(int(calls)):
            row = rows[number % len(rows)]
            start = clock()
            model.log(row, id="id", time="time", prediction="prediction")
            middle = clock()
            os.write(bare, frame)
            end = clock()
            stop = end + int(lasts)
            while (now := clock()) < stop:
                pass
            ours[number], bares[number], idles[number] = middle - start, end - middle, now - end
            if number == SETTLED:
                lasts = median(ours[:SETTLED])
        os.close(bare)
    meter.says = {
        "median": median(ours) / 1000,
        "bare median": median(bares) / 1000,
        "tail": sorted(ours)[int(RARE * len(ours))] / 1000,
        "bare tail": sorted(bares)[int(RARE * len(bares))] / 1000,
        "idle tail": sorted(idles[SETTLED + 1 :])[int(RARE * len(idles[SETTLED + 1 :]))] / 1000,
        "bytes": len(frame),
    }


def make_row(fields: int, number: int, chance: random.Random) -> dict[str, object]:
    """Return a dict row: three roles, then numbers and a few words."""
    row: dict[str, object] = {
        "id": f"request-{number}",
        "time": datetime.now(UTC),
        "prediction": chance.choice(["yes", "no"]),
    }
    for at in range(fields - len(row)):
        word = at % 5 == 0
        row[f"field_{at}"] = chance.choice("abcdef") if word else chance.random()
    return row


def starts(meter: Meter) -> None:
    """Start Python many times with and without Whence, in turn."""
    costs: dict[str, list[float]] = {"pass": [], "import whence": []}
    for _ in range(STARTS):
        for statement, found in costs.items():
            before = cpu_seconds()
            subprocess.run([sys.executable, "-c", statement], check=True)  # noqa: S603 - ourselves
            found.append(cpu_seconds() - before)
    meter.says = {
        "bare": sum(costs["pass"]) / STARTS,
        "whence": sum(costs["import whence"]) / STARTS,
    }
