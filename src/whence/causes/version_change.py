"""A version change: the rows are as ever, and a new version of the model answers them worse.

See ``docs/causes/version-change.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.causes.evidence import Evidence, Outcome
from whence.causes.features import VERSION
from whence.causes.repairs import Repair
from whence.causes.tilt import cross_tilt
from whence.causes.trial import attempt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows

__all__ = ["NAME", "QUESTION", "new_versions", "test"]

NAME = "version-change"
QUESTION = "Do the same rows do worse because a new version of the model answers them?"

_NEW_VERSION, _OLD_VERSION = 0.05, 0.01
"""A version is new when at least this share of failing and at most that of healthy rows has it."""

_ALL = 0.95
"""With this share of the failing rows there are no others to compare with."""


def new_versions(before: Rows, after: Rows) -> dict[str, NDArray[np.bool_]]:
    """Return the failing rows' mask (n_after,) of each version the healthy rows hardly had."""
    if not any(column.name == VERSION for column in after.columns) or not len(after):
        return {}
    column, old = after.column(VERSION), before.column(VERSION)
    found = {}
    for code, name in enumerate(column.levels):
        now = np.asarray(column.values == code)
        was = float((old.values == code).mean()) if len(before) else 0.0
        if now.mean() >= _NEW_VERSION and was <= _OLD_VERSION:
            found[name] = now
    return found


def test(evidence: Evidence) -> Outcome:
    """Forget the new version's answers, or tilt q0 in its rows alone where others are beside them.

    If the labels of its rows follow from the inputs as ever, only the answers changed. Where
    the inputs tell too little to see that, rows that the old version answers in the same
    windows are the comparison; without such rows nobody can tell.
    """
    versions = new_versions(evidence.before, evidence.after)
    if not versions:
        return Outcome(NAME, ruled_out_by="no version served that the reference did not have")
    name = max(versions, key=lambda one: int(versions[one].sum()))
    rows = versions[name]
    whole = float(rows.mean()) >= _ALL
    fitted, evident = _fit(evidence, name, rows, whole=whole)
    if fitted is None:
        reason = (
            f"all failing rows were answered by {name!r}, and without its answers the inputs "
            "predict the labels no better: the relation itself may have changed"
        )
        return Outcome(NAME, ruled_out_by=reason)
    return Outcome(
        NAME,
        fitted,
        rows=rows,
        where={} if whole else {VERSION: name},
        everywhere=whole,
        story=f"version {name!r} answers worse than the version before it",
        evidence=(evident,),
        remedy=(
            "Suggestion, to be tested by replaying the failing rows: go back to the version before "
            f"{name!r}, and compare the two on the same rows."
        ),
    )


def _fit(
    evidence: Evidence, name: str, rows: NDArray[np.bool_], *, whole: bool
) -> tuple[NDArray[np.float64] | None, str]:
    """Return the log-probabilities (n_after, classes) that gain most, and what they rest on."""
    whole_scope: Repair = Repair("output", "", "", 0.0, "all" if whole else {VERSION: name})
    tried = attempt(evidence, whole_scope)
    found = []
    if tried is not None:
        found.append((tried.fitted, "the labels follow from the inputs as in the reference"))
    if not whole:
        group = np.where(rows, 0, -1)
        tilted = cross_tilt(evidence.log_q, evidence.y, evidence.fold, group)
        found.append((tilted, "rows of other versions in the same windows are as they were"))
    if not found:
        return None, ""
    return max(found, key=lambda one: evidence.gain_of(one[0]).sum())
