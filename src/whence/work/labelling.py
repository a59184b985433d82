"""Whether labels come for the same predictions as in the reference; if not, nothing is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.profile.spec import LABELLED, ROWS
from whence.types.reports import Alert
from whence.watch.labels import LabelChange, delay_curve_changed, labelled_rows_changed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.profile.spec import Spec
    from whence.types.time import Window

    Floats = NDArray[np.float64]

__all__ = ["selection"]

LEVEL = 1e-4
"""Chance, over all columns, that a window is wrongly kept from being judged."""

SMALLEST_SHARE = 0.2
"""A change of the labelled share, at the age of judgement, that does not matter."""

SMALLEST_EFFECT = 0.2
"""Cohen's w: a selection of labelled rows weaker than this hardly moves a mean loss."""


def selection(spec: Spec, reference: Floats, counts: Floats, window: Window) -> Alert | None:
    """Return the alert that labels come for fewer or other rows than usual, or None.

    Parameters
    ----------
    reference
        (W, bins, 4): the reference's windows.
    counts
        (bins, 4): the window's.
    """
    if np.array_equal(counts[0, ROWS], counts[0, LABELLED]):
        return None
    late = delay_curve_changed(
        reference[:, 0, [LABELLED]],
        reference[:, 0, ROWS],
        counts[0, [LABELLED]],
        counts[0, ROWS],
        smallest=SMALLEST_SHARE,
    )
    if late.blocks(LEVEL):
        return _alert(None, late, LEVEL, window)
    for column in spec.columns:
        here = counts[column.where]
        change = labelled_rows_changed(
            reference[:, column.where, ROWS],
            reference[:, column.where, LABELLED],
            here[:, ROWS],
            here[:, LABELLED],
            smallest_effect=SMALLEST_EFFECT,
        )
        if change.blocks(LEVEL / len(spec.columns)):
            return _alert(column.name, change, LEVEL / len(spec.columns), window)
    return None


def _alert(column: str | None, change: LabelChange, level: float, window: Window) -> Alert:
    return Alert(
        kind="quality",
        column=column,
        metric=None,
        window=window,
        statistic=change.p,
        threshold=level,
        explanation=f"{change.sentence} Performance is not judged in this window.",
    )
