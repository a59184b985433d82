"""How often an incident opens where nothing is wrong, and how soon where something is.

Run ``python bench/incidents/controls.py``; ``--write`` puts the tables into docs/benchmarks.md,
``--nannyml PYTHON`` names an interpreter that has NannyML, which is then run on the same days.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when numpy is imported

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from days import REFERENCE, YEAR, Days, first_incident, pass_days
from page import replace_section
from scipy import stats
from scorecard import rate
from worlds import NAMES, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEER = Path(__file__).with_name("nannyml_peer.py")
ROWS = (200, 1000)
FIRST = 30
"""The failure begins after that many healthy days of the year."""

LATEST = 120
WORSE = (0.02, 0.05, 0.10)
DELAY_WORLD = "employment-ma"
CHUNKS = 10
SIGMAS = 3.0
DAILY = 0.05
REPORTED = 7000


def steady(_: np.random.Generator, days: int) -> np.ndarray:
    """Return days that are alike."""
    return np.zeros(days)


def uneven(rng: np.random.Generator, days: int) -> np.ndarray:
    """Return days and weekdays that differ, each by half a point."""
    week = rng.normal(0, 0.5, 7)
    return rng.normal(0, 0.5, days) + week[np.arange(days) % 7]


def autocorrelated(rng: np.random.Generator, days: int) -> np.ndarray:
    """Return hardness of half a point with an autocorrelation of .7 from day to day."""
    noise, out = rng.normal(0, 0.5, days), np.zeros(days)
    for day in range(1, days):
        out[day] = 0.7 * out[day - 1] + np.sqrt(1 - 0.7**2) * noise[day]
    return out


def seasonal(rng: np.random.Generator, days: int) -> np.ndarray:
    """Return hardness that swings once a year, a point from trough to peak."""
    return 0.5 * np.sin(2 * np.pi * (np.arange(days) / YEAR + rng.random()))


CONTROLS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "independent days": steady,
    "day and weekday effects": uneven,
    "autocorrelated inputs (.7)": autocorrelated,
    "slow season": seasonal,
}


def false_incident(control: str, number: int) -> bool:
    """Whether one healthy year of one model has an incident."""
    rng = np.random.default_rng([REPORTED, list(CONTROLS).index(control), number])
    world = load(NAMES[number % len(NAMES)])
    rows = ROWS[number // len(NAMES) % len(ROWS)]
    days = pass_days(world, CONTROLS[control](rng, REFERENCE + YEAR), rows, rng)
    return first_incident(days) is not None


def false_incidents(years: int, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Yield a table of healthy years with an incident, by control."""
    yield "| no fault, a year of 365 windows | model-years with an incident |"
    yield "|---|---|"
    total = 0
    for control in CONTROLS:
        found = sum(pool.map(partial(false_incident, control), range(years)))
        total += found
        yield f"| {control} | {rate(found, years)} |"
    yield f"| all | {rate(total, years * len(CONTROLS))} |"
    yield ""


