"""How far a distribution moved: of scores, and of one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.profile.bins import CategoryBins, NumberBins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column

    Floats = NDArray[np.float64]

__all__ = ["bin_counts", "distance", "scores_distance"]

_BINS = 10


def distance(p: Floats, q: Floats) -> float:
    """Return the symmetric chi-squared distance sum (p - q)^2 / (p + q), in [0, 2].

    `p` and `q` are counts or shares of the same bins; each is scaled to sum to 1.
    """
    p, q = p / max(p.sum(), 1e-12), q / max(q.sum(), 1e-12)
    both = p + q
    return float(((p - q)[both > 0] ** 2 / both[both > 0]).sum())


def bin_counts(
    bins: NumberBins | CategoryBins, column: Column, weight: Floats | None = None
) -> Floats:
    """Return the (weighted) rows of each bin, (bins,)."""
    if isinstance(bins, NumberBins):
        code: NDArray[np.integer] = bins.code(column.values.astype(np.float64))
    else:
        code = bins.code(column.values.astype(np.int32), column.levels)
    return np.bincount(code, weight, minlength=bins.size).astype(np.float64)


def scores_distance(score: Floats, other: Floats, weight: Floats | None = None) -> float:
    """Return how far two sets of scores (n, classes) and (m, classes) are apart.

    Distances between ten-bin distributions of each class's score, summed; `weight` (n,) is of
    the first. q0(y | x, f) is sufficient for y, so drift of inputs that say nothing about the
    label does not count.
    """
    total = 0.0
    for k in range(score.shape[1]):
        edges = np.unique(np.quantile(score[:, k], np.arange(1, _BINS) / _BINS))
        old, new = (np.searchsorted(edges, one[:, k], side="right") for one in (score, other))
        size = len(edges) + 1
        counted = np.bincount(old, weight, minlength=size).astype(np.float64)
        total += distance(counted, np.bincount(new, minlength=size).astype(np.float64))
    return total
