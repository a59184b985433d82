"""The honest answer without labels: how many to ask for, and what may be guessed till then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.causes.support import rows_outside
from whence.types.reports import Verdict, WhyReport
from whence.why.estimate import estimate
from whence.why.labels import labels_to_ask

if TYPE_CHECKING:
    from whence.types.reports import Incident
    from whence.types.rows import Rows
    from whence.types.words import Words

__all__ = ["without_labels"]

_WORST_VARIANCE = 0.25
"""The variance of a share at one half, where no reference loss tells better."""


def without_labels(
    model: str,
    rows: tuple[Rows, Rows],
    *,
    incident: Incident | None,
    delta: float,
    words: Words,
    seed: int,
) -> WhyReport:
    """Say that one cannot know, how many labels would do, and how to draw them.

    Without labels the answer is never "nothing is wrong": inputs that look as ever say nothing
    about whether the label still follows from them.
    """
    before, after = rows
    known = before.loss[before.labelled]
    variance = float(known.var()) if len(known) else _WORST_VARIANCE
    ask = labels_to_ask(max(variance, delta**2), delta)
    guess, doubts = _guess(before, after, delta, words, seed)
    labelled = int(after.labelled.sum())
    advice = (
        f"label about {ask:,} recent predictions, drawn at random within strata of the model's "
        "confidence, the chance of each being drawn logged; never only the uncertain ones"
    )
    return WhyReport(
        model=model,
        incident=incident,
        verdict=Verdict(
            cause="cannot-know",
            where={},
            trigger=None,
            confidence=None,
            sentence=(
                f"cannot know: {labelled:,} of {len(after):,} recent predictions have a label "
                f"({len(known):,} in the reference); {guess}about {ask:,} labels would show a "
                f"change of {words.plus_minus(delta)}."
            ),
            remedy=advice,
        ),
        findings=[],
        unexplained=0.0,
        closure=0.0,
        checked=[],
        cannot_know=[
            "whether performance changed: too few labels",
            "whether the relation of input and label changed: inputs cannot tell",
            *(f"a label-free estimate: {doubt}" for doubt in doubts),
        ],
    )


def _guess(
    before: Rows, after: Rows, delta: float, words: Words, seed: int
) -> tuple[str, tuple[str, ...]]:
    """Return the phrase of a label-free estimate that may be believed, else why none may."""
    found = estimate(before, after, delta=delta, seed=seed)
    if found is None:
        return "", ("too few rows to try it out",)
    if found.distrust:
        return "", found.distrust
    moved = rows_outside(before.take(before.labelled), after)
    inputs = "inputs nearly unchanged" if moved else "inputs unchanged"
    value = words.value(float(np.mean([found.calibrated, found.weighted])))
    said = (
        f"{inputs}; {words.name} {value} +- {words.plus_minus(found.error)} if the relation of "
        "input and label has not changed; "
    )
    return said, ()
