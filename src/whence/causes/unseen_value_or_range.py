"""Inputs the model has never met: values outside the reference's support.

See ``docs/causes/unseen-value-or-range.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.causes.evidence import Outcome
from whence.causes.membership import condition_of
from whence.causes.tilt import cross_tilt
from whence.types.slice import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.causes.evidence import Evidence

__all__ = ["NAME", "QUESTION", "test"]

NAME = "unseen-value-or-range"
QUESTION = "Did rows with values the reference has never seen change?"

_ALL = 0.95
"""With this share of the failing rows outside there is nothing left to compare them with."""


def test(evidence: Evidence) -> Outcome:
    """Tilt q0 on the rows outside the reference's support, column by column, and nowhere else."""
    found = evidence.outside()
    total = [name for name, mask in found.items() if mask.mean() >= _ALL]
    usable = {name: mask for name, mask in found.items() if name not in total}
    if not usable:
        reason = (
            f"nearly every failing row is outside the reference in {', '.join(total)}: "
            "no seen rows to compare them with"
            if total
            else "no column has more values outside the reference than chance allows"
        )
        return Outcome(NAME, ruled_out_by=reason)
    names, group = _groups(usable, len(evidence.after))
    fitted = cross_tilt(evidence.log_q, evidence.y, evidence.fold, group)
    gain = evidence.gain_of(fitted)
    by_column = np.bincount(group + 1, weights=gain, minlength=len(names) + 1)[1:]
    main = int(by_column.argmax())
    name, rows = names[main], group == main
    where = {name: condition_of(evidence.after.column(name), rows)}
    said = describe(where)
    counted = (
        f"{int(rows.sum())} of {len(rows)} failing rows have {said}; no reference row of "
        f"{len(evidence.before)} does"
    )
    return Outcome(
        NAME,
        fitted,
        rows=group >= 0,
        where=where,
        story=f"rows with {said}, never seen in the reference",
        evidence=(counted,),
        remedy=(
            f"Suggestion, to be tested on later rows: collect labels for rows with {said} and "
            "retrain with them, or repair the input so that they look like the reference."
        ),
    )


def _groups(found: dict[str, NDArray[np.bool_]], rows: int) -> tuple[list[str], NDArray[np.intp]]:
    names = sorted(found, key=lambda name: -int(found[name].sum()))
    group = np.full(rows, -1, np.intp)
    for number, name in enumerate(names):
        group[found[name] & (group < 0)] = number
    return names, group
