"""A pipeline break: the inputs arrive in another unit, empty, stuck, or in each other's place.

See ``docs/causes/pipeline-break.md``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from whence.causes.evidence import Evidence, Outcome
from whence.causes.membership import condition_of
from whence.causes.repairs import Repair, candidates
from whence.causes.support import outside
from whence.causes.trial import Tried, attempt
from whence.causes.version_change import new_versions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.slice import Slice

__all__ = ["NAME", "QUESTION", "test"]

NAME = "pipeline-break"
QUESTION = "Would the old relation hold again if an input were repaired?"

_MOST_TRIED = 8
"""Repairs that are scored: each costs one pass of the trees over the failing rows."""

_NEARLY = 0.8
"""A slice's predictions are to blame before all are if that explains this much of the gain."""

_EVERYWHERE = 0.95
_RESTORES = (
    "with that repaired, the reference's relation of inputs and label predicts the failing "
    "labels again"
)
_OUTPUT = "the logged inputs are whole and the predictions do not fit them"


def test(evidence: Evidence) -> Outcome:
    """Score the failing labels by q0(y | T^-1 x) for the repairs T the inputs suggest.

    The repaired inputs are read without the served model's answer, which was made from the
    broken ones; the gain is over the same q0(y | x, f) as every other cause's. A repair counts
    only if the repaired inputs again tell about the label what they told in the reference.
    The repair is chosen on one half of the failing rows and scored on the other.
    """
    slices = [suspect.where for suspect in evidence.suspects]
    found = candidates(evidence.before, evidence.after, slices)[:_MOST_TRIED]
    scopes: list[Literal["all"] | Slice] = ["all", *slices]
    # Answers that broke with a new version are that version's matter.
    if not new_versions(evidence.before, evidence.after):
        found += [Repair("output", "", _OUTPUT, 0.0, scope) for scope in scopes]
    tried = [one for repair in found if (one := attempt(evidence, repair)) is not None]
    if not tried:
        reason = "no repair of an input restores what it told about the label"
        return Outcome(NAME, ruled_out_by=reason)
    if any(one.repair.unmistakable for one in tried):
        tried = [one for one in tried if one.repair.kind != "output"]
    tried = _narrowest(evidence, tried)
    gains = [evidence.gain_of(one.fitted) for one in tried]
    fitted = evidence.log_q.copy()
    for side in (0, 1):
        best = int(np.argmax([gain[evidence.fold == side].sum() for gain in gains]))
        fitted[evidence.fold != side] = tried[best].fitted[evidence.fold != side]
    winner = tried[int(np.argmax([gain.sum() for gain in gains]))].repair
    return _outcome(evidence, winner, fitted)


def _narrowest(evidence: Evidence, tried: list[Tried]) -> list[Tried]:
    """Leave out that all predictions are broken where those of one slice explain nearly as much.

    The inputs alone predict almost as well as the served model, so forgetting its answer
    everywhere costs little, and would win over the slice by chance.
    """
    gain = {id(one): evidence.gain_of(one.fitted).sum() for one in tried}
    sliced = [
        gain[id(one)]
        for one in tried
        if one.repair.kind == "output" and isinstance(one.repair.scope, dict)
    ]
    return [
        one
        for one in tried
        if one.repair.kind != "output"
        or one.repair.scope != "all"
        or not any(part >= _NEARLY * gain[id(one)] for part in sliced)
    ]


def _outcome(evidence: Evidence, repair: Repair, fitted: NDArray[np.float64]) -> Outcome:
    rows = repair.concerns(evidence.after, evidence.before)
    share = float(rows.mean())
    whole = share >= _EVERYWHERE
    told = "" if whole else f" in {share:.0%} of the rows"
    return Outcome(
        NAME,
        fitted,
        rows=rows,
        where=_where(evidence, repair, rows),
        everywhere=whole,
        story=repair.story + told,
        evidence=(_RESTORES,),
        remedy=_remedy(repair),
        repair=partial(repair.apply, before=evidence.before),
    )


def _where(evidence: Evidence, repair: Repair, rows: NDArray[np.bool_]) -> Slice:
    """Name the broken rows by the broken value where that separates them from healthy ones."""
    if repair.kind in {"swap", "output"}:
        return repair.scope if isinstance(repair.scope, dict) else {}
    column = evidence.after.column(repair.column)
    if repair.kind == "affine":
        seen = evidence.before.column(repair.column)
        beyond = outside(column, seen)
        if not rows.any() or beyond[rows].mean() < _EVERYWHERE:
            return {}
        largest = float(np.nanmax(seen.values.astype(np.float64)))
        above = rows & (column.values.astype(np.float64) > largest)
        if above.sum() < _EVERYWHERE * rows.sum():
            return {}  # on both sides of what was seen: no one interval
        rows = above
    return {repair.column: condition_of(column, rows)}


def _remedy(repair: Repair) -> str:
    suggestion = "Suggestion, to be tested by replaying the failing rows: "
    if repair.kind == "affine":
        return f"{suggestion}repair the unit of `{repair.column}` ({repair.story})."
    if repair.kind == "drop":
        return f"{suggestion}restore `{repair.column}` at its source ({repair.story})."
    if repair.kind == "swap":
        return f"{suggestion}exchange `{repair.column}` and `{repair.other}` back."
    return (
        f"{suggestion}look between the logged inputs and the answer (feature code, model file, "
        "threshold); the same inputs through the reference's model should do well."
    )
