"""Folding what programs logged: a million rows of fifty fields, and thousands of journals."""

from __future__ import annotations

import os
import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from cost import Figure, Meter, run

import whence
from whence.store.folder import StoreFolder
from whence.work.fold import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["figures"]

ROWS = 1_000_000
JOURNALS = 5_000
ROWS_A_JOURNAL = 3
FIELDS = 50
A_DAY = 33_334
A_FRAME = 10_000
START = datetime(2023, 9, 1, tzinfo=UTC)
MOST_SECONDS = 20.0
MOST_SECONDS_JOURNALS = 5.0


def figures(seed: int) -> Iterator[Figure]:
    """Yield the CPU seconds of three folds."""
    for how in ("dicts", "frames"):
        cost = run("folding", "rows", how, ROWS, seed)
        yield Figure(
            f"fold {ROWS:,} rows of {FIELDS} fields logged as {how}",
            MOST_SECONDS,
            cost.cpu,
            "CPU s",
            "one call a row" if how == "dicts" else f"frames of {A_FRAME:,} rows",
        )
    cost = run("folding", "many_journals", JOURNALS, seed)
    yield Figure(
        f"fold {JOURNALS:,} journals",
        MOST_SECONDS_JOURNALS,
        cost.cpu,
        "CPU s",
        f"{ROWS_A_JOURNAL} rows each, of processes that have ended",
    )


def rows(meter: Meter, how: str, number: str, seed: str) -> None:
    """Log rows and fold them."""
    chance = random.Random(int(seed))  # noqa: S311 - data to log
    with tempfile.TemporaryDirectory() as name:
        model = whence.model("m", store=name)
        for first in range(0, int(number), A_FRAME):
            made = [_row(chance, at) for at in range(first, min(first + A_FRAME, int(number)))]
            if how == "frames":
                model.log(pa.Table.from_pylist(made), id="id", time="ts", prediction="pred")
            else:
                for row in made:
                    model.log(row, id="id", time="ts", prediction="pred")
        _fold(meter, Path(name), int(number))


def many_journals(meter: Meter, number: str, seed: str) -> None:
    """Let many processes log a few rows each, then fold their journals."""
    with tempfile.TemporaryDirectory() as name:
        for first in range(0, int(number) * ROWS_A_JOURNAL, ROWS_A_JOURNAL):
            child = os.fork()
            if not child:
                chance = random.Random(f"{seed} {first}")  # noqa: S311 - data to log
                model = whence.model("m", store=name)
                for at in range(first, first + ROWS_A_JOURNAL):
                    model.log(_row(chance, at), id="id", time="ts", prediction="pred")
                os._exit(0)
            os.waitpid(child, 0)
        _fold(meter, Path(name), int(number) * ROWS_A_JOURNAL)


def _row(chance: random.Random, number: int) -> dict[str, object]:
    row: dict[str, object] = {
        "id": f"request-{number}",
        "ts": START + timedelta(days=number // A_DAY, seconds=number % A_DAY),
        "pred": chance.choice(["yes", "no"]),
    }
    for at in range(FIELDS - len(row)):
        word = at % 5 == 0
        row[f"field_{at}"] = chance.choice("abcdefgh") if word else chance.gauss(at, 1)
    return row


def _fold(meter: Meter, store: Path, expected: int) -> None:
    opened = StoreFolder(store)
    with opened.lease(), meter():
        counts = fold(opened)
    assert counts["m", "predictions"] == expected, counts
    print(f"{meter.cpu:.1f} CPU s", file=sys.stderr)