def failing(worse: float, rows: int, number: int, device: int | None = None) -> Days:
    """Return days of which the labels turn at `FIRST`, so that the loss rises by `worse`."""
    rng = np.random.default_rng([REPORTED, round(1000 * worse), rows, number])
    world = load(DELAY_WORLD)
    chance = worse / (1 - 2 * float(world.loss.mean()))

    def truth(
        meta: dict[str, np.ndarray], day: np.ndarray, y: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        inside = np.ones(len(y), bool) if device is None else meta["device"] == device
        part = chance / inside.mean()
        turned = (day >= REFERENCE + FIRST) & inside & (rng.random(len(y)) < part)
        return np.where(turned, 1 - y, y)

    return pass_days(world, np.zeros(REFERENCE + FIRST + LATEST), rows, rng, truth)


def daily_test(days: Days) -> int | None:
    """Return the first day whose loss is above the reference's with p < .05."""
    loss = [days.loss[days.day == day] for day in range(int(days.day[-1]) + 1)]
    mean = float(np.concatenate(loss[:REFERENCE]).mean())
    for number, one in enumerate(loss[REFERENCE:]):
        if stats.binomtest(int(one.sum()), len(one), mean, alternative="greater").pvalue < DAILY:
            return number + 1
    return None


def three_sigmas(days: Days) -> int | None:
    """Return the day on which a chunk is three sigmas above the reference's ten chunks."""
    size = int((days.day < REFERENCE).sum()) // CHUNKS
    chunks = [days.loss[at : at + size].mean() for at in range(0, len(days.loss) - size + 1, size)]
    known = np.array(chunks[:CHUNKS])
    line = known.mean() + SIGMAS * known.std()
    for number, one in enumerate(chunks[CHUNKS:], CHUNKS):
        if one > line:
            return int(days.day[(number + 1) * size - 1]) - REFERENCE + 1
    return None


RULES: dict[str, Callable[[Days], int | None]] = {
    "Whence, all streams": first_incident,
    "daily p < .05": daily_test,
    "three sigmas over ten chunks": three_sigmas,
}


def found_at(worse: float, rows: int, number: int, device: int | None) -> dict[str, int | None]:
    """Return each rule's day of the first alarm."""
    days = failing(worse, rows, number, device)
    found = {name: rule(days) for name, rule in RULES.items()}
    if device is not None:
        found["Whence, all rows only"] = first_incident(days, slices=False)
    return found


def peer_days(
    python: str, cases: list[tuple[float, int, int, int | None]]
) -> dict[tuple[float, int, int, int | None], dict[str, int | None]]:
    """Return NannyML's days of the first alarm of each case, run by its own interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        for number, case in enumerate(cases):
            days = failing(*case)
            table = pa.table(
                {
                    "day": days.day,
                    "y": days.truth,
                    "predicted": days.answers[0],
                    "proba": days.answers[1],
                }
            )
            pq.write_table(table, Path(folder) / f"{number}.parquet")
        told = subprocess.run(  # noqa: S603 -- the interpreter the user named
            [python, str(PEER), folder, str(REFERENCE)], capture_output=True, text=True, check=True
        ).stdout
    lines = [line.split() for line in told.splitlines() if line.startswith("found ")]
    read = {
        int(n): (None if a == "-" else int(a), None if b == "-" else int(b)) for _, n, a, b in lines
    }
    return {
        case: dict(zip(("NannyML, realised", "NannyML, CBPE"), read[number], strict=True))
        for number, case in enumerate(cases)
    }


def delays(times: int, pool: ProcessPoolExecutor, python: str | None) -> Iterator[str]:
    """Yield a table of windows until found, by size of the fault and rule."""
    yield "| fault | rows a day | rule | false alarm before it | found | windows until found |"
    yield "|---|---|---|---|---|---|"
    for device, worse, rows in product((None, 2), WORSE, ROWS):
        cases = [(worse, rows, number, device) for number in range(times)]
        found = list(pool.map(found_at, *zip(*cases, strict=True)))
        if python is not None:
            told = peer_days(python, cases)
            found = [{**one, **told[case]} for one, case in zip(found, cases, strict=True)]
        place = "in all rows" if device is None else "in one device's rows (a fifth)"
        for rule in found[0]:
            days = [one[rule] for one in found]
            early = sum(day is not None and day <= FIRST for day in days)
            late = [day - FIRST for day in days if day is not None and day > FIRST]
            middle = ""
            if late:
                middle = f"median {np.median(late):.0f}, nine of ten {np.quantile(late, 0.9):.0f}"
            yield (
                f"| loss +{worse:.2f} {place} | {rows} | {rule} | {early} of {times} | "
                f"{len(late)} of {times - early} | {middle} |"
            )
    yield ""


def main() -> None:
    """Run, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=64, help="of each control")
    parser.add_argument("--times", type=int, default=20, help="repetitions of each failure")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--nannyml", metavar="PYTHON")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    lines = []
    with ProcessPoolExecutor(chosen.jobs) as pool:
        for line in false_incidents(chosen.years, pool):
            print(line, flush=True)
            lines.append(line)
        for line in delays(chosen.times, pool, chosen.nannyml):
            print(line, flush=True)
            lines.append(line)
    if chosen.write:
        replace_section(
            "alarms", [f"`python bench/incidents/controls.py`, seed {REPORTED}.", "", *lines]
        )


if __name__ == "__main__":
    main()
