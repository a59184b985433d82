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

_RIDGES = (10.0, 40.0, 160.0, 640.0, 2560.0)
"""Pseudo rows at the mean loss per bin; the one that predicts the other half best is taken, so
that a bin of few rows says little, and columns that do not matter say next to nothing."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Additive expected loss (metric's unit) of both periods' rows.

    `by_column` says how much each column's changed distribution moved its mean, after minus
    before; its sum is the ledger's MIX. `error` is the standard error of that sum that comes
    from not knowing the bins' effects exactly: large where a bin that was rare is now common.
    """

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    by_column: dict[str, float]
    error: float


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
    parts = [_Part.of(columns, loss, np.flatnonzero(half == side), rng) for side in (0, 1)]
    tried = [[part.fit(ridge) for part in parts] for ridge in _RIDGES]
    wrong = [float(((loss - _held_out(columns, models, half)) ** 2).sum()) for models in tried]
    models = tried[int(np.argmin(wrong))]
    after = np.full(rows_after, (models[0].mean + models[1].mean) / 2)
    by_column = {}
    for position, column in enumerate(columns):
        first, second = models[0].effects[position], models[1].effects[position]
        old = np.where(half == 0, second[column.before], first[column.before])
        new = ((first + second) / 2)[column.after]
        after += new
        by_column[column.name] = float(new.mean() - old.mean()) if len(new) and len(old) else 0.0
    error = _error(columns, models, min(wrong) / max(len(loss), 1))
    return Expected(_held_out(columns, models, half), after, by_column, error)


def _held_out(
    columns: list[Coded], models: list[_Additive], half: NDArray[np.int8]
) -> NDArray[np.float64]:
    """Return each reference row's m0 by the model of the half it is not in."""
    expected = np.where(half == 0, models[1].mean, models[0].mean)
    for position, column in enumerate(columns):
        first, second = models[0].effects[position], models[1].effects[position]
        expected += np.where(half == 0, second[column.before], first[column.before])
    return expected


def _error(columns: list[Coded], models: list[_Additive], variance: float) -> float:
    """Return the standard error of MIX: sqrt(s2 d' (X'X + ridge)^-1 d), d the moved shares.

    The posterior variance of a linear form of ridge coefficients (Hoerl & Kennard 1970), the
    two halves' models taken as independent.
    """
    if not columns or not all(len(column.after) for column in columns):
        return 0.0
    moved = np.concatenate(
        [
            np.bincount(column.after, minlength=column.size) / len(column.after)
            - np.bincount(column.before, minlength=column.size) / max(len(column.before), 1)
            for column in columns
        ]
    )
    spread = [moved @ np.linalg.solve(one.gram, moved) for one in models if one.gram is not None]
    return float(np.sqrt(variance * sum(spread)) / 2.0)


@dataclass(frozen=True, slots=True)
class _Additive:
    mean: float
    effects: list[NDArray[np.float64]]
    gram: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class _Part:
    """The normal equations of one half of the reference."""

    columns: list[Coded]
    mean: float
    gram: NDArray[np.float64]
    moment: NDArray[np.float64]
    share: NDArray[np.float64]
    start: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        columns: list[Coded],
        loss: NDArray[np.float64],
        rows: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> _Part:
        """Return them from at most half of `_MOST_ROWS` rows."""
        if len(rows) > _MOST_ROWS // 2:
            rows = np.sort(rng.choice(rows, _MOST_ROWS // 2, replace=False))
        start = np.concatenate(([0], np.cumsum([c.size for c in columns]))).astype(np.intp)
        if not len(rows) or not columns:
            mean = float(loss.mean()) if len(loss) else 0.0
            nothing = np.zeros(int(start[-1]))
            return cls(columns, mean, np.zeros((len(nothing),) * 2), nothing, nothing, start)
        y = loss[rows]
        mean = float(y.mean())
        position = np.column_stack(
            [column.before[rows] + first for column, first in zip(columns, start, strict=False)]
        ).astype(np.int32)
        pointer = np.arange(len(rows) + 1) * len(columns)
        one_hot = csr_array(
            (np.ones(position.size), position.ravel(), pointer), shape=(len(rows), int(start[-1]))
        )
        gram = (one_hot.T @ one_hot).toarray()
        share = one_hot.sum(axis=0) / len(rows)
        return cls(columns, mean, gram, one_hot.T @ (y - mean), share, start)

    def fit(self, ridge: float) -> _Additive:
        """Return the model with that many pseudo rows per bin."""
        if not self.columns:
            return _Additive(self.mean, [])
        gram = self.gram + ridge * np.eye(len(self.gram))
        solved = np.linalg.solve(gram, self.moment)
        # Each column's effects are taken around 0, so that a bin of no reference row is average.
        effects = np.split(solved, self.start[1:-1])
        centre = np.add.reduceat(self.share * solved, self.start[:-1])
        centred = [one - middle for one, middle in zip(effects, centre, strict=True)]
        return _Additive(self.mean + float(centre.sum()), centred, gram)
