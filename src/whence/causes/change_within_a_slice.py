"""A change within a slice: the relation of inputs and label moved there and nowhere else.

See ``docs/causes/change-within-a-slice.md``.
"""

from __future__ import annotations

import numpy as np

from whence.causes.evidence import Evidence, Outcome
from whence.causes.tilt import cross_tilt
from whence.types.slice import describe

__all__ = ["NAME", "QUESTION", "test"]

NAME = "change-within-a-slice"
QUESTION = "Did the relation of inputs and label change inside a slice only?"

_MOST = 0.6
"""A change everywhere bites harder here and there; several slices can be made of that."""


def test(evidence: Evidence) -> Outcome:
    """Tilt q0 inside the slices of the ledger, each by itself, and leave the rest as it was."""
    if not evidence.suspects:
        return Outcome(NAME, ruled_out_by="no slice got worse than the rest beyond chance")
    group = np.full(len(evidence.after), -1, np.intp)
    for number, suspect in enumerate(evidence.suspects):
        group[suspect.rows & (group < 0)] = number
    if (group >= 0).mean() > _MOST:
        return Outcome(NAME, ruled_out_by="what changed is in most rows, not in a slice of them")
    fitted = cross_tilt(evidence.log_q, evidence.y, evidence.fold, group)
    by_slice = np.bincount(
        group + 1, weights=evidence.gain_of(fitted), minlength=len(evidence.suspects) + 1
    )[1:]
    first = evidence.suspects[int(by_slice.argmax())]
    said = describe(first.where)
    return Outcome(
        NAME,
        fitted,
        rows=group >= 0,
        where=first.where,
        story=f"rows with {said}",
        evidence=(f"the relation of inputs and label changed inside {said}",),
        remedy=(
            f"Suggestion, to be tested on later rows: collect recent labels for {said} and "
            "retrain with them; until then route these rows to a person or an older rule."
        ),
    )
