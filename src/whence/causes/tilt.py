"""A small change of a probability model: log q' = b log q + a_y, normalised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Tilt", "cross_tilt", "fit_tilt"]

_RIDGE = 1.0
"""The precision of the prior a_y ~ N(0, 1), b ~ N(1, 1): one unit of log odds is a large change."""


@dataclass(frozen=True, slots=True)
class Tilt:
    """`scale` is b (1: unchanged) and `shift` is a_y (shape (classes,), 0: unchanged).

    For two classes this is logistic recalibration, a + b logit(q) (Cox 1958, Biometrika 45);
    b < 1 says that the old relation has become weaker, b < 0 that it has turned round.
    """

    scale: float
    shift: NDArray[np.float64]

    def apply(self, log_q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the tilted log-probabilities (n, classes)."""
        return np.asarray(log_softmax(self.scale * log_q + self.shift, axis=1))


def fit_tilt(log_q: NDArray[np.float64], y: NDArray[np.intp], *, temper: bool = True) -> Tilt:
    """Fit a tilt by penalised maximum likelihood (ridge towards "unchanged"; L-BFGS).

    Parameters
    ----------
    log_q
        (n, classes): log-probabilities of the model to be changed.
    y
        (n,): the class that happened.
    temper
        Whether b is free; without it b = 1 and only the class shares move.
    """
    size = log_q.shape[1]
    if not len(y):
        return Tilt(1.0, np.zeros(size))
    happened = np.bincount(y, minlength=size).astype(np.float64)
    reached = float(log_q[np.arange(len(y)), y].sum())

    def loss(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scale = theta[0] if temper else 1.0
        log_p = log_softmax(scale * log_q + theta[1:], axis=1)
        p = np.exp(log_p)
        fitted = scale * reached + happened @ theta[1:]
        normaliser = scale * log_q[:, 0].sum() + len(y) * theta[1] - log_p[:, 0].sum()
        slope = np.append((p * log_q).sum() - reached, p.sum(axis=0) - happened)
        start = np.append(1.0, np.zeros(size))
        slope += _RIDGE * (theta - start)
        if not temper:
            slope[0] = 0.0
        penalty = 0.5 * _RIDGE * float(((theta - start) ** 2).sum())
        return float(normaliser - fitted + penalty), slope

    best = minimize(loss, np.append(1.0, np.zeros(size)), jac=True, method="L-BFGS-B").x
    return Tilt(float(best[0]), best[1:])


def cross_tilt(
    log_q: NDArray[np.float64],
    y: NDArray[np.intp],
    fold: NDArray[np.int8],
    group: NDArray[np.intp],
    *,
    temper: bool = True,
) -> NDArray[np.float64]:
    """Return log-probabilities (n, classes) tilted within each group of rows, cross-fitted.

    Each row's tilt was fitted on the rows of its group in the other fold, so its score is of a
    row the fit has not seen. Rows of group -1 keep `log_q`.
    """
    changed = log_q.copy()
    for number in range(int(group.max(initial=-1)) + 1):
        for side in (0, 1):
            fitting = (group == number) & (fold == side)
            scoring = (group == number) & (fold != side)
            tilt = fit_tilt(log_q[fitting], y[fitting], temper=temper)
            changed[scoring] = tilt.apply(log_q[scoring])
    return changed
