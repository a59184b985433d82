"""How much better a cause predicts failing rows than no change: nats a row, an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Gain", "mean_gain"]

_LEVEL = 0.975
"""The upper quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Gain:
    """A mean over rows (nats a row), its standard error and 95 % interval."""

    mean: float
    se: float
    low: float
    high: float


def mean_gain(per_row: NDArray[np.float64], block: NDArray[np.intp]) -> Gain:
    """Return the mean of a per-row gain with an interval that treats blocks as the sample.

    The standard error is the block bootstrap's in the limit of many draws, the cluster-robust
    ``sqrt(B/(B-1) sum_b (s_b - mean n_b)^2) / n`` (Cameron, Gelbach & Miller 2008, REStat 90),
    with Student's t on B - 1 degrees of freedom. With one block the interval is unbounded.
    """
    rows = len(per_row)
    if not rows:
        return Gain(0.0, np.inf, -np.inf, np.inf)
    size = np.bincount(block).astype(np.float64)
    total = np.bincount(block, weights=per_row)[size > 0]
    size = size[size > 0]
    mean = float(per_row.mean())
    blocks = len(size)
    if blocks == 1:
        return Gain(mean, np.inf, -np.inf, np.inf)
    spread = float(((total - mean * size) ** 2).sum())
    se = float(np.sqrt(blocks / (blocks - 1) * spread)) / rows
    reach = float(student.ppf(_LEVEL, blocks - 1)) * se
    return Gain(mean, se, mean - reach, mean + reach)
