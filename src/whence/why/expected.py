"""m0: the loss to be expected of a row from its inputs alone, as the reference had it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve

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
    wrong = [parts[0].wrong(second) + parts[1].wrong(first) for first, second in tried]
    models = tried[int(np.argmin(wrong))]
    after = np.full(rows_after, (models[0].mean + models[1].mean) / 2)
    before = np.where(half == 0, models[1].mean, models[0].mean)
    by_column = {}
    for position, column in enumerate(columns):
        first, second = models[0].effects[position], models[1].effects[position]
        old = np.where(half == 0, second[column.before], first[column.before])
        new = ((first + second) / 2)[column.after]
        before += old
        after += new
        by_column[column.name] = float(new.mean() - old.mean()) if len(new) and len(old) else 0.0
    variance = min(wrong) / max(sum(part.rows for part in parts), 1)
    return Expected(before, after, by_column, _error(columns, models, variance))


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
    spread = [one.spread(moved) for one in models]
    return float(np.sqrt(variance * sum(spread)) / 2.0)


@dataclass(frozen=True, slots=True)
class _Additive:
    """A mean and each bin's effect; `factor` is the Cholesky factor of X'X + ridge.

    Bins in which no row was are apart (`used` masks the others): their effect is 0.
    """

    mean: float
    effects: list[NDArray[np.float64]]
    ridge: float = 0.0
    used: NDArray[np.bool_] | None = None
    factor: NDArray[np.float64] | None = None

    def spread(self, moved: NDArray[np.float64]) -> float:
        """Return d' (X'X + ridge)^-1 d for moved shares d (bins,); 0 where nothing was fitted."""
        if self.factor is None:
            return 0.0
        known = moved[self.used]
        new = moved[~self.used] if self.used is not None else moved[:0]
        return float(known @ cho_solve((self.factor, True), known) + new @ new / self.ridge)


@dataclass(frozen=True, slots=True)
class _Part:
    """The normal equations of one half of the reference: X'X, X'(y - mean), (y - mean)'(y - mean).

    `start` (columns + 1,) is where each column's bins begin.
    """

    rows: int
    mean: float
    gram: NDArray[np.float64]
    moment: NDArray[np.float64]
    square: float
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
            return cls(0, mean, np.zeros((len(nothing),) * 2), nothing, 0.0, start)
        y = loss[rows]
        mean = float(y.mean())
        y = y - mean
        codes = [column.before[rows].astype(np.intp) for column in columns]
        moment = [
            np.bincount(code, weights=y, minlength=column.size)
            for code, column in zip(codes, columns, strict=True)
        ]
        gram = _cross_counts(codes, start)
        return cls(len(rows), mean, gram, np.concatenate(moment), float(y @ y), start)

    def fit(self, ridge: float) -> _Additive:
        """Return the model with that many pseudo rows per bin."""
        counts = np.diag(self.gram)
        used = counts > 0
        if not used.any():
            return _Additive(self.mean, np.split(np.zeros(len(counts)), self.start[1:-1]))
        system = self.gram[np.ix_(used, used)]
        np.fill_diagonal(system, counts[used] + ridge)
        factor, _ = cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
        solved = np.zeros(len(counts))
        solved[used] = cho_solve((factor, True), self.moment[used], check_finite=False)
        # Each column's effects are taken around 0, so that a bin of no reference row is average.
        effects = np.split(solved, self.start[1:-1])
        centre = np.add.reduceat(counts / self.rows * solved, self.start[:-1])
        centred = [one - middle for one, middle in zip(effects, centre, strict=True)]
        return _Additive(self.mean + float(centre.sum()), centred, ridge, used, factor)

    def wrong(self, model: _Additive) -> float:
        """Return the sum of squared errors of a model on these rows, from their sums alone."""
        effect = np.concatenate([np.zeros(0), *model.effects])
        apart = model.mean - self.mean
        fitted = effect @ self.gram @ effect + self.rows * apart**2
        crossed = effect @ self.moment - apart * (np.diag(self.gram) @ effect)
        return float(self.square + fitted - 2 * crossed)


def _cross_counts(codes: list[NDArray[np.intp]], start: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return X'X of one-hot codes: how many rows are in each pair of bins.

    Counting each pair of columns is several times faster than a product of sparse matrices.
    """
    counts = np.empty((int(start[-1]),) * 2)
    sizes = np.diff(start)
    for i, first in enumerate(codes):
        for j, second in enumerate(codes[i:], i):
            flat = np.bincount(first * sizes[j] + second, minlength=sizes[i] * sizes[j])
            block = flat.reshape(sizes[i], sizes[j])
            counts[start[i] : start[i + 1], start[j] : start[j + 1]] = block
            counts[start[j] : start[j + 1], start[i] : start[i + 1]] = block.T
    return counts
