import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from whence.errors import BadInput
from whence.watch.family import crossed, lines


@pytest.mark.parametrize("seed", range(5))
def test_what_crosses_is_what_holm_rejects(seed):
    p = np.random.default_rng(seed).random(40) ** 6
    want = multipletests(p, alpha=0.01, method="holm")[0]
    assert 0 < want.sum() < 40
    np.testing.assert_array_equal(crossed(p, 0.01), want)


def test_missing_tests_neither_count_nor_cross():
    p = np.array([np.nan, 0.004, np.nan, 0.006])
    np.testing.assert_array_equal(crossed(p, 0.01), [False, True, False, True])
    np.testing.assert_array_equal(lines(p, 0.01), [np.nan, 0.005, np.nan, 0.01])


def test_no_tests_at_all_cross_nothing():
    assert not crossed(np.full(3, np.nan)).any()


@pytest.mark.parametrize(
    ("p", "level"), [([1.2], 0.01), ([-0.1], 0.01), ([0.5], 0.0), ([0.5], 1.0)]
)
def test_what_is_no_chance_is_refused(p, level):
    with pytest.raises(BadInput):
        crossed(np.array(p), level)
