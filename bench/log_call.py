"""What one call of `record.predictions` costs a service, beside a bare write of the same bytes.

Run: ``python bench/log_call.py [calls]``. The two are interleaved call by call, so that
whatever else the machine does falls on both.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from whence import record
from whence.journal import frames_from, journals
from whence.types.records import Rows

CALLS = 200_000
FIELDS = (10, 50)
ROLES = {"id": "id", "time": "time", "prediction": "prediction", "proba": "proba"}
RARE = 0.999


def make_row(fields: int, number: int, chance: random.Random) -> dict[str, object]:
    """Return a dict row: four roles, then numbers and a few words."""
    row: dict[str, object] = {
        "id": f"request-{number}",
        "time": datetime.now(UTC),
        "prediction": chance.choice(["yes", "no"]),
        "proba": chance.random(),
    }
    for position in range(fields - len(row)):
        word = position % 5 == 0
        row[f"feature_{position}"] = chance.choice("abcdef") if word else chance.random()
    return row


def measure(fields: int, calls: int, folder: Path) -> tuple[list[int], list[int]]:
    """Return the nanoseconds of each call and of each bare write of as many bytes."""
    chance = random.Random(fields)  # noqa: S311 - data to log
    store = folder / f"store-{fields}"
    rows = [make_row(fields, number, chance) for number in range(1000)]
    record.predictions(store, "bench", rows[0], **ROLES)
    journal = journals(store / "journals")[0]
    before = journal.stat().st_size
    record.predictions(store, "bench", rows[0], **ROLES)
    frame = os.urandom(journal.stat().st_size - before)
    bare = os.open(folder / f"bare-{fields}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    clock = time.perf_counter_ns
    ours, bares = [], []
    for number in range(calls):
        row = rows[number % len(rows)]
        start = clock()
        record.predictions(store, "bench", row, **ROLES)
        middle = clock()
        os.write(bare, frame)
        end = clock()
        ours.append(middle - start)
        bares.append(end - middle)
    os.close(bare)
    print(f"{fields} fields, {len(frame)} bytes a call")
    kept = sum(
        isinstance(record.decode(found.payload), Rows)
        for _, found in frames_from(store / "journals")
    )
    assert kept == calls + 2, "every call must be in the journals"
    return ours, bares


def show(name: str, nanoseconds: list[int]) -> None:
    """Print the median and the tail in microseconds."""
    ordered = sorted(nanoseconds)
    tail = ordered[int(RARE * len(ordered))]
    print(
        f"  {name:24}median {median(ordered) / 1000:6.1f} us   p99.9 {tail / 1000:7.1f} us   "
        f"worst {ordered[-1] / 1000:8.0f} us"
    )


def main() -> None:
    """Measure and print."""
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with tempfile.TemporaryDirectory() as name:
        for fields in FIELDS:
            ours, bares = measure(fields, calls, Path(name))
            show("record.predictions", ours)
            show("bare os.write", bares)


if __name__ == "__main__":
    main()
