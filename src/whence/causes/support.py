"""The reference's support: values a column has never taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from whence.causes.features import VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column, Rows

__all__ = ["outside", "rows_outside"]

_DISCRETE = 20
"""A number with at most this many distinct values, each seen often, is a set and not a range."""

_CHANCE = 1e-3
"""The chance, over all columns together, of calling healthy rows outside the support."""


def outside(column: Column, seen: Column) -> NDArray[np.bool_]:
    """Return the mask (n,) of rows whose value the reference column `seen` does not cover.

    A number is outside below the minimum or above the maximum, or, for a column of few distinct
    values, when it is none of them; a category when the level is new; missing when the
    reference has none missing.
    """
    return _outside(column, seen)[0]


def rows_outside(before: Rows, after: Rows) -> dict[str, NDArray[np.bool_]]:
    """Return, per column with too many rows outside the support, their mask (n_after,).

    Too many: the exact binomial tail of their number is below `_CHANCE` shared by the columns
    (Bonferroni). A fresh value of a continuous column lies outside n reference values with
    chance 2 / (n + 1) (exchangeability); a fresh level is new with chance about (levels seen
    once + 1) / n (Good 1953, Biometrika 40).
    """
    found = {}
    for column in after.columns:
        if column.name == VERSION or not len(before) or not len(after):
            continue
        mask, chance = _outside(column, before.column(column.name))
        tail = binom.sf(mask.sum() - 1, len(mask), min(1.0, chance))
        if mask.any() and tail < _CHANCE / len(after.columns):
            found[column.name] = mask
    return found


def _outside(column: Column, seen: Column) -> tuple[NDArray[np.bool_], float]:
    rows = len(seen.values)
    if column.kind == "category":
        times = np.bincount(seen.values[seen.values >= 0], minlength=len(column.levels))
        new = np.append(times == 0, not (seen.values == -1).any())
        return new[column.values], (float((times == 1).sum()) + 1) / max(rows, 1)
    known = seen.values[~np.isnan(seen.values)]
    missing = np.isnan(column.values)
    new_missing = missing & (len(known) == rows)
    distinct, times = np.unique(known, return_counts=True)
    if not len(distinct):
        return ~missing, 1 / max(rows, 1)
    if len(distinct) <= _DISCRETE and (times > 1).all():
        return new_missing | (~missing & ~np.isin(column.values, distinct)), 1 / rows
    beyond = (column.values < distinct[0]) | (column.values > distinct[-1])
    return new_missing | beyond, 2 / (rows + 1)
