"""A mix shift: harder rows became more frequent; the relation of inputs and label stayed.

See ``docs/causes/mix-shift.md``.
"""

from __future__ import annotations

from whence.causes.evidence import Evidence, Outcome

__all__ = ["NAME", "QUESTION", "remedy", "test"]

NAME = "mix-shift"
QUESTION = "Did rows that were always hard become more frequent?"


def test(evidence: Evidence) -> Outcome:
    """Return q0 unchanged: a mix shift is what remains, and its points are the ledger's MIX."""
    return Outcome(
        NAME,
        evidence.log_q,
        story="rows that were always harder became more frequent",
        remedy=remedy("the inputs"),
    )


def remedy(columns: str) -> str:
    """Return what might help when the distribution of these columns made the task harder."""
    return (
        "Suggestion, to be tested on later rows: weight the training rows to the present mix of "
        f"{columns}, or collect labels where the model was always weak."
    )
