"""Intervals by drawing whole blocks of rows with replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.why.split import Split

__all__ = ["block_sums", "interval", "redraw"]

DRAWS = 1000
"""The standard error of a bootstrap standard error is then about 2 % of it."""

_LEVEL = 0.975


def block_sums(per_row: NDArray[np.float64], parts: Split) -> NDArray[np.float64]:
    """Return the sums (blocks, k) of per-row quantities (n, k) within each block."""
    return np.column_stack(
        [np.bincount(parts.block, weights=one, minlength=parts.blocks) for one in per_row.T]
    )


def redraw(sums: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return totals (DRAWS, k) over as many blocks as there are, drawn with replacement.

    The block bootstrap with windows as blocks (Davison & Hinkley 1997, section 8.2): rows of
    one window are not independent, windows nearly are.
    """
    blocks = len(sums)
    drawn = rng.multinomial(blocks, np.full(blocks, 1 / blocks), size=DRAWS)
    return np.asarray(drawn @ sums)


def interval(point: float, draws: NDArray[np.float64], blocks: int) -> tuple[float, float]:
    """Return the 95 % interval around `point` from bootstrap draws of it.

    Student's t on `blocks` - 1 degrees of freedom times the draws' standard deviation, widened
    by sqrt(B / (B - 1)): percentiles of a few blocks' bootstrap are too narrow. Unbounded with
    one block.
    """
    if blocks < 2 or not len(draws):  # noqa: PLR2004 -- one block has no spread
        return (-np.inf, np.inf)
    se = float(np.nanstd(draws) * np.sqrt(blocks / (blocks - 1)))
    reach = float(student.ppf(_LEVEL, blocks - 1)) * se
    return (point - reach, point + reach)
