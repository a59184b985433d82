import numpy as np
import pytest
from statsmodels.regression.mixed_linear_model import MixedLM

from whence.watch.proportion import wilson
from whence.watch.variation import Moments, calibrate, persistence


def calibrated(n, loss, loss_sq, weekday, kind="binary", tail=0.025):
    columns = [part[:, None].astype(float) for part in (n, loss, loss_sq)]
    return calibrate(Moments.of(*columns, weekday), kind, np.array([tail]), np.zeros(1), 0.0)


def test_a_balanced_design_gives_the_reml_variance_components():
    rng = np.random.default_rng(3)
    windows, rows = 20, 30
    y = 2.0 + rng.normal(0, 0.5, (windows, 1)) + rng.normal(0, 1.0, (windows, rows))
    ours = calibrated(
        np.full(windows, rows), y.sum(1), (y**2).sum(1), np.full(windows, -1), kind="mean"
    )
    group = np.repeat(np.arange(windows), rows)
    reml = MixedLM(y.ravel(), np.ones((windows * rows, 1)), group).fit(reml=True)
    assert ours.row_variance[0] == pytest.approx(reml.scale, rel=1e-3)
    assert ours.between[0] == pytest.approx(float(np.ravel(reml.cov_re)[0]), rel=1e-3)
    assert ours.mean[0] == pytest.approx(y.mean())


def test_the_null_of_rare_errors_is_wilsons_limit_and_above_zero():
    n = np.full(40, 50)
    none = calibrated(n, np.zeros(40), np.zeros(40), np.full(40, -1))
    # With 39 degrees of freedom Student's quantile is 2.02 where Wilson's interval has 1.96.
    assert wilson(0, 2000)[1] < none.null[0] < 1.1 * wilson(0, 2000)[1]


def test_weekday_effects_are_found_and_noise_is_shrunk():
    rng = np.random.default_rng(5)
    weekday = np.arange(56) % 7
    n = np.full(56, 5000)
    rate = np.where(weekday == 6, 0.16, 0.1)
    x = rng.binomial(n, rate)
    true = calibrated(n, x, x, weekday)
    assert true.effect[6, 0] - true.effect[:6, 0].mean() == pytest.approx(0.06, abs=0.01)
    flat = rng.binomial(n, 0.1)
    shrunk = calibrated(n, flat, flat, weekday)
    raw = [
        flat[weekday == d].sum() / n[weekday == d].sum() - flat.sum() / n.sum() for d in range(7)
    ]
    assert (np.abs(shrunk.effect[:, 0]) <= np.abs(raw)).all()
    assert np.abs(shrunk.effect).max() < 0.003


def test_two_weeks_of_one_weekday_each_cannot_tell_weekdays_apart():
    n = np.full(13, 100)
    x = np.arange(13) % 7 + 5
    assert (calibrated(n, x, x, np.arange(13) % 7).effect == 0).all()


def test_moments_add_up_window_by_window():
    rng = np.random.default_rng(0)
    n = rng.integers(0, 4, (20, 3)).astype(float)
    loss = rng.random((20, 3)) * n
    days = np.arange(20) % 7
    whole = Moments.of(n, loss, loss, days)
    grown = Moments.of(n[:12], loss[:12], loss[:12], days[:12])
    for t in range(12, 20):
        grown = grown.plus(n[t], loss[t], loss[t], int(days[t]))
    np.testing.assert_allclose(grown.sums, whole.sums)


def test_persistence_sees_days_that_resemble_their_neighbours():
    rng = np.random.default_rng(1)
    streams, windows = 400, 56
    effect = rng.normal(0, 1, (windows, streams))
    alike = effect.copy()
    for t in range(1, windows):
        alike[t] = 0.6 * alike[t - 1] + 0.8 * effect[t]
    n = np.full((windows, streams), 2000.0)
    days = np.full(windows, -1)
    means = {}
    for name, e in (("independent", effect), ("alike", alike)):
        loss = n * (0.1 + 0.02 * e)
        healthy = calibrate(
            Moments.of(n, loss, loss, days), "mean", np.full(streams, 0.025), np.zeros(streams), 0.0
        )
        means[name] = persistence(n, loss, days, healthy).mean()
    assert means["alike"] == pytest.approx(1.2, abs=0.15)  # twice the lag-1 correlation of .6
    assert means["independent"] < 0.2
