"""How much more likely a window is under a worse mean than under the healthy one, in logs.

Each is the logarithm of an e-value: its exponential has expectation 1 (or less) while the
healthy distribution holds, whatever the number of rows (Vovk & Wang 2021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from whence.watch.variation import NEGLIGIBLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.watch.variation import Calibration, Kind

    Floats = NDArray[np.float64]

__all__ = ["ALTERNATIVES", "beta_binomial_log_ratio", "log_evidence", "student_log_ratio"]

ALTERNATIVES = np.array([0.5, 1.0, 2.0, 4.0])
"""How much worse, in standard deviations of a typical window."""

LARGEST_MEAN = 0.95
"""An alternative for 0/1 losses goes at most that part of the way from the null mean to 1."""

MOST_FREEDOM = 30.0
"""Keeps the tails of Student's t heavier than normal, because losses are."""

LEAST_CORRELATION = 1e-8
"""Below it the beta-binomial is the binomial; lgamma of its inverse still has 1e-6 nats left."""


def beta_binomial_log_ratio(
    errors: Floats, n: Floats, null: Floats, alternative: Floats, correlation: Floats
) -> Floats:
    """Return log BB(errors; n, alternative) - log BB(errors; n, null) at one correlation.

    The beta-binomial is parametrised by its mean and the correlation rho of two rows of a
    window, ``a + b = 1 / rho - 1`` (Skellam 1948; Griffiths 1973). The ratio increases with
    `errors`, so its expectation is at most 1 for every mean below `null` too.

    Parameters
    ----------
    errors, n
        Rows with loss 1, and rows: (K,).
    null, alternative
        Means in (0, 1): (K,) and any shape that broadcasts with it, such as (J, K).
    correlation
        (K,), in [0, 1).
    """
    size = 1.0 / np.clip(correlation, LEAST_CORRELATION, 1.0 - 1e-6) - 1.0

    def kernel(mean: Floats) -> Floats:
        a, b = mean * size, (1.0 - mean) * size
        ones = special.gammaln(errors + a) - special.gammaln(a)
        return np.asarray(ones + special.gammaln(n - errors + b) - special.gammaln(b))

    return kernel(alternative) - kernel(null)


def student_log_ratio(z: Floats, shift: Floats, freedom: Floats) -> Floats:
    """Return the log ratio of Student's t density moved by `shift` to the unmoved one, at z.

    Exactly an e-value where z = (mean - null) / sd has Student's t distribution; bounded in z,
    so that one wild window cannot decide.

    Parameters
    ----------
    z
        Window means in standard deviations above the null mean, (K,).
    shift
        The alternative in the same unit, > 0; broadcasts with z.
    freedom
        Degrees of freedom of the standard deviation, (K,).
    """
    power = (freedom + 1.0) / 2.0
    return np.asarray(power * (np.log1p(z**2 / freedom) - np.log1p((z - shift) ** 2 / freedom)))


def log_evidence(
    kind: Kind, healthy: Calibration, null: Floats, n: Floats, loss: Floats, loss_sq: Floats
) -> Floats:
    """Return the log e-value of one window for each alternative and stream, (J, K).

    Parameters
    ----------
    kind
        ``"binary"``: beta-binomial; ``"mean"``: Student's t on the studentised window mean.
    healthy
        What the reference says of each stream.
    null
        (K,): the null mean on this window's weekday.
    n, loss, loss_sq
        (K,): rows, sum of loss, sum of squared loss.
    """
    if kind == "mean":
        rows = np.maximum(n, 1.0)
        own = np.maximum(loss_sq / rows - (loss / rows) ** 2, 0.0)
        # The larger of the two variances: a mean that a few wild rows made is no evidence.
        variance = np.maximum(healthy.row_variance, own) / rows + healthy.between
        sd = np.sqrt(np.maximum(variance, NEGLIGIBLE))
        shift = ALTERNATIVES[:, None] * np.sqrt(healthy.variance(healthy.rows)) / sd
        freedom = np.minimum(healthy.freedom, MOST_FREEDOM)
        # The ratio of two t densities falls back to 1 far out: what is worse must not count less.
        most = shift / 2.0 + np.sqrt(shift**2 / 4.0 + freedom)
        return student_log_ratio(np.minimum((loss / rows - null) / sd, most), shift, freedom)
    correlation = healthy.between / np.maximum(healthy.between + healthy.row_variance, NEGLIGIBLE)
    row = (1.0 - correlation) / np.maximum(healthy.rows, 1.0)
    sd = np.sqrt(null * (1.0 - null) * (row + correlation))
    worse = null + np.minimum(ALTERNATIVES[:, None] * sd, LARGEST_MEAN * (1.0 - null))
    return beta_binomial_log_ratio(loss, n, null, worse, correlation)
