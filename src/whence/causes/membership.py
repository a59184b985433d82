"""Which rows a slice holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column, Rows
    from whence.types.slice import Condition, Slice

__all__ = ["condition_of", "members"]


def members(rows: Rows, where: Slice) -> NDArray[np.bool_]:
    """Return the mask (n,) of the rows that meet every condition; all rows for an empty slice.

    Raises
    ------
    KeyError
        If a condition names a column that the rows do not have.
    """
    inside = np.ones(len(rows), bool)
    for name, test in where.items():
        inside &= _meets(rows.column(name), test)
    return inside


def condition_of(column: Column, inside: NDArray[np.bool_]) -> Condition:
    """Return the tightest condition on one column that the rows `inside` (n,) all meet.

    A category gives its most frequent level among them; a number its one value or the closed
    interval of its values; None where most of them are missing.
    """
    values = column.values[inside]
    if column.kind == "category":
        known = values[values >= 0].astype(np.intp)
        if len(known) * 2 <= len(values):
            return None
        return column.levels[int(np.bincount(known).argmax())]
    known_numbers = values[~np.isnan(values)]
    if len(known_numbers) * 2 <= len(values):
        return None
    low, high = float(known_numbers.min()), float(known_numbers.max())
    return low if low == high else (low, high)


def _meets(column: Column, test: Condition) -> NDArray[np.bool_]:
    if column.kind == "category":
        if test is None:
            return np.asarray(column.values == -1)
        level = str(test)
        if level not in column.levels:
            return np.zeros(len(column.values), bool)
        return np.asarray(column.values == column.levels.index(level))
    if test is None:
        return np.isnan(column.values)
    low, high = test if isinstance(test, tuple) else (float(test), float(test))
    return np.asarray((column.values >= low) & (column.values <= high))
