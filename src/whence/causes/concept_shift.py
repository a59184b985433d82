"""A concept shift: the relation of inputs and label changed everywhere.

See ``docs/causes/concept-shift.md``.
"""

from __future__ import annotations

import numpy as np

from whence.causes.evidence import Evidence, Outcome
from whence.causes.tilt import cross_tilt, fit_tilt

__all__ = ["NAME", "QUESTION", "test"]

NAME = "concept-shift"
QUESTION = "Did the relation of inputs and label change everywhere?"


def test(evidence: Evidence) -> Outcome:
    """Tilt q0 on all failing rows: log q' = b log q0 + a_y."""
    group = np.zeros(len(evidence.after), np.intp)
    fitted = cross_tilt(evidence.log_q, evidence.y, evidence.fold, group)
    scale = fit_tilt(evidence.log_q, evidence.y).scale
    return Outcome(
        NAME,
        fitted,
        rows=np.ones(len(evidence.after), bool),
        everywhere=True,
        story="the relation of inputs and label changed in all rows",
        evidence=(f"the old relation holds with {scale:.2f} of its strength (1: unchanged)",),
        remedy=(
            "Suggestion, to be tested on later rows: retrain on recent labels; older rows teach "
            "a relation that no longer holds."
        ),
    )
