"""How often a verdict is right, by kind and by margin: writes ``why/confidence.json``.

Run ``python bench/verdicts.py``; ``--write`` replaces the file the package ships, ``--seeds N``
sets the incidents per kind. Each kind of incident is drawn in three kinds of world. The curve of
each verdict is an isotonic fit of hits on margins, and every value is capped at (hits + 1) /
(n + 2) of the incidents behind it.

What it does not cover: real incidents, several failures at once, drops below `LEAST_DROP` (such
an incident is drawn again), and kinds or worlds other than those of ``incidents.py``, which the
method was built on too, with other seeds. Expect less on data that look different.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.isotonic import IsotonicRegression

from incidents import KINDS, WORLDS, Case, simulate
from whence.watch.proportion import wilson
from whence.why.examination import examine

FIRST_SEED = 5000
"""The seeds below were looked at while the method was built."""

FEWEST = 20
"""A verdict given less often than this has no curve."""

SHIPPED = Path(__file__).parents[1] / "src/whence/why/confidence.json"
UNSURE = {"cannot-tell-yet", "cannot-know", "unexplained"}
"""Answers that claim nothing, and so need no chance of being right."""

HONEST = {"none": {"nothing-wrong", "cannot-tell-yet"}}
ROWS_BEFORE, ROWS_AFTER = 12_000, 6_000
LEAST_DROP = 0.02
MOST_DRAWS, NEXT_DRAW = 20, 100_000


@dataclass
class Trial:
    """One incident: what it was, what was said, and how far that was from another verdict."""

    world: str
    kind: str
    cause: str
    margin: float
    explained: float

    @property
    def hit(self) -> bool:
        """Whether the verdict named the kind."""
        return self.cause in HONEST.get(self.kind, {self.kind})


def run(seeds: int) -> list[Trial]:
    """Diagnose every kind of incident in every world."""
    trials = []
    for number in range(seeds):
        world = WORLDS[number % len(WORLDS)]
        for kind in KINDS:
            # The size of a period varies, so that easy and hard cases are both among them.
            scale = (0.5, 1.0, 2.0)[number // len(WORLDS) % 3]
            case = incident(kind, FIRST_SEED + number, world, scale)
            examined = examine(case.before, case.after)
            drop = examined.ledger.drop.points
            named = examined.attribution.points_of(examined.cause)
            explained = named / drop if drop else np.nan
            trials.append(Trial(world, kind, examined.cause, examined.margin, explained))
    return trials


def incident(kind: str, seed: int, world: str, scale: float) -> Case:
    """Draw incidents until one costs enough that a watch would have opened it."""
    rows = {"before": int(ROWS_BEFORE * scale), "after": int(ROWS_AFTER * scale)}
    for attempt in range(MOST_DRAWS):
        case = simulate(kind, seed + NEXT_DRAW * attempt, world=world, **rows)
        drop = case.after.loss.mean() - case.before.loss.mean()
        if kind == "none" or drop >= LEAST_DROP:
            return case
    return case


def curve(trials: list[Trial]) -> dict[str, list[float] | int]:
    """Return the steps of the isotonic hit rate over margins, capped."""
    margin = np.array([min(trial.margin, 1e6) for trial in trials])
    hit = np.array([float(trial.hit) for trial in trials])
    fitted = IsotonicRegression(y_min=0, y_max=1).fit(margin, hit).predict(margin)
    steps: dict[str, list[float] | int] = {"margin": [], "hit": [], "n": len(trials)}
    for level in np.unique(fitted):
        within = fitted == level
        capped = min(float(level), (hit[within].sum() + 1) / (within.sum() + 2))
        steps["margin"].append(round(float(margin[within].min()), 3))
        steps["hit"].append(round(capped, 3))
    return steps


def main() -> None:
    """Run, print the table, and write the curves if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=36)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    started = time.perf_counter()
    trials = run(chosen.seeds)
    for kind in KINDS:
        mine = [trial for trial in trials if trial.kind == kind]
        said = Counter(trial.cause for trial in mine)
        hits = sum(trial.hit for trial in mine)
        low, high = wilson(hits, len(mine))
        print(f"{kind:10s} {hits:3d} of {len(mine)}  [{low:.2f}, {high:.2f}]  {dict(said)}")
    causes = {}
    for cause in sorted({trial.cause for trial in trials}):
        given = [trial for trial in trials if trial.cause == cause]
        if cause not in UNSURE and len(given) >= FEWEST:
            causes[cause] = curve(given)
            print(cause, causes[cause])
    print(f"{time.perf_counter() - started:.0f} s; {leave_one_world_out(trials)}")
    if chosen.write:
        made = {
            "by": "bench/verdicts.py",
            "on": f"{datetime.now(UTC):%Y-%m-%d}",
            "incidents": len(trials),
            "seeds": [FIRST_SEED, FIRST_SEED + chosen.seeds - 1],
            "worlds": list(WORLDS),
            "least_drop": LEAST_DROP,
            "redrawn_at_seed_plus": NEXT_DRAW,
            "left_out": leave_one_world_out(trials),
        }
        text = json.dumps({"made": made, "causes": causes}, indent=1)
        SHIPPED.write_text(text + "\n", "utf-8")


def leave_one_world_out(trials: list[Trial]) -> dict[str, float]:
    """Return the Brier score of each world's confidence when fitted on the other worlds."""
    scores = {}
    for world in WORLDS:
        errors = []
        for cause in {trial.cause for trial in trials}:
            fitting = [t for t in trials if t.cause == cause and t.world != world]
            scoring = [t for t in trials if t.cause == cause and t.world == world]
            if len(fitting) < FEWEST:
                continue
            steps = curve(fitting)
            for trial in scoring:
                at = int(np.searchsorted(steps["margin"], trial.margin, side="right")) - 1
                errors.append((steps["hit"][max(at, 0)] - trial.hit) ** 2)
        scores[world] = round(float(np.mean(errors)), 4) if errors else float("nan")
    return scores


if __name__ == "__main__":
    main()
