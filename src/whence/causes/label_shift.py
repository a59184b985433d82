"""A label shift: the classes became more or less frequent, each looking as before.

See ``docs/causes/label-shift.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.causes.evidence import Evidence, Outcome
from whence.causes.tilt import cross_tilt

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NAME", "QUESTION", "test"]

NAME = "label-shift"
QUESTION = "Did the classes become more or less frequent, each looking as before?"

_BINS = 10
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
    y = evidence.target.code(held_out)
    counts = np.bincount(y, minlength=evidence.target.size)
    weight = np.where(counts > 0, share / np.maximum(counts / max(1, len(y)), 1e-12), 0.0)[y]
    implied = moved = 0.0
    for k in range(evidence.target.size):
        edges = np.unique(np.quantile(score[:, k], np.arange(1, _BINS) / _BINS))
        code = np.searchsorted(edges, score[:, k], side="right")
        new = np.searchsorted(edges, evidence.log_q[:, k], side="right")
        now = _histogram(new, None, len(edges) + 1)
        implied += _chi_distance(_histogram(code, weight, len(edges) + 1), now)
        moved += _chi_distance(_histogram(code, None, len(edges) + 1), now)
    return implied, moved


def _histogram(
    code: NDArray[np.intp], weight: NDArray[np.float64] | None, size: int
) -> NDArray[np.float64]:
    counts = np.bincount(code, weights=weight, minlength=size).astype(np.float64)
    return np.asarray(counts / max(counts.sum(), 1e-12))


def _chi_distance(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the symmetric chi-squared distance sum (p - q)^2 / (p + q), in [0, 2]."""
    both = p + q
    return float(((p - q)[both > 0] ** 2 / both[both > 0]).sum())
