"""Shares of rows: intervals, and whether a share is larger than it varies on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import special, stats

from whence.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ShareReference", "at_least", "normal_quantile", "wilson"]

JEFFREYS = 0.5
"""Half a row is added to both sides of the reference's share, so that it is never 0 or 1."""


def normal_quantile(confidence: float) -> float:
    """Return z with P(|Z| <= z) = confidence for a standard normal Z; 1.96 at .95."""
    if not 0.0 < confidence < 1.0:
        raise BadInput(f"confidence is {confidence}; give a chance between 0 and 1, such as 0.95")
    return float(special.ndtri(0.5 + confidence / 2.0))


def wilson(successes: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval of a share (Wilson 1927; Brown, Cai & DasGupta 2001, eq. 4).

    Assumes independent trials; for rows that hang together give the effective number.

    Parameters
    ----------
    successes, n
        Successes and trials, ``0 <= successes <= n``; with n = 0 the interval is (0, 1).
    confidence
        Coverage in (0, 1).

    Returns
    -------
    tuple
        Lower and upper limit, in [0, 1].

    Raises
    ------
    BadInput
        If there are more successes than trials, or fewer than none.
    """
    if not 0.0 <= successes <= n:
        raise BadInput(f"{successes:g} successes of {n:g} trials is no share; check the counts")
    square = normal_quantile(confidence) ** 2
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = (share + square / (2.0 * n)) / (1.0 + square / n)
    half = np.sqrt(square * (share * (1.0 - share) / n + square / (4.0 * n**2)))
    half /= 1.0 + square / n
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def at_least(successes: float, n: float, share: float) -> float:
    """Return the chance of at least as many successes of n trials, exact binomial.

    By the incomplete beta function, I_p(k, n - k + 1) (Abramowitz & Stegun 1964, 26.5.24).
    """
    if successes <= 0:
        return 1.0
    return float(special.betainc(successes, n - successes + 1.0, share))


@dataclass(frozen=True, slots=True)
class ShareReference:
    """A share in the reference and how it varies: mean, and correlation of a window's rows.

    Attributes
    ----------
    share
        The reference's share, in (0, 1).
    correlation
        rho: a window's share has variance ``share (1 - share) (1 + (n - 1) rho) / n``; the
        uncertainty of `share` itself is in it.
    windows
        Reference windows with rows.
    """

    share: float
    correlation: float
    windows: int

    @classmethod
    def of(cls, successes: Floats, n: Floats) -> Self:
        """Return the reference from its windows, (W,) arrays of successes and rows.

        rho is the ANOVA estimate (Donner 1986), at least 0, plus 1 / (N + 1) for the
        uncertainty of the share from N rows (the beta predictive of a binomial).

        Raises
        ------
        BadInput
            If a window has more successes than rows, or fewer than none.
        """
        if ((successes < 0) | (successes > n)).any():
            raise BadInput("a reference window has more rows counted than rows; check the counts")
        seen = n > 0
        x, rows = successes[seen], n[seen]
        total, windows = float(rows.sum()), int(seen.sum())
        share = (float(x.sum()) + JEFFREYS) / (total + 2.0 * JEFFREYS)
        return cls(share, min(_correlation(x, rows) + 1.0 / (total + 1.0), 0.999), windows)

    def tails(self, successes: float, n: float) -> tuple[float, float]:
        """Return P(at most as many) and P(at least as many) of `n` rows, beta-binomial."""
        size = 1.0 / self.correlation - 1.0
        law = stats.betabinom(int(n), self.share * size, (1.0 - self.share) * size)
        return min(1.0, float(law.cdf(successes))), min(1.0, float(law.sf(successes - 1)))


def _correlation(x: Floats, rows: Floats) -> float:
    windows, total = len(x), rows.sum()
    if windows < 2 or total <= windows:  # noqa: PLR2004 - one window has no between
        return 0.0
    share = x.sum() / total
    within = (x * (1.0 - x / rows)).sum() / (total - windows)
    between = (rows * (x / rows - share) ** 2).sum() / (windows - 1)
    size = (total - (rows**2).sum() / total) / (windows - 1)
    spread = between + (size - 1.0) * within
    return max(0.0, float((between - within) / spread)) if spread > 0 else 0.0
