"""The scorecard of the verdicts: faults put into real data, and what was said of them.

Run ``python bench/incidents``; docs/benchmarks.md says what is put in. ``--seeds N`` sets the
incidents of each kind in each dataset, ``--pairs N`` those of each pair; ``--building`` takes the
seeds that the method was built on instead of those that are reported; ``--write`` puts the tables
into docs/benchmarks.md and the measured confidence into the package.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when numpy is imported

from typing import TYPE_CHECKING

from calibration import curves, reliability
from page import replace_section
from scorecard import scorecard
from trials import Task, Trial, run, tasks
from worlds import NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[2]
CONFIDENCE = ROOT / "src/whence/why/confidence.json"
BUILDING, REPORTED = 0, 13_000
"""First seeds; those reported were not looked at while the method was built."""

DEFAULT_SEEDS = 4


def main() -> None:
    """Run, print, and write if asked."""
    chosen = _arguments()
    first = BUILDING if chosen.building else REPORTED
    worlds = tuple(chosen.worlds.split(","))
    started = time.perf_counter()
    singles = _run(tasks(range(first, first + chosen.seeds), worlds, pairs=False), chosen.jobs)
    pairs = _run(tasks(range(first, first + chosen.pairs), worlds, pairs=True), chosen.jobs)
    seen = "looked at" if chosen.building else "not looked at"
    last = f"{first + chosen.seeds - 1} (pairs: to {first + chosen.pairs - 1})"
    lines = [
        f"Seeds {first} to {last}, {seen} while the method was built.",
        "",
        *scorecard(singles, pairs),
        *reliability(singles),
    ]
    lines.append(f"`python bench/incidents`: {(time.perf_counter() - started) / 60:.0f} minutes.")
    print("\n".join(lines))
    if chosen.write:
        replace_section("verdicts", lines)
        _keep(singles, first, chosen.seeds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=DEFAULT_SEEDS)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--worlds", default=",".join(NAMES))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--building", action="store_true")
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def _run(chosen: Iterable[Task], jobs: int) -> list[Trial]:
    with ProcessPoolExecutor(jobs) as pool:
        found = []
        for trial in pool.map(run, chosen):
            if trial is not None:
                found.append(trial)
                print(trial.line(), flush=True)
    return found


def _keep(trials: list[Trial], first: int, seeds: int) -> None:
    """Write the measured confidence that the package ships."""
    about = {
        "by": "bench/incidents",
        "on": f"{datetime.now(UTC):%Y-%m-%d}",
        "incidents": len(trials),
        "seeds": [first, first + seeds - 1],
        "datasets": sorted({one.world for one in trials}),
    }
    text = json.dumps({"made": about, "causes": curves(trials)}, indent=1)
    CONFIDENCE.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
