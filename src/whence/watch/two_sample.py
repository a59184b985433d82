"""Pearson's test that two samples share one distribution over bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["FEWEST_EXPECTED", "Pearson", "merged", "pearson"]

FEWEST_EXPECTED = 5.0
"""Bins in which fewer rows are expected are merged: X2 stays near chi-squared (Cochran 1954)."""


@dataclass(frozen=True, slots=True)
class Pearson:
    """X2 of a window against a reference.

    `harmonic_rows` is n_h = n N / (n + N). `freedom` is 0 where nothing can be compared: one
    bin only, or an empty side.
    """

    statistic: float
    freedom: int
    harmonic_rows: float


def merged(expected: Floats) -> NDArray[np.intp]:
    """Return for each bin the bin it is counted in, given the rows expected in the window.

    Bins below `FEWEST_EXPECTED` become one; if that is still too small, the smallest of the
    others joins it.
    """
    small = expected < FEWEST_EXPECTED
    group = np.where(small, 0, np.cumsum(~small))
    if small.any() and (~small).any() and expected[small].sum() < FEWEST_EXPECTED:
        group[np.where(small, np.inf, expected).argmin()] = 0
    return np.asarray(np.unique(group, return_inverse=True)[1], np.intp)


def pearson(reference: Floats, window: Floats) -> Pearson:
    """Return Pearson's X2 of two rows of counts (B,), always as two samples (Pearson 1911).

    Expected counts come from both together, so that a reference which is itself small is not
    taken for the truth.
    """
    before, now = reference.sum(), window.sum()
    if not before or not now:
        return Pearson(0.0, 0, 0.0)
    pooled = reference + window
    group = merged(pooled * (now / (before + now)))
    bins = int(group.max()) + 1
    total = np.bincount(group, pooled, bins)
    share = total / (before + now)
    gap = np.bincount(group, window, bins) / now - np.bincount(group, reference, bins) / before
    harmonic = before * now / (before + now)
    return Pearson(float(harmonic * np.sum(gap**2 / share)), bins - 1, float(harmonic))
