"""A label shift: the classes became more or less frequent, each looking as before.

See ``docs/causes/label-shift.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import chi2_contingency

from whence.causes.evidence import Evidence, Outcome
from whence.causes.features import VERSION
from whence.causes.moved import bin_counts, distance, scores_distance
from whence.causes.tilt import cross_tilt
from whence.profile.bins import fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.profile.bins import CategoryBins, NumberBins
    from whence.types.rows import Column, Rows

__all__ = ["NAME", "QUESTION", "test"]

NAME = "label-shift"
QUESTION = "Did the classes become more or less frequent, each looking as before?"

_TELLING = 1e-6
_EXPLAINED = 0.5
"""The implied inputs must explain at least half of how the inputs moved."""


def test(evidence: Evidence) -> Outcome:
    """Shift q0 by a_y alone, and see whether the shift implies the failing period's inputs.

    Under a label shift p(x | y) stays, so reference rows weighted by p1(y) / p0(y) have the
    failing period's inputs (Saerens et al. 2002; Lipton et al. 2018). Inputs are compared by
    the distribution of q0(y | x, f), which is sufficient for y, so that drift of columns that
    say nothing about the label does not matter.
    """
    if evidence.target.kind == "correct":
        return Outcome(NAME, ruled_out_by="too many classes to compare how frequent each is")
    group = np.zeros(len(evidence.after), np.intp)
    fitted = cross_tilt(evidence.log_q, evidence.y, evidence.fold, group, temper=False)
    size = evidence.target.size
    share = np.bincount(evidence.y, minlength=size) / max(1, len(evidence.y))
    implied, moved = _distances(evidence, share)
    matches = implied <= _EXPLAINED * moved
    old = np.bincount(evidence.target.code(evidence.before), minlength=size)
    said = (
        f"weighting the reference by class leaves {implied:.4f} of the {moved:.4f} by which the "
        "scores' distribution moved"
    )
    return Outcome(
        NAME,
        fitted,
        ruled_out_by=None
        if matches
        else "the inputs did not move as a change of the classes' shares implies",
        rows=np.ones(len(evidence.after), bool),
        everywhere=True,
        story="the classes came in other proportions: " + _shares(evidence, old, share),
        evidence=(said,),
        points=_points(evidence, old, share),
        moves_mix=_columns_match(evidence, share),
        remedy=(
            "Suggestion, to be tested on later rows: adjust the model's probabilities to the "
            "new class shares, or move the threshold; no retraining is needed for that."
        ),
    )


def _points(evidence: Evidence, old: NDArray[np.intp], share: NDArray[np.float64]) -> float:
    """Return how much worse the reference's own rows are at the new class shares."""
    y = evidence.target.code(evidence.before)
    weight = (share / np.maximum(old / max(1, old.sum()), 1e-12))[y]
    loss = evidence.before.loss
    return float((weight * loss).sum() / max(weight.sum(), 1e-12) - loss.mean())


def _shares(evidence: Evidence, old: NDArray[np.intp], new: NDArray[np.float64]) -> str:
    before = old / max(1, old.sum())
    most = int(np.abs(new - before).argmax())
    named = evidence.target.kind == "label"
    name = evidence.before.classes[most] if named else f"fifth {most + 1} of the label"
    return f"{name!r} is {new[most]:.1%} of the labels, was {before[most]:.1%}"


def _distances(evidence: Evidence, share: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far weighted and unweighted reference scores are from the failing rows'."""
    held_out = evidence.before.take(~evidence.half)
    score = evidence.baseline.log_q(held_out)
    weight = _weight(evidence, held_out, share)
    return scores_distance(score, evidence.log_q, weight), scores_distance(score, evidence.log_q)


def _weight(evidence: Evidence, rows: Rows, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weight of each row (n,) that gives the classes these shares."""
    y = evidence.target.code(rows)
    counts = np.bincount(y, minlength=evidence.target.size)
    return np.where(counts > 0, share / np.maximum(counts / max(1, len(y)), 1e-12), 0.0)[y]


def _columns_match(evidence: Evidence, share: NDArray[np.float64]) -> bool:
    """Whether weighting the reference by class explains how each telling column moved.

    Where the inputs leave no doubt about the label, q0 needs no shift to fit, and scores see
    nothing of the inputs but the class: then the columns decide between this and a mix shift.
    """
    y = evidence.target.code(evidence.before)
    weight = _weight(evidence, evidence.before, share)
    implied = moved = 0.0
    for column in evidence.after.columns:
        old = evidence.before.column(column.name)
        bins = fit(old)
        if column.name == VERSION or not _tells(bins, old, y):
            continue
        was, now = bin_counts(bins, old), bin_counts(bins, column)
        implied += distance(bin_counts(bins, old, weight), now)
        moved += distance(was, now)
    return moved > 0 and implied <= _EXPLAINED * moved


def _tells(bins: NumberBins | CategoryBins, column: Column, y: NDArray[np.intp]) -> bool:
    """Whether a column's distribution differs between classes beyond chance (chi-squared)."""
    table = np.array([bin_counts(bins, column, (y == k).astype(float)) for k in np.unique(y)])
    table = table[:, table.sum(axis=0) > 0]
    return table.shape[1] > 1 and bool(chi2_contingency(table, correction=False).pvalue < _TELLING)
