"""From hits and margins to a stated confidence, and how well that holds on datasets left out."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from scorecard import UNSURE, rate
from sklearn.isotonic import IsotonicRegression

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trials import Trial

__all__ = ["curves", "reliability"]

FEWEST = 20
"""A verdict given less often than this has no curve."""

MOST_MARGIN = 1e6
BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)

Curve = dict[str, list[float] | int]


def curves(trials: Sequence[Trial]) -> dict[str, Curve]:
    """Return each cause's curve."""
    said = {one.cause for one in trials} - UNSURE
    given = {cause: [one for one in trials if one.cause == cause] for cause in sorted(said)}
    return {cause: _curve(mine) for cause, mine in given.items() if len(mine) >= FEWEST}


def _curve(trials: Sequence[Trial]) -> Curve:
    """Return the steps of the isotonic hit rate over margins, capped at (hits + 1) / (n + 2).

    A step of few rows is never stated below the one before it: the rate rises with the margin.
    """
    margin = np.array([_margin(one) for one in trials])
    hit = np.array([float(one.hit) for one in trials])
    fitted = IsotonicRegression(y_min=0, y_max=1).fit(margin, hit).predict(margin)
    steps: Curve = {"margin": [], "hit": [], "n": len(trials)}
    for level in np.unique(fitted):
        within = fitted == level
        capped = min(float(level), (hit[within].sum() + 1) / (within.sum() + 2))
        steps["margin"].append(round(float(margin[within].min()), 3))
        steps["hit"].append(max([round(capped, 3), *steps["hit"][-1:]]))
    return steps


def _margin(trial: Trial) -> float:
    return MOST_MARGIN if trial.margin is None else min(trial.margin, MOST_MARGIN)


def _read(curve: Curve, margin: float) -> float:
    at = int(np.searchsorted(curve["margin"], margin, side="right")) - 1
    return float(curve["hit"][max(at, 0)])


def reliability(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield a table of stated and observed rates, each dataset scored with the others' curves."""
    stated, hit = [], []
    for world in sorted({one.world for one in trials}):
        fitted = curves([one for one in trials if one.world != world])
        for one in trials:
            if one.world == world and one.cause in fitted:
                stated.append(_read(fitted[one.cause], _margin(one)))
                hit.append(float(one.hit))
    said, happened = np.array(stated), np.array(hit)
    brier = float(((said - happened) ** 2).mean())
    base = float(((happened.mean() - happened) ** 2).mean())
    yield f"Brier score {brier:.4f} (of always saying the mean, {base:.4f}), n = {len(said)}."
    yield ""
    yield "| confidence stated | mean | right |"
    yield "|---|---|---|"
    for low, high in itertools.pairwise(BANDS):
        within = (said > low) & (said <= high)
        if within.any():
            right = rate(int(happened[within].sum()), int(within.sum()))
            yield f"| {low:.2f}-{high:.2f} | {said[within].mean():.2f} | {right} |"
    yield ""
