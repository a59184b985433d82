"""Data quality of one column in one window: missing, stuck or new values, or another kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from whence.errors import BadInput
from whence.watch.proportion import ShareReference, at_least
from whence.watch.variation import FEWEST_WINDOWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SMALLEST_SHARE", "Quality", "constant", "kind_changed", "missing", "unseen"]

SMALLEST_SHARE = 0.01
"""A share that grows by less than a point does not matter."""


@dataclass(frozen=True, slots=True)
class Quality:
    """One question about a column: the chance p if all is well, the effect, and words.

    `effect` is the growth of a share of rows, in [-1, 1]; p is NaN where it cannot be told.
    """

    kind: Literal["missing", "constant", "unseen", "kind"]
    p: float
    effect: float
    sentence: str


def missing(
    column: str,
    reference_missing: Floats,
    reference_rows: Floats,
    missing_rows: float,
    rows: float,
    *,
    smallest: float = SMALLEST_SHARE,
) -> Quality:
    """Return whether the share of null, NaN or infinite values has jumped.

    One-sided: a beta-binomial with the reference windows' own variation (`ShareReference`), and
    an exact binomial test against the reference's share plus `smallest`; the larger p counts.

    Parameters
    ----------
    column
        Its name, for the sentence.
    reference_missing, reference_rows
        (W,): missing values and rows of each reference window.
    missing_rows, rows
        Those of the window.
    smallest
        The growth in share, in (0, 1), that does not matter.
    """
    reference = ShareReference.of(reference_missing, reference_rows)
    share, before = (
        _share(missing_rows, rows),
        _share(reference_missing.sum(), reference_rows.sum()),
    )
    p = _grown(reference, missing_rows, rows, before, smallest)
    sentence = f"{share:.1%} of {column!r} is missing; {before:.1%} in the reference."
    return Quality("missing", p, share - before, sentence)


def unseen(
    column: str,
    reference_unseen: Floats,
    reference_rows: Floats,
    unseen_rows: float,
    rows: float,
    *,
    smallest: float = SMALLEST_SHARE,
) -> Quality:
    """Return whether values that the reference has not seen make up too many rows.

    Parameters and test as in `missing`.
    """
    reference = ShareReference.of(reference_unseen, reference_rows)
    share, before = _share(unseen_rows, rows), _share(reference_unseen.sum(), reference_rows.sum())
    p = _grown(reference, unseen_rows, rows, before, smallest)
    sentence = f"{share:.1%} of {column!r} has values that the reference has never seen."
    return Quality("unseen", p, share - before, sentence)


def constant(column: str, reference: Floats, window: Floats) -> Quality:
    """Return whether a column that used to vary has got stuck in one bin.

    The chance that all n rows fall into that bin: its reference share to the power n, if rows
    are independent. Where reference windows were constant too, (such windows + 1) / (W + 1)
    is the better guide, and the larger of the two counts.

    Parameters
    ----------
    column
        Its name, for the sentence.
    reference
        (W, B): rows per reference window and bin, the bins of missing values left out.
    window
        (B,): the same of the window.
    """
    n, bins = window.sum(), int((reference.sum(axis=0) > 0).sum())
    filled = np.flatnonzero(window)
    total = reference.sum()
    if len(filled) != 1 or bins <= 1 or not total:
        return Quality("constant", 1.0, 0.0, f"{column!r} varies, or never did.")
    share = float(reference[:, filled[0]].sum() / total)
    stuck = int(((reference > 0).sum(axis=1) == 1).sum())
    chance = (stuck + 1.0) / (len(reference) + 1.0) if stuck else 0.0
    sentence = (
        f"All {n:,.0f} values of {column!r} lie in one bin that held {share:.1%} of the reference."
    )
    return Quality("constant", float(max(share**n, chance)), 1.0 - share, sentence)


def kind_changed(column: str, before: str, now: str) -> Quality:
    """Return the finding that a column's kind is another one than it was; no test is needed."""
    return Quality("kind", 0.0, 1.0, f"{column!r} was {before} and is now {now}.")


def _grown(
    reference: ShareReference, found: float, rows: float, before: float, smallest: float
) -> float:
    if not 0.0 <= found <= rows:
        raise BadInput(f"{found:g} of {rows:g} rows is no share; check the counts")
    if not rows or reference.windows < FEWEST_WINDOWS:
        return np.nan
    if not found:
        return 1.0
    _, normal = reference.tails(found, rows)
    matters = at_least(found, rows, min(before + smallest, 1.0))
    return float(max(normal, matters))


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
