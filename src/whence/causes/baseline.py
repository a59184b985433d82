"""The healthy relation of inputs and label: q0(y | x, f) and, without the model, q0(y | x)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from whence.causes.features import Features
from whence.causes.tilt import Tilt, fit_tilt

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.causes.target import Target
    from whence.types.rows import Rows

__all__ = ["Baseline", "fit_baseline"]

_FEWEST_ROWS = 200
"""With fewer fitting rows, trees of 20-row leaves say nothing: the class shares are used."""

_FEWEST_KNOWN = 30
"""A column known in fewer rows is taken as constant."""

_FLOOR = 1e-3
"""The weight of the class shares mixed into q0, so that one odd row costs at most about 8 nats."""


class _Classifier(Protocol):
    classes_: NDArray[np.intp]

    def predict_proba(self, x: NDArray[np.float64]) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class Baseline:
    """A calibrated model of the label, fitted on one half of the reference and set by the other."""

    features: Features
    shares: NDArray[np.float64]
    trees: _Classifier | None
    calibration: Tilt

    def log_q(self, rows: Rows) -> NDArray[np.float64]:
        """Return log-probabilities (n, classes) of the label."""
        return self.calibration.apply(self._raw(rows))

    def _raw(self, rows: Rows) -> NDArray[np.float64]:
        q = np.tile(self.shares, (len(rows), 1))
        if self.trees is not None and len(rows):
            fitted = np.zeros_like(q)
            fitted[:, self.trees.classes_] = self.trees.predict_proba(self.features.matrix(rows))
            q = (1 - _FLOOR) * fitted + _FLOOR * q
        return np.log(q)


def fit_baseline(
    before: Rows,
    half: NDArray[np.bool_],
    target: Target,
    *,
    own: bool,
    without: str | None = None,
    seed: int = 0,
) -> Baseline:
    """Fit q0 on the reference rows in `half` (mask (n,)) and calibrate it on the others.

    `own` says whether the served model's prediction and probability are among its inputs;
    `without` names a column to leave out. Histogram gradient boosting (Ke et al. 2017) takes
    missing values and categories as they are; a tilt on the other half calibrates it (Platt
    1999; temperature and class shares for several classes).
    """
    features = Features.of(before, own=own, without=without)
    y = target.code(before)
    counts = np.bincount(y[half], minlength=target.size) + 1.0
    shares = np.asarray(counts / counts.sum(), np.float64)
    x = features.matrix(before)
    usable = half.sum() >= _FEWEST_ROWS and x.shape[1] and len(np.unique(y[half])) > 1
    trees = _trees(x[half], y[half], features, seed) if usable else None
    unset = Baseline(features, shares, trees, Tilt(1.0, np.zeros(target.size)))
    other = before.take(~half)
    return Baseline(features, shares, trees, fit_tilt(unset._raw(other), y[~half]))  # noqa: SLF001 -- its own class's raw scores, before they are calibrated


def _trees(
    x: NDArray[np.float64], y: NDArray[np.intp], features: Features, seed: int
) -> _Classifier:
    model = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=120,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        categorical_features=features.categorical,
        early_stopping=True,
        validation_fraction=0.15,
        n_iter_no_change=8,
        random_state=seed,
    )
    # The binning of scikit-learn 1.9 fails on a column that is missing in every row it trains on,
    # and early stopping takes some rows away.
    hardly_known = (~np.isnan(x)).sum(axis=0) < _FEWEST_KNOWN
    fitted: _Classifier = model.fit(np.where(hardly_known, 0.0, x), y)
    return fitted
