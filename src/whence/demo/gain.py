"""How much better one model is than another: a confidence sequence for a mean difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["confidence_sequence", "means_by_person"]

_GRID = 2001  # candidate means: steps of .001 of a difference in [-1, 1]
_CAP = 0.5  # at most half of what could be lost is bet on one person (the paper's c)


def confidence_sequence(
    differences: NDArray[np.float64], alpha: float = 0.05
) -> tuple[float, float]:
    """Return an interval for the mean difference that holds at whatever number one stops.

    The hedged capital process of Waudby-Smith and Ramdas 2023 (JRSS B 86:1, theorem 3, with
    the predictable plug-in bets of their equation 26), on (difference + 1) / 2, as the running
    intersection over the differences in their order. Assumes that each difference has the same
    mean given those before it; nothing about their distribution.

    Parameters
    ----------
    differences
        (n,) in [-1, 1], in the order they came; n may be 0.
    alpha
        Chance that the interval ever misses the mean.

    Returns
    -------
    tuple
        Lower and upper end, on the grid's outer side; (-1, 1) says nothing is known.
    """
    scaled = (np.asarray(differences, np.float64) + 1) / 2
    bets = _bets(scaled, alpha)
    means = np.linspace(0, 1, _GRID)
    with np.errstate(divide="ignore"):
        most_up, most_down = _CAP / means, _CAP / (1 - means)
    log_up, log_down = np.zeros(_GRID), np.zeros(_GRID)
    kept = np.ones(_GRID, bool)
    for value, bet in zip(scaled, bets, strict=True):
        excess = value - means
        log_up += np.log1p(np.minimum(bet, most_up) * excess)
        log_down += np.log1p(-np.minimum(bet, most_down) * excess)
        kept &= np.maximum(log_up, log_down) - np.log(2) < np.log(1 / alpha)
    held = np.flatnonzero(kept)
    if not len(held):  # possible with chance alpha at most: the mean moved, or a rare miss
        return (np.nan, np.nan)
    step = means[1]
    low, high = max(means[held[0]] - step, 0.0), min(means[held[-1]] + step, 1.0)
    return (float(2 * low - 1), float(2 * high - 1))


def _bets(values: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return each bet's size, which depends on the values before it only."""
    count = np.arange(1, len(values) + 1)
    mean = (0.5 + np.cumsum(values)) / (count + 1)
    variance = (0.25 + np.cumsum((values - mean) ** 2)) / (count + 1)
    before = np.concatenate(([0.25], variance[:-1]))[: len(values)]
    bets: NDArray[np.float64] = np.sqrt(2 * np.log(2 / alpha) / (before * count * np.log1p(count)))
    return bets


def means_by_person(
    differences: NDArray[np.float64], people: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return each person's mean difference, people in the order of their first photo.

    Photos of one person are alike, so a person, not a photo, is one independent observation.
    """
    _, first, inverse = np.unique(people, return_index=True, return_inverse=True)
    means = np.bincount(inverse, differences) / np.bincount(inverse)
    ordered: NDArray[np.float64] = means[np.argsort(first)]
    return ordered
