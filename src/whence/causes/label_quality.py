"""Label quality: labels are wrong at a rate that does not depend on the inputs.

See ``docs/causes/label-quality.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.causes.evidence import Evidence, Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NAME", "QUESTION", "test"]

NAME = "label-quality"
QUESTION = "Are labels wrong at a rate that does not depend on how sure the inputs are?"

_LEAST_RIGHT = 0.5
"""Where more labels of a class would be wrong than right, the relation changed and not they."""

_SURE, _LEAST_SURE = 0.9, 0.05
"""A wrong label shows where one class has .9 and more; so many of the rows must be like that."""

_STEPS = 50
_PRIOR = 2.0
"""Rows' worth of belief, for each class, that its labels are right."""


def test(evidence: Evidence) -> Outcome:
    """Mix q0 by a confusion matrix of the labels: q'(y) = sum over k of q0(k) T[k, y].

    A wrong label hits sure rows as often as doubtful ones; a relation that became weaker leaves
    sure rows sure. T is the transition matrix of class-conditional label noise (Natarajan et
    al. 2013; Patrini et al. 2017), fitted by expectation maximisation (Dawid & Skene 1979).
    """
    if evidence.target.kind == "correct":
        return Outcome(NAME, ruled_out_by="too many classes to estimate how each is mistaken")
    q, y = np.exp(evidence.log_q), evidence.y
    fitted = evidence.log_q.copy()
    for side in (0, 1):
        fitting, scoring = evidence.fold == side, evidence.fold != side
        fitted[scoring] = np.log(np.maximum(q[scoring] @ _confusion(q[fitting], y[fitting]), 1e-12))
    # A sure answer of the served model is no witness: it may be the one that is wrong.
    plain = np.exp(evidence.inputs_only().log_q(evidence.after))
    sure = float((plain.max(axis=1) >= _SURE).mean())
    confusion = _confusion(q, y)
    right = np.diag(confusion)
    wrong = 1.0 - float((q.mean(axis=0) * right).sum())
    most = int((q.mean(axis=0) * (1.0 - right)).argmax())
    name = _name(evidence, most)
    return Outcome(
        NAME,
        fitted,
        ruled_out_by=_doubt(sure, float(right.min()), name),
        rows=np.ones(len(evidence.after), bool),
        everywhere=True,
        story=f"about {wrong:.0%} of the labels look wrong, however sure the inputs are",
        evidence=(
            f"{1.0 - right[most]:.0%} of the labels that should be {name!r} say otherwise",
            "a world in which outcomes became that random would look the same",
        ),
        remedy=(
            "Suggestion: have fifty of the labels checked by a second person where the inputs are "
            "surest and the label disagrees; find out what changed in how labels are made before "
            "any retraining."
        ),
    )


def _doubt(sure: float, right: float, name: str) -> str | None:
    if right < _LEAST_RIGHT:
        return f"more labels {name!r} would be wrong than right: a changed relation is likelier"
    if sure < _LEAST_SURE:
        return "the inputs leave hardly any row without doubt: no label can be called wrong"
    return None


def _confusion(q: NDArray[np.float64], y: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return T (classes, classes): row k is how truth k is written down; rows sum to 1."""
    size = q.shape[1]
    prior = _PRIOR * np.eye(size)
    confusion = 0.9 * np.eye(size) + 0.1 / size
    for _ in range(_STEPS):
        weight = q * confusion[:, y].T
        weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
        counts = prior.copy()
        for label in range(size):
            counts[:, label] += weight[y == label].sum(axis=0)
        confusion = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(confusion)


def _name(evidence: Evidence, code: int) -> str:
    if evidence.target.kind == "label":
        return evidence.before.classes[code]
    return f"fifth {code + 1} of the label"
