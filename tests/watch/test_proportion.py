import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from whence.errors import BadInput
from whence.watch.proportion import ShareReference, at_least, wilson


@pytest.mark.parametrize(("x", "n"), [(0, 10), (3, 10), (10, 10), (93, 300), (1, 100000)])
def test_wilson_is_statsmodels(x, n):
    for confidence in (0.9, 0.95):
        want = proportion_confint(x, n, alpha=1 - confidence, method="wilson")
        assert wilson(x, n, confidence) == pytest.approx(want, abs=1e-12)


def test_no_trials_say_nothing():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("x", "n"), [(3, 2), (-1, 5)])
def test_no_share_is_refused(x, n):
    with pytest.raises(BadInput, match="no share"):
        wilson(x, n)


def test_a_share_reference_finds_the_correlation_of_rows():
    rng = np.random.default_rng(0)
    n = rng.integers(80, 200, 4000).astype(float)
    rate = rng.beta(0.1 * 49, 0.9 * 49, len(n))
    found = ShareReference.of(rng.binomial(n.astype(int), rate).astype(float), n)
    assert found.share == pytest.approx(0.1, abs=0.005)
    assert found.correlation == pytest.approx(1 / 50, rel=0.1)


def test_tails_are_honest_for_new_windows_of_a_small_reference():
    rng = np.random.default_rng(2)
    n = np.full(14, 300.0)
    false = 0
    for _ in range(400):
        rate = rng.beta(0.05 * 100, 0.95 * 100, 15)
        x = rng.binomial(300, rate).astype(float)
        false += ShareReference.of(x[:14], n).tails(x[14], 300)[1] < 0.01
    # 400 trials at .01, the spread being known from 14 windows only: 13 is .032.
    assert false <= 13


@pytest.mark.parametrize(
    ("k", "n", "p"), [(0, 10, 0.1), (3, 10, 0.1), (10, 10, 0.9), (40, 9000, 0.003)]
)
def test_the_exact_binomial_tail_is_scipys(k, n, p):
    assert at_least(k, n, p) == pytest.approx(stats.binom.sf(k - 1, n, p))
