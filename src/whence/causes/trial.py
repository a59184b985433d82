"""Trying a repair: whether the failing labels follow from the repaired inputs as they used to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.gain import mean_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.causes.evidence import Evidence
    from whence.causes.repairs import Repair

__all__ = ["Tried", "attempt"]

_RESTORED = 0.5
"""A repair must bring back at least half of what the inputs told about the label."""

_LEAST_INFORMATION = 0.02
"""Nats a row; inputs that told less than this cannot show that they are whole again."""


_OWN_PART = 0.5
"""The part of the gain that must come from the repair, not from forgetting the served answer."""

_TINY = 1e-300
_FEWEST_CLEAN = 100
"""Rows that are odd in no other way, below which they are no measure."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A repair that restores, and the log-probabilities (n_after, classes) under it."""

    repair: Repair
    fitted: NDArray[np.float64]


def attempt(evidence: Evidence, repair: Repair) -> Tried | None:
    """Score the failing labels by q0(y | T^-1 x); None where that does not restore them.

    The repaired inputs are read without the served model's answer, which was made from the
    broken ones. A repair counts only if the repaired inputs again tell about the label what
    they told in the reference.
    """
    chosen = repair.concerns(evidence.after, evidence.before)
    model = evidence.inputs_only(repair.column if repair.kind == "drop" else None)
    mended = repair.apply(evidence.after, evidence.before).take(chosen)
    log_p = model.log_q(mended)
    clean = ~_troubled(evidence, repair)[chosen]
    if clean.sum() < _FEWEST_CLEAN:
        clean[:] = True
    told = _information(log_p[clean], evidence.y[chosen][clean])
    held_out = evidence.before.take(~evidence.half)
    if isinstance(repair.scope, dict):
        like = held_out.take(repair.concerns(held_out, evidence.before))
        held_out = like if len(like) else held_out  # a new version has no rows in the reference
    used_to_tell = _information(model.log_q(held_out), evidence.target.code(held_out))
    # Where harder rows came too, less can be told of them, and the model knows it.
    due = min(used_to_tell, _claimed(log_p[clean]))
    if due < _LEAST_INFORMATION or told < _RESTORED * due:
        return None
    if repair.kind != "output" and not _mends(evidence, repair, chosen, clean, log_p):
        return None
    fitted = evidence.log_q.copy()
    fitted[chosen] = log_p
    return Tried(repair, fitted)


def _troubled(evidence: Evidence, repair: Repair) -> NDArray[np.bool_]:
    """Return the rows (n_after,) that are odd for another reason than what is repaired.

    Two things may go wrong at once; what the one did must not hide that the other is undone.
    """
    troubled = np.zeros(len(evidence.after), bool)
    for name, rows in evidence.outside().items():
        if name not in {repair.column, repair.other}:
            troubled |= rows
    return troubled


def _mends(
    evidence: Evidence,
    repair: Repair,
    chosen: NDArray[np.bool_],
    clean: NDArray[np.bool_],
    log_p: NDArray[np.float64],
) -> bool:
    """Whether it is the repair that helps, and not only that the served answer is forgotten.

    Without this, any repair of a column that does not matter would take the credit where
    only the served model's answer is broken. A fault that the inputs show by themselves must
    only do no harm: our model of the label may do without a column that the served one needs.
    """
    as_is = evidence.inputs_only().log_q(evidence.after.take(chosen))
    row, y = np.arange(len(log_p)), evidence.y[chosen]
    gain = (log_p - as_is)[row, y][clean]
    whole = (log_p - evidence.log_q[chosen])[row, y][clean]
    found = mean_gain(gain, evidence.block[chosen][clean])
    if repair.unmistakable:
        return found.high >= 0
    return found.low > 0 and float(gain.mean()) >= _OWN_PART * float(whole.mean())


def _claimed(log_p: NDArray[np.float64]) -> float:
    """Return how much a model says that it tells about these rows' labels, nats a row.

    The entropy of its mean prediction less its mean entropy.
    """
    if not len(log_p):
        return 0.0
    p = np.exp(log_p)
    share = p.mean(axis=0)
    mixed = -float((share * np.log(np.maximum(share, _TINY))).sum())
    return mixed + float((p * log_p).sum(axis=1).mean())


def _information(log_p: NDArray[np.float64], y: NDArray[np.intp]) -> float:
    """Return how much better these predict y than y's own class shares do, nats a row."""
    if not len(y):
        return 0.0
    share = np.bincount(y, minlength=log_p.shape[1]) / len(y)
    entropy = -float((share[share > 0] * np.log(share[share > 0])).sum())
    return float(log_p[np.arange(len(y)), y].mean()) + entropy
