import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from whence.errors import BadInput
from whence.watch.drift import DriftReference, drift
from whence.watch.two_sample import FEWEST_EXPECTED, merged, pearson

EDGES = stats.norm.ppf(np.arange(1, 20) / 20)


def column(rng, days, rows, *, day=0.0, weekday=0.0, moved=0.0):
    """Return counts (days, 20) of a normal column whose centre differs from day to day."""
    centre = rng.normal(0, day, days) + rng.normal(0, weekday, 7)[np.arange(days) % 7] + moved
    below = stats.norm.cdf(EDGES - centre[:, None])
    return rng.multinomial(rows, np.diff(below, prepend=0, append=1, axis=1)).astype(float)


def judged(rng, rows, *, moved=0.0, columns=12, reference=56, windows=20, **variation):
    p = []
    days = np.arange(reference + windows) % 7
    for _ in range(columns):
        shift = np.where(np.arange(reference + windows) >= reference, moved, 0.0)
        counts = column(rng, reference + windows, rows, moved=shift, **variation)
        kept = DriftReference.of(counts[:reference], days[:reference])
        p += [kept.drift(counts[t], int(days[t])).p for t in range(reference, len(days))]
    return np.array(p)


def test_the_statistic_is_scipys():
    rng = np.random.default_rng(0)
    before, now = rng.poisson(500, 12).astype(float), rng.poisson(60, 12).astype(float)
    want = stats.chi2_contingency(np.stack([before, now]), correction=False)
    got = pearson(before, now)
    assert got.statistic == pytest.approx(want.statistic)
    assert got.freedom == want.dof


@given(st.lists(st.floats(0, 50), min_size=1, max_size=30))
def test_merged_bins_are_large_enough_or_all_one(expected):
    expected = np.array(expected)
    group = merged(expected)
    total = np.bincount(group, expected)
    assert len(total) == 1 or (total >= FEWEST_EXPECTED).all()
    assert set(group) == set(range(len(total)))


def test_without_variation_between_days_p_is_the_larger_of_two_tails():
    reference = np.tile([400.0, 300.0, 300.0], (14, 1))
    window = np.array([360.0, 320.0, 320.0])
    result = drift(reference, np.full(14, -1), window, None)
    harmonic = 14000 * 1000 / 15000
    central = stats.chi2.sf(result.statistic, 2)
    noncentral = stats.ncx2.sf(result.statistic, 2, harmonic * 0.05**2)
    assert result.p == pytest.approx(max(central, noncentral))
    assert result.effect == pytest.approx(np.sqrt((result.statistic - 2) / harmonic))


@pytest.mark.parametrize(
    "variation", [{}, {"day": 0.1}, {"weekday": 0.3}, {"day": 0.1, "weekday": 0.3}]
)
@pytest.mark.parametrize("rows", [2000, 20000])
def test_a_column_that_varies_as_it_did_rarely_crosses(rows, variation):
    rng = np.random.default_rng(rows + len(variation))
    p = judged(rng, rows, columns=20, **variation)
    # 400 judgements; 1 % expected at .01 in the worst case: 9 or fewer with chance .99.
    assert (p < 0.01).sum() <= 9
    assert (p < 1e-4).sum() <= 1


@pytest.mark.parametrize(("rows", "moved"), [(2000, 0.2), (20000, 0.1)])
def test_a_column_that_moved_is_found(rows, moved):
    p = judged(np.random.default_rng(rows), rows, moved=moved)
    assert (p < 1e-4).mean() > 0.85


def test_a_move_too_small_to_matter_is_none_however_many_rows():
    p = judged(np.random.default_rng(1), 2_000_000, moved=0.03, columns=3)
    assert (p > 0.5).all()


def test_unseen_values_are_judged_apart_and_exactly():
    reference = np.tile([500.0, 500.0, 0.0], (28, 1))
    window = np.array([490.0, 490.0, 20.0])
    result = drift(reference, np.full(28, -1), window, None, unseen=np.array([2]))
    rates = stats.binomtest(20, 20, 1000 / 29000, alternative="greater").pvalue
    matters = stats.binomtest(20, 1000, 0.0025, alternative="greater").pvalue
    assert result.unseen_p == pytest.approx(max(rates, matters))
    assert result.unseen_share == 0.02
    assert result.p > 0.5


def test_the_bins_that_moved_are_named_with_their_sign():
    reference = np.tile([100.0, 100.0, 100.0, 100.0], (10, 1))
    result = drift(reference, np.full(10, -1), np.array([100.0, 40.0, 160.0, 100.0]), None)
    assert set(result.worst_bins) == {1, 2}
    assert result.change[2] == pytest.approx(0.15)


def test_with_six_windows_there_is_an_effect_and_no_verdict():
    result = drift(np.full((6, 4), 100.0), np.arange(6), np.array([10.0, 90, 150, 150]), 6)
    assert np.isnan(result.p)
    assert not result.normal_variation_known
    assert result.effect > 0.3


def test_an_empty_window_and_a_single_bin_have_no_verdict():
    reference = np.full((10, 4), 100.0)
    empty = drift(reference, np.full(10, -1), np.zeros(4), None, unseen=np.array([0]))
    assert np.isnan(empty.p)
    assert np.isnan(empty.unseen_p)
    one = drift(reference[:, :1], np.full(10, -1), np.array([50.0]), None)
    assert np.isnan(one.p)
    assert one.effect == 0.0


def test_what_does_not_fit_is_refused():
    with pytest.raises(BadInput, match="same bins"):
        drift(np.ones((10, 4)), np.full(10, -1), np.ones(3), None)
    with pytest.raises(BadInput, match="smallest_effect"):
        drift(np.ones((10, 4)), np.full(10, -1), np.ones(4), None, smallest_effect=0.0)
    with pytest.raises(BadInput, match="counts are 0 or more"):
        DriftReference.of(-np.ones((10, 4)), np.full(10, -1))
    with pytest.raises(BadInput, match="one weekday per window"):
        DriftReference.of(np.ones((10, 4)), np.full(9, -1))
