"""The columns of a wide table that may have a part in a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.causes.features import VERSION
from whence.why.coarse import alone
from whence.why.coding import code

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows
    from whence.why.coding import Coded

__all__ = ["MOST_COLUMNS", "telling"]

MOST_COLUMNS = 150
"""Pairs of columns cost the square of their number, and m0 the cube of its bins."""

_ROWS = 20_000
"""Rows of a period on which columns are compared."""


def telling(before: Rows, after: Rows) -> list[str]:
    """Return the names of at most `MOST_COLUMNS` columns, in their order.

    A third each are those that told most about the loss in the reference (variance between
    bins), whose distribution moved most (symmetric chi-squared distance), and in which a bin's
    loss changed most by itself (z). Rows are labelled ones; every k-th is looked at. All columns
    are returned where there are few.
    """
    names = [column.name for column in after.columns]
    if len(names) <= MOST_COLUMNS:
        return names
    old, new = (period.take(_every_kth(len(period))) for period in (before, after))
    coded = code(old, new)
    scores = np.array([_scores(column, old.loss, new.loss) for column in coded])
    best = np.argsort(-scores, axis=0, kind="stable")[: MOST_COLUMNS // scores.shape[1]]
    chosen = {names[at] for at in best.ravel()} | {VERSION}
    return [name for name in names if name in chosen]


def _every_kth(rows: int) -> NDArray[np.intp]:
    return np.arange(0, rows, 1 + rows // _ROWS)


def _scores(
    column: Coded, old: NDArray[np.float64], new: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return how much a column told, how far it moved, and how much a bin of it changed."""
    rows = np.bincount(column.before, minlength=column.size).astype(np.float64)
    total = np.bincount(column.before, old - old.mean(), column.size)
    told = float((total**2 / np.maximum(rows, 1.0)).sum()) / max(column.size - 1, 1)
    now = np.bincount(column.after, minlength=column.size) / max(len(new), 1)
    was = rows / max(len(old), 1)
    moved = float(((now - was) ** 2 / np.maximum(now + was, 1e-12)).sum())
    changed = float(np.abs(alone(column, (old, new))).max(initial=0.0))
    return told, moved, changed
