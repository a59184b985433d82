import numpy as np
import pytest
from scipy import stats

from whence.watch.evidence import beta_binomial_log_ratio, student_log_ratio


@pytest.mark.parametrize(("n", "correlation"), [(7, 0.2), (200, 0.01), (2000, 1e-4)])
def test_the_beta_binomial_ratio_is_scipys(n, correlation):
    x = np.unique(np.linspace(0, n, 9).astype(int)).astype(float)
    size = 1 / correlation - 1
    got = beta_binomial_log_ratio(
        x,
        np.full_like(x, n),
        np.full_like(x, 0.1),
        np.full_like(x, 0.15),
        np.full_like(x, correlation),
    )
    want = stats.betabinom(n, 0.15 * size, 0.85 * size).logpmf(x) - stats.betabinom(
        n, 0.1 * size, 0.9 * size
    ).logpmf(x)
    np.testing.assert_allclose(got, want, atol=1e-7)


def test_without_correlation_it_is_the_binomial():
    x = np.arange(0.0, 51.0)
    got = beta_binomial_log_ratio(
        x, np.full_like(x, 50), np.full_like(x, 0.1), np.full_like(x, 0.2), np.zeros_like(x)
    )
    want = stats.binom(50, 0.2).logpmf(x) - stats.binom(50, 0.1).logpmf(x)
    np.testing.assert_allclose(got, want, atol=1e-4)


@pytest.mark.parametrize("truth", [0.05, 0.1])
def test_its_expectation_is_at_most_one_at_and_below_the_null(truth):
    x = np.arange(0.0, 301.0)
    ratio = beta_binomial_log_ratio(
        x, np.full_like(x, 300), np.full_like(x, 0.1), np.full_like(x, 0.13), np.full_like(x, 0.02)
    )
    law = stats.betabinom(300, truth * 49, (1 - truth) * 49)
    expectation = (law.pmf(x) * np.exp(ratio)).sum()
    assert expectation == pytest.approx(1.0) if truth == 0.1 else expectation < 1.0


@pytest.mark.parametrize("freedom", [6.0, 27.0])
def test_the_student_ratio_is_scipys_and_integrates_to_one(freedom):
    z = np.linspace(-40, 60, 200001)
    got = student_log_ratio(z, np.array(2.0), np.array(freedom))
    law = stats.t(freedom)
    np.testing.assert_allclose(got, law.logpdf(z - 2.0) - law.logpdf(z), atol=1e-9)
    assert np.trapezoid(np.exp(got) * law.pdf(z), z) == pytest.approx(1.0, abs=1e-4)
