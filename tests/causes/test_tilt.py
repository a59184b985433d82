"""The tilt against logistic regression fitted by others, and the gain against statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from whence.causes.gain import mean_gain
from whence.causes.tilt import cross_tilt, fit_tilt


def two_classes(p):
    return np.log(np.column_stack([1 - p, p]))


def test_tilt_is_logistic_recalibration():
    rng = np.random.default_rng(0)
    p = rng.beta(2, 3, 20_000)
    y = (rng.random(len(p)) < expit(-0.5 + 0.6 * logit(p))).astype(np.intp)
    tilt = fit_tilt(two_classes(p), y)
    other = LogisticRegression(C=1e9).fit(logit(p)[:, None], y)
    assert tilt.scale == pytest.approx(other.coef_[0, 0], abs=2e-3)
    assert tilt.shift[1] - tilt.shift[0] == pytest.approx(other.intercept_[0], abs=2e-3)
    ours = np.exp(tilt.apply(two_classes(p)))[:, 1]
    assert np.allclose(ours, other.predict_proba(logit(p)[:, None])[:, 1], atol=1e-3)


def test_several_classes_find_the_shift_that_was_made():
    rng = np.random.default_rng(1)
    log_q = np.log(rng.dirichlet([1, 1, 1, 1], 30_000))
    shift = np.array([0.5, -0.5, 0.2, -0.2])
    p = np.exp(log_q + shift)
    p /= p.sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random(len(p))[:, None]).sum(axis=1)
    tilt = fit_tilt(log_q, y, temper=False)
    assert tilt.scale == 1
    assert np.allclose(tilt.shift - tilt.shift.mean(), shift, atol=0.05)


def test_no_rows_leave_it_unchanged():
    tilt = fit_tilt(np.empty((0, 3)), np.empty(0, np.intp))
    assert tilt.scale == 1
    assert not tilt.shift.any()


def test_cross_fitting_gains_nothing_where_nothing_changed_and_much_where_it_did():
    rng = np.random.default_rng(2)
    p = rng.beta(2, 2, 8000)
    changed = rng.random(len(p)) < 0.5
    truth = np.where(changed, 1 - p, p)
    y = (rng.random(len(p)) < truth).astype(np.intp)
    log_q, row = two_classes(p), np.arange(len(p))
    fold = (row % 2).astype(np.int8)
    fitted = cross_tilt(log_q, y, fold, np.where(changed, 0, -1))
    gain = (fitted - log_q)[row, y]
    assert gain[changed].mean() > 0.1
    assert not gain[~changed].any()
    nothing = cross_tilt(log_q, y, fold, np.where(changed, -1, 0))
    assert (nothing - log_q)[row, y].mean() < 1e-3


def test_interval_is_the_cluster_robust_one_of_statsmodels():
    rng = np.random.default_rng(3)
    block = rng.integers(0, 25, 3000)
    value = rng.normal(size=3000) + rng.normal(0, 0.5, 25)[block]
    gain = mean_gain(value, block)
    fitted = sm.OLS(value, np.ones(3000)).fit(
        cov_type="cluster", cov_kwds={"groups": block, "df_correction": True}, use_t=True
    )
    assert gain.mean == pytest.approx(fitted.params[0])
    assert gain.se == pytest.approx(fitted.bse[0], rel=1e-3)
    assert (gain.low, gain.high) == pytest.approx(fitted.conf_int()[0], rel=1e-3)


def test_one_block_has_no_interval():
    gain = mean_gain(np.ones(5), np.zeros(5, np.intp))
    assert gain.low == -np.inf
    assert gain.high == np.inf
