"""Rows per window against the reference's own variation; an empty window counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from whence.errors import BadInput
from whence.watch.variation import FEWEST_WINDOWS, FREEDOM_FOR_WEEKDAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SMALLEST_CHANGE", "Volume", "volume"]

SMALLEST_CHANGE = 0.2
"""A window within a fifth of the rows expected is no news, however steady the traffic was."""

HALF_ROW = 0.5
"""Added before the logarithm, so that an empty window has one."""

LIMITS = 0.975
"""The upper end of the range of rows that is called normal."""


@dataclass(frozen=True, slots=True)
class Volume:
    """Rows of one window beside what is usual.

    Attributes
    ----------
    p
        Two-sided chance of such a number; NaN with fewer than 7 reference windows.
    ratio
        Rows over expected rows.
    expected, low, high
        Rows expected, and the range that holds 95 % of normal windows.
    sentence
        The same in words.
    """

    p: float
    ratio: float
    expected: float
    low: float
    high: float
    sentence: str


def volume(
    reference: Floats,
    reference_weekday: NDArray[np.integer],
    rows: float,
    weekday: int = -1,
    *,
    smallest_change: float = SMALLEST_CHANGE,
) -> Volume:
    """Return whether a window has an unusual number of rows.

    The logarithm of the rows is taken as normal around its weekday's mean, with the reference
    windows' spread (at least the Poisson's), and the window is compared by the t prediction
    interval of a new observation (Hahn & Meeker 1991, ch. 4.6). An exact Poisson test beside it
    keeps small counts honest, and a test against expected x (1 -+ smallest change) asks whether
    the change matters; the largest of the three p-values counts.

    Parameters
    ----------
    reference
        (W,): rows of each reference window, empty ones too.
    reference_weekday
        (W,): 0 to 6, or -1. Weekdays are told apart if each seen has two windows and seven
        degrees of freedom are left.
    rows
        Rows of the window, at least 0.
    weekday
        Its weekday, or -1.
    smallest_change
        Part of the expected rows, in (0, 1), up to which a change does not matter.

    Raises
    ------
    BadInput
        If a number of rows is negative, the reference is empty, or the change is not in (0, 1).
    """
    if not len(reference) or (reference < 0).any() or rows < 0:
        raise BadInput(f"{len(reference)} reference windows and {rows:g} rows: give rows >= 0")
    if not 0.0 < smallest_change < 1.0:
        raise BadInput(f"smallest_change is {smallest_change}; give a part between 0 and 1")
    centre, spread, freedom, peers = _usual(reference, reference_weekday, weekday)
    expected = float(np.exp(centre) - HALF_ROW)
    # What a Poisson count of that size leaves to chance is the least that a window varies.
    spread = float(np.sqrt(np.maximum(spread, 1.0 / np.exp(centre)) * (1.0 + 1.0 / peers)))
    reach = special.stdtrit(freedom, LIMITS) * spread
    low, high = (max(0.0, float(np.exp(centre + side * reach) - HALF_ROW)) for side in (-1, 1))
    known = len(reference) >= FEWEST_WINDOWS
    distance = abs(float(np.log(rows + HALF_ROW)) - centre)
    more = np.log(rows + HALF_ROW) > centre
    harmless = np.log1p(smallest_change) if more else -np.log1p(-smallest_change)
    p = max(
        2.0 * float(special.stdtr(freedom, -distance / spread)),
        float(special.stdtr(freedom, -max(distance - harmless, 0.0) / spread)),
        _poisson(rows, expected),
    )
    return Volume(
        p=min(1.0, p) if known else np.nan,
        ratio=rows / expected if expected > 0 else np.inf if rows else 1.0,
        expected=expected,
        low=low,
        high=high,
        sentence=_sentence(rows, expected, low, high, known=known),
    )


def _usual(
    reference: Floats, reference_weekday: NDArray[np.integer], weekday: int
) -> tuple[float, float, int, int]:
    """Return mean and variance of log rows, degrees of freedom, and windows in the mean."""
    y = np.log(reference + HALF_ROW)
    days, counts = np.unique(reference_weekday, return_counts=True)
    apart = (
        weekday in days
        and weekday >= 0
        and counts.min() > 1
        and len(y) - len(days) >= FREEDOM_FOR_WEEKDAYS
    )
    if not apart:
        return float(y.mean()), float(y.var(ddof=min(1, len(y) - 1))), max(len(y) - 1, 1), len(y)
    centres = np.array([y[reference_weekday == day].mean() for day in days])
    residual = y - centres[np.searchsorted(days, reference_weekday)]
    freedom = len(y) - len(days)
    position = int(np.searchsorted(days, weekday))
    spread = float((residual**2).sum() / freedom)
    return float(centres[position]), spread, freedom, int(counts[position])


def _poisson(rows: float, expected: float) -> float:
    below = special.pdtr(np.floor(rows), max(expected, 0.0))
    above = special.pdtrc(np.ceil(rows) - 1.0, max(expected, 0.0)) if rows > 0 else 1.0
    return float(min(1.0, 2.0 * min(below, above)))


def _sentence(rows: float, expected: float, low: float, high: float, *, known: bool) -> str:
    usual = f"{expected:,.0f} are usual" + (f" ({low:,.0f} to {high:,.0f})" if known else "")
    if not rows:
        return f"No rows at all; {usual}."
    unknown = "" if known else "; too few reference windows to say how much they vary"
    return f"{rows:,.0f} rows; {usual}{unknown}."
