"""When labels arrive and for which predictions: what must hold before performance is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput
from whence.watch.drift import DriftReference
from whence.watch.proportion import ShareReference
from whence.watch.variation import FEWEST_WINDOWS, NEGLIGIBLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "HORIZON_SHARE",
    "LabelChange",
    "delay_curve_changed",
    "horizon",
    "labelled_rows_changed",
]

HORIZON_SHARE = 0.9
"""The age at which that part of the reference's labels had arrived is the age of judgement."""

SMALLEST_SHARE = 0.05
"""A change of the labelled share by less does not matter."""


@dataclass(frozen=True, slots=True)
class LabelChange:
    """Whether labels come as they did; while they do not, performance is not judged.

    Attributes
    ----------
    p
        Two-sided chance of such a change; NaN with fewer than 7 reference windows.
    effect
        Change of the labelled share, or Cohen's w between labelled rows then and now.
    sentence
        What it means.
    """

    p: float
    effect: float
    sentence: str

    def blocks(self, level: float) -> bool:
        """Return whether performance verdicts must wait: p is known and below the level."""
        return bool(self.p < level)


def _ages(delay: Floats) -> Floats:
    """Return delays as ages: labels that came with the prediction or at no known time have 0."""
    return np.maximum(np.nan_to_num(delay, nan=0.0, posinf=np.inf, neginf=0.0), 0.0)


def horizon(delay: Floats, share: float = HORIZON_SHARE) -> float:
    """Return the age by which `share` of the reference's labels had arrived.

    Parameters
    ----------
    delay
        (labels,): time from prediction to label in any unit; NaN where unknown.
    share
        In (0, 1].

    Raises
    ------
    BadInput
        If there is no label, or the share is not in (0, 1].
    """
    if not len(delay) or not 0.0 < share <= 1.0:
        raise BadInput(
            f"{len(delay)} labels and a share of {share}: give labels and 0 < share <= 1"
        )
    return float(np.quantile(_ages(delay), share, method="inverted_cdf"))


def delay_curve_changed(
    reference_labelled: Floats,
    reference_rows: Floats,
    labelled: Floats,
    rows: float,
    *,
    smallest: float = SMALLEST_SHARE,
) -> LabelChange:
    """Return whether labels arrive sooner, later or less often than in the reference.

    At each age the labelled share is compared with the reference windows' own variation
    (two-sided beta-binomial, `ShareReference`); the least p counts, times the number of ages
    (Bonferroni). Changes by less than `smallest` do not count.

    Parameters
    ----------
    reference_labelled
        (W, A): rows labelled by each of A ages, per reference window.
    reference_rows
        (W,): rows of each.
    labelled, rows
        (A,) and number: the same of the window, for the ages that it has reached.
    smallest
        Change in share, in (0, 1), that does not matter.

    Raises
    ------
    BadInput
        If more rows are labelled than there are.
    """
    if (labelled > rows).any():
        raise BadInput(f"{labelled.max():g} of {rows:g} rows are labelled; check the counts")
    windows = int((reference_rows > 0).sum())
    if windows < FEWEST_WINDOWS or not rows:
        return LabelChange(np.nan, 0.0, "Too few windows to say how labels usually arrive.")
    changes = labelled / rows - reference_labelled.sum(axis=0) / reference_rows.sum()
    p = np.ones(len(labelled))
    for i in np.flatnonzero(np.abs(changes) > smallest):
        tails = ShareReference.of(reference_labelled[:, i], reference_rows).tails(labelled[i], rows)
        p[i] = min(1.0, 2.0 * min(tails) * len(labelled))
    worst = int(np.lexsort((-np.abs(changes), p))[0])
    change = float(changes[worst])
    direction = "fewer" if change < 0 else "more"
    return LabelChange(
        p=float(p[worst]),
        effect=change,
        sentence=f"{abs(change):.1%} {direction} of the rows are labelled at this age than usual.",
    )


def labelled_rows_changed(
    reference_rows: Floats,
    reference_labelled: Floats,
    rows: Floats,
    labelled: Floats,
    *,
    smallest_effect: float,
) -> LabelChange:
    """Return whether other predictions get labels than in the reference, for one column.

    Labelled and unlabelled rows of each bin are weighed to the window's mix: where the
    reference labelled a share r_b of bin b, one expects rows_b r_b labelled rows there, up to a
    common factor. The labelled rows are compared with that by the test of `drift`, each
    reference window being brought to the window's mix in the same way, so that a change of
    the inputs alone is no change of the labelling.

    Parameters
    ----------
    reference_rows, reference_labelled
        (W, B): rows and labelled rows per reference window and bin.
    rows, labelled
        (B,): the same of the window.
    smallest_effect
        Cohen's w up to which a change does not matter, > 0.
    """
    if (reference_labelled > reference_rows).any() or (labelled > rows).any():
        raise BadInput("a bin has more labelled rows than rows; check the counts")
    if not rows.sum() or not labelled.sum():
        return LabelChange(np.nan, 0.0, "No labels yet.")
    mix = rows / rows.sum()
    brought = _to_mix(reference_rows, reference_labelled, mix)
    weekday = np.full(len(brought), -1)
    result = DriftReference.of(brought, weekday).drift(labelled, smallest_effect=smallest_effect)
    return LabelChange(
        p=result.p,
        effect=result.effect,
        sentence=f"Other rows than usual get labels (Cohen's w {result.effect:.3f}).",
    )


def _to_mix(rows: Floats, labelled: Floats, mix: Floats) -> Floats:
    """Return labelled rows (W, B) as if each window had the given mix of bins, totals kept."""
    overall = labelled.sum() / max(rows.sum(), 1.0)
    in_bin = rows.sum(axis=0)
    usual = np.where(in_bin > 0, labelled.sum(axis=0) / np.maximum(in_bin, 1.0), overall)
    rate = np.where(rows > 0, labelled / np.maximum(rows, 1.0), usual)
    weighed = rate * mix
    scale = labelled.sum(axis=1) / np.maximum(weighed.sum(axis=1), NEGLIGIBLE)
    return np.asarray(weighed * scale[:, None])
