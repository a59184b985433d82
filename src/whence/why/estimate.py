"""Performance without labels: two estimates, and whether they may be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression

from whence.causes.features import Features
from whence.causes.support import rows_outside
from whence.why.coding import code
from whence.why.expected import expect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows

__all__ = ["Estimate", "estimate"]

_LEAST_ESS = 0.3
_MOST_UNSEEN = 0.01
_AGREEMENT = 2.0
_FEWEST = 500
"""Labelled reference rows without which neither estimate can be tried out."""

_FEWEST_NEW = 100
"""Recent rows without which their inputs have no distribution to speak of."""

_MOST_ROWS = 40_000
_BACKTESTS = 10
_ERROR_QUANTILE = 0.9
_WEIGHT_LIMIT = 50.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean loss of unlabelled rows, if the relation of input and label has not changed.

    `calibrated` is from the model's own confidence, `weighted` from reference losses at the
    new inputs; `error` is the 90th percentile of |estimate - truth| on held-out reference
    windows. `distrust` says which conditions fail; the number is printed only if none does.
    """

    calibrated: float
    weighted: float
    error: float
    distrust: tuple[str, ...]


def estimate(before: Rows, after: Rows, *, delta: float, seed: int = 0) -> Estimate | None:
    """Estimate the mean loss of `after` (no labels needed) from labelled `before`.

    Calibrated confidence (NannyML's CBPE; Guillory et al. 2021): the loss is regressed on the
    model's probability (isotonic in the probability of being right; for Brier, from calibrated
    p; for regression, additively on the inputs) and averaged. Importance weighting (Shimodaira
    2000): reference losses weighted by p1(x)/p0(x), the odds of a classifier of the period.
    Both hold only while p(y | x) does. None with too few rows.
    """
    before = before.take(before.labelled)
    if len(before) < _FEWEST or len(after) < _FEWEST_NEW:
        return None
    rng = np.random.default_rng(seed)
    before, after = _sample(before, rng), _sample(after, rng)
    calibrated = float(_Confidence(before, seed).loss(after).mean())
    weighted, ess = _importance(before, after, seed)
    error = _backtest(before, seed)
    unseen = np.zeros(len(after), bool)
    for mask in rows_outside(before, after).values():
        unseen |= mask
    distrust = _doubts(error, ess, float(unseen.mean()), abs(calibrated - weighted), delta)
    return Estimate(calibrated, weighted, error, distrust)


def _doubts(error: float, ess: float, unseen: float, apart: float, delta: float) -> tuple[str, ...]:
    conditions = (
        (error <= delta, f"on held-out reference windows it errs by {error:.4f}, above {delta:g}"),
        (ess >= _LEAST_ESS, f"the inputs moved too far (effective rows {ess:.0%})"),
        (unseen <= _MOST_UNSEEN, f"{unseen:.1%} of the rows have values never seen"),
        (apart <= _AGREEMENT * delta, f"the two estimates are {apart:.4f} apart"),
    )
    return tuple(doubt for holds, doubt in conditions if not holds)


class _Confidence:
    """Expected loss per row from what the model said of itself."""

    def __init__(self, before: Rows, seed: int) -> None:
        self._before = before
        self._seed = seed
        score = _score(before)
        self._curve: IsotonicRegression | None = None
        known = ~np.isnan(score)
        if before.task == "regression" or not known.any():
            return
        truth = before.label == 1 if before.task == "probability" else before.loss
        # The more probable class 1 is, the more often it is 1; the surer, the less often wrong.
        rising = before.task == "probability"
        self._curve = IsotonicRegression(increasing=rising, out_of_bounds="clip")
        self._curve.fit(score[known], truth[known].astype(np.float64))

    def loss(self, rows: Rows) -> NDArray[np.float64]:
        """Return the expected loss (n,)."""
        if self._curve is None:
            half = (np.arange(len(self._before)) % 2).astype(np.int8)
            columns = code(self._before, rows)
            return expect(columns, self._before.loss, half, len(rows), self._seed).after
        score = _score(rows)
        known = ~np.isnan(score)
        loss = np.full(len(rows), float(self._before.loss.mean()))
        c = self._curve.predict(score[known])
        if rows.task == "probability":
            p = score[known]
            loss[known] = c * (1 - p) ** 2 + (1 - c) * p**2
        else:
            loss[known] = c
        return loss


def _score(rows: Rows) -> NDArray[np.float64]:
    """Return p for a probability; else the probability of the predicted class."""
    if rows.task != "classification" or len(rows.classes) != 2:  # noqa: PLR2004 -- two classes: proba is P(1)
        return rows.proba
    return np.where(rows.prediction == 0, 1 - rows.proba, rows.proba)


def _importance(before: Rows, after: Rows, seed: int) -> tuple[float, float]:
    """Return the weighted mean loss and the effective share of rows (Kish 1965)."""
    features = Features.of(before, own=False)
    x0, x1 = features.matrix(before), features.matrix(after)
    if not x0.shape[1]:
        return float(before.loss.mean()), 1.0
    weight = np.empty(len(x0))
    for side in (0, 1):
        fit0, fit1 = np.arange(len(x0)) % 2 == side, np.arange(len(x1)) % 2 == side
        model = HistGradientBoostingClassifier(
            max_iter=60,
            max_leaf_nodes=8,
            min_samples_leaf=100,
            l2_regularization=10.0,
            categorical_features=features.categorical,
            early_stopping=True,
            random_state=seed,
        )
        period = np.repeat([0, 1], [int(fit0.sum()), int(fit1.sum())])
        model.fit(np.vstack([x0[fit0], x1[fit1]]), period)
        p = np.clip(model.predict_proba(x0[~fit0])[:, 1], 1e-6, 1 - 1e-6)
        weight[~fit0] = p / (1 - p) * fit0.sum() / max(1, fit1.sum())
    weight = np.minimum(weight, _WEIGHT_LIMIT)
    ess = float(weight.sum() ** 2 / (weight**2).sum()) / len(weight)
    return float((weight * before.loss).sum() / weight.sum()), ess


def _backtest(before: Rows, seed: int) -> float:
    """Return the 90th percentile of the confidence estimate's error on held-out windows."""
    distinct = np.unique(before.window)
    folds = min(_BACKTESTS, len(distinct))
    if folds < 2:  # noqa: PLR2004 -- nothing can be held out of one window
        return np.inf
    fold = np.searchsorted(distinct, before.window) * folds // len(distinct)
    errors = []
    for number in range(folds):
        held_out = before.take(fold == number)
        guess = _Confidence(before.take(fold != number), seed).loss(held_out)
        errors.append(abs(float(guess.mean() - held_out.loss.mean())))
    return float(np.quantile(errors, _ERROR_QUANTILE))


def _sample(rows: Rows, rng: np.random.Generator) -> Rows:
    if len(rows) <= _MOST_ROWS:
        return rows
    return rows.take(np.sort(rng.choice(len(rows), _MOST_ROWS, replace=False)))
