"""Label delay: labels have come for other rows than they used to, so their mean says little.

See ``docs/causes/label-delay.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from whence.causes.evidence import Evidence, Outcome
from whence.causes.moved import scores_distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NAME", "QUESTION", "test"]

NAME = "label-delay"
QUESTION = "Do labels come for other rows than they used to?"

_FEWER = 0.8
"""Labels are missing when the labelled share fell below this part of what it was."""

_EXPLAINED = 0.5
"""All rows together must have moved at most half as far as the labelled ones did."""

_RIDGE = 1.0
_EVEN = 0.5


def test(evidence: Evidence) -> Outcome:
    """Let a label's coming depend on the class and on whether the answer was right.

    If rows of class y get a label with chance s_y, times another factor where the answer is
    wrong, then among labelled rows q'(y) is proportional to s_y c^[y is not the answer] q0(y).
    This is label delay and not a label shift if the rows without a label are there too, and
    all rows together look as the reference does.
    """
    before, after = (period.labelled.mean() for period in evidence.everything)
    if evidence.target.kind == "correct":
        return Outcome(NAME, ruled_out_by="too many classes to compare how often each is labelled")
    said = f"{after:.0%} of the failing rows have a label, {before:.0%} of the healthy ones"
    if after >= _FEWER * before:
        return Outcome(NAME, ruled_out_by=f"labels are as complete as ever: {said}")
    fitted = _fit(evidence)
    together, labelled = _moved(evidence)
    matches = together <= _EXPLAINED * labelled
    return Outcome(
        NAME,
        fitted,
        ruled_out_by=None if matches else "all rows moved, not only the labelled ones",
        rows=np.ones(len(evidence.after), bool),
        everywhere=True,
        story=f"labels have come for other rows than they used to ({said})",
        moves_mix=True,
        evidence=(
            f"scores of all rows moved by {together:.4f}, those of the labelled by {labelled:.4f}",
        ),
        remedy=(
            "Wait until the labels of these windows are as complete as the reference's, or ask for "
            "labels of rows drawn at random; nothing says yet that the model got worse."
        ),
    )


def _moved(evidence: Evidence) -> tuple[float, float]:
    """Return how far all failing rows and the labelled ones are from the reference's."""
    reference = evidence.baseline.log_q(evidence.before.take(~evidence.half))
    everything = evidence.baseline.log_q(evidence.everything[1])
    return scores_distance(reference, everything), scores_distance(reference, evidence.log_q)


def _fit(evidence: Evidence) -> NDArray[np.float64]:
    """Return cross-fitted log-probabilities (n_after, classes) of labelled rows."""
    wrong = _wrong(evidence)
    fitted = evidence.log_q.copy()
    for side in (0, 1):
        fitting, scoring = evidence.fold == side, evidence.fold != side
        theta = _selection(evidence.log_q[fitting], wrong[fitting], evidence.y[fitting])
        changed = evidence.log_q[scoring] + theta[1:] + theta[0] * wrong[scoring]
        fitted[scoring] = log_softmax(changed, axis=1)
    return fitted


def _wrong(evidence: Evidence) -> NDArray[np.float64]:
    """Return (n, classes): 1 where that class would make the served answer wrong."""
    size = evidence.target.size
    wrong = np.ones((len(evidence.after), size))
    if evidence.target.kind != "label":
        return np.zeros_like(wrong)
    answer = evidence.after.prediction
    if (answer < 0).all():  # a probability and no decision
        answer = np.where(np.isnan(evidence.after.proba), -1, evidence.after.proba >= _EVEN)
    known = (answer >= 0) & (answer < size)
    wrong[np.flatnonzero(known), answer[known].astype(np.intp)] = 0.0
    return wrong


def _selection(
    log_q: NDArray[np.float64], wrong: NDArray[np.float64], y: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Fit log c and log s_y by penalised maximum likelihood; (1 + classes,)."""
    row = np.arange(len(y))

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        log_p = log_softmax(log_q + theta[1:] + theta[0] * wrong, axis=1)
        surplus = np.exp(log_p)
        surplus[row, y] -= 1.0
        slope = np.append((surplus * wrong).sum(), surplus.sum(axis=0)) + _RIDGE * theta
        return float(-log_p[row, y].sum() + 0.5 * _RIDGE * (theta**2).sum()), slope

    start = np.zeros(1 + log_q.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x)
