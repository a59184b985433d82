"""m0: the loss to be expected of a row from its inputs alone, as the reference had it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.why.coding import Coded

__all__ = ["Expected", "expect"]

_MOST_ROWS = 50_000
"""Reference rows to fit on: the bins' means are then known to far less than a point."""

_RIDGE = 20.0
"""Pseudo rows at the mean loss per bin, so that a bin of three rows says little."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Additive expected loss (metric's unit) of both periods' rows.

    `by_column` says how much each column's changed distribution moved its mean, after minus
    before; its sum is the ledger's MIX.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    by_column: dict[str, float]


def expect(
    columns: list[Coded],
    loss: NDArray[np.float64],
    half: NDArray[np.int8],
    rows_after: int,
    seed: int,
) -> Expected:
    """Fit m0 on the reference (`loss` (n_before,)) and return it for both periods' rows.

    Ridge regression of the loss on one-hot bins, cross-fitted: a reference row's m0 comes from
    the half it is not in; a failing row's is the mean of the two. A bin without reference rows
    adds nothing to the mean.
    """
    rng = np.random.default_rng(seed)
    models = [_fit(columns, loss, np.flatnonzero(half == side), rng) for side in (0, 1)]
    before = np.where(half == 0, models[1].mean, models[0].mean)
    after = np.full(rows_after, (models[0].mean + models[1].mean) / 2)
    by_column = {}
    for position, column in enumerate(columns):
        first, second = models[0].effects[position], models[1].effects[position]
        old = np.where(half == 0, second[column.before], first[column.before])
        new = ((first + second) / 2)[column.after]
        before += old
        after += new
        by_column[column.name] = float(new.mean() - old.mean()) if len(new) and len(old) else 0.0
    return Expected(before, after, by_column)


@dataclass(frozen=True, slots=True)
class _Additive:
    mean: float
    effects: list[NDArray[np.float64]]


def _fit(
    columns: list[Coded],
    loss: NDArray[np.float64],
    rows: NDArray[np.intp],
    rng: np.random.Generator,
) -> _Additive:
    if len(rows) > _MOST_ROWS // 2:
        rows = np.sort(rng.choice(rows, _MOST_ROWS // 2, replace=False))
    if not len(rows):
        mean = float(loss.mean()) if len(loss) else 0.0
        return _Additive(mean, [np.zeros(column.size) for column in columns])
    y = loss[rows]
    mean = float(y.mean())
    start = np.concatenate(([0], np.cumsum([column.size for column in columns]))).astype(np.intp)
    if not columns:
        return _Additive(mean, [])
    position = np.column_stack(
        [column.before[rows] + first for column, first in zip(columns, start, strict=False)]
    ).astype(np.int32)
    pointer = np.arange(len(rows) + 1) * len(columns)
    one_hot = csr_array(
        (np.ones(position.size), position.ravel(), pointer), shape=(len(rows), int(start[-1]))
    )
    gram = (one_hot.T @ one_hot).toarray()
    gram[np.diag_indices_from(gram)] += _RIDGE
    solved = np.linalg.solve(gram, one_hot.T @ (y - mean))
    # Each column's effects are taken around 0, so that a bin of no reference row is average.
    effects = np.split(solved, start[1:-1])
    centre = np.add.reduceat(one_hot.sum(axis=0) * solved, start[:-1]) / len(rows)
    centred = [one - middle for one, middle in zip(effects, centre, strict=True)]
    return _Additive(mean + float(centre.sum()), centred)
