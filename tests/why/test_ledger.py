"""Points that add up, against truths that were put in and sums made another way."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder

from whence.causes.membership import members
from whence.why.bootstrap import block_sums, interval, redraw
from whence.why.coarse import Gram, coarsen
from whence.why.coding import code
from whence.why.contrast import Sums, contrast
from whence.why.expected import expect
from whence.why.labels import labels_to_ask
from whence.why.ledger import draw_up
from whence.why.split import split


def drawn(before, after, **more):
    parts = (split(before.window, 0), split(after.window, 0))
    return draw_up((before, after), parts, **more)


def changed_in_a_slice(x, c):
    return 0.1 + 0.05 * (c == 2) + 0.3 * ((c == 1) & (x > 0.5)) + 0.02


def healthy(x, c):
    return 0.1 + 0.05 * (c == 2) + 0 * x


def test_parts_are_the_truth_and_sum_to_the_drop(flip):
    rng = np.random.default_rng(0)
    before, after = flip(rng, 30_000, healthy), flip(rng, 30_000, changed_in_a_slice, first=28)
    ledger = drawn(before, after)
    assert len(ledger.slices) == 1
    where = ledger.found[0].where
    assert where["c"] == "b"
    assert where["x"][0] == pytest.approx(0.5, abs=0.15)
    share = float(members(after, {"c": "b", "x": (0.5, np.inf)}).mean())
    assert ledger.slices[0].points == pytest.approx(0.3 * share, abs=0.006)
    assert ledger.everywhere.points == pytest.approx(0.02, abs=0.008)
    assert ledger.mix.points == pytest.approx(0, abs=0.003)
    drop = after.loss.mean() - before.loss.mean()
    parts = ledger.mix.points + ledger.slices[0].points + ledger.everywhere.points
    assert parts + ledger.closure == pytest.approx(drop, abs=1e-12)
    low, high = ledger.slices[0].interval
    assert low < 0.3 * share < high


def test_a_change_of_mix_is_mix(flip):
    rng = np.random.default_rng(1)

    def hard(_, c):
        return np.where(c == 2, 0.5, 0.05)

    before, pool = flip(rng, 20_000, hard), flip(rng, 60_000, hard, first=28)
    code_of = pool.column("c").values
    after = pool.take((code_of == 2) | (rng.random(len(pool)) < 0.25))
    ledger = drawn(before, after)
    drop = after.loss.mean() - before.loss.mean()
    assert ledger.slices == []
    assert ledger.mix.points == pytest.approx(drop, abs=0.012)
    assert max(ledger.by_column, key=ledger.by_column.get) == "c"


def test_an_improved_slice_is_an_offset(flip):
    rng = np.random.default_rng(2)
    before = flip(rng, 20_000, lambda x, _: np.full(len(x), 0.4))
    after = flip(rng, 20_000, lambda x, _: np.where(x > 1, 0.05, 0.4), first=28)
    ledger = drawn(before, after)
    assert ledger.slices[0].points < 0
    assert ledger.found[0].where["x"][0] == pytest.approx(1, abs=0.15)


def test_no_change_gives_no_slices(flip):
    for seed in range(5):
        rng = np.random.default_rng(10 + seed)
        before, after = flip(rng, 8000, healthy), flip(rng, 8000, healthy, first=28)
        assert drawn(before, after).slices == []


def test_expected_loss_is_ridge_on_one_hot_bins(flip, monkeypatch):
    monkeypatch.setattr("whence.why.expected._RIDGES", (20.0,))
    rng = np.random.default_rng(3)
    before, after = flip(rng, 4000, healthy), flip(rng, 1000, healthy, first=28)
    columns = code(before, after)
    half = (np.arange(len(before)) % 2).astype(np.int8)
    ours = expect(columns, before.loss, half, len(after), 0)
    codes = np.column_stack([column.before for column in columns])
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(codes)
    fitting = half == 0
    y = before.loss[fitting]
    other = Ridge(alpha=20.0, fit_intercept=False).fit(
        encoder.transform(codes[fitting]), y - y.mean()
    )
    predicted = other.predict(encoder.transform(codes[~fitting])) + y.mean()
    assert np.allclose(ours.before[~fitting], predicted, atol=1e-8)


def test_products_count_what_loops_count(flip):
    rng = np.random.default_rng(4)
    before, after = flip(rng, 9000, healthy), flip(rng, 9000, changed_in_a_slice, first=28)
    columns = code(before, after)
    e = (before.loss - 0.1, after.loss - 0.1)
    gram = Gram(coarsen(columns, e, (np.arange(9000), np.arange(9000))), e)
    gone = (before.column("x").values > 2, after.column("x").values > 2)
    gram.remove(*gone)
    left = (~gone[0], ~gone[1])
    total_before, total_after = gram.totals()
    assert total_after.count == left[1].sum()
    assert total_before.total == pytest.approx(e[0][left[0]].sum(), abs=1e-3)
    best = gram.strongest(3)[0]
    inside = [
        np.logical_and.reduce([(c >= one.low) & (c <= one.high) for one, c in pairs])
        for pairs in (
            [(one, columns[one.column].before) for one in best],
            [(one, columns[one.column].after) for one in best],
        )
    ]
    sums = [
        Sums(
            np.array((mask & keep).sum(), float),
            values[mask & keep].sum(),
            (values[mask & keep] ** 2).sum(),
        )
        for mask, keep, values in zip(inside, left, e, strict=True)
    ]
    direct = contrast(*sums, total_before, total_after)
    assert abs(direct.z) >= 5


def test_a_bootstrap_of_a_mean_has_the_textbook_interval():
    rng = np.random.default_rng(5)
    window = np.repeat(np.arange(200), 10).astype(np.int32)
    value = rng.normal(size=2000) + rng.normal(0, 0.5, 200)[window]
    sums = block_sums(np.column_stack([np.ones(2000), value]), split(window, 0))
    draws = redraw(sums, rng)
    low, high = interval(value.mean(), draws[:, 1] / draws[:, 0], 200)
    means = value.reshape(200, 10).mean(axis=1)
    half = 1.972 * means.std(ddof=1) / np.sqrt(200)
    assert (high - low) / 2 == pytest.approx(half, rel=0.08)


def test_coverage_of_the_drops_interval(flip):
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(100 + seed)
        before = flip(rng, 2000, lambda x, _: np.full(len(x), 0.1))
        after = flip(rng, 2000, lambda x, _: np.full(len(x), 0.2), first=28)
        low, high = drawn(before, after).drop.interval
        inside += low <= 0.1 <= high
    # 95 % of 60 are 57; fewer than 52 would happen once in 100.
    assert inside >= 52


def test_labels_to_ask():
    assert labels_to_ask(0.09, 0.01) == pytest.approx(5600, rel=0.01)
    assert labels_to_ask(0.09, 0.03) == pytest.approx(620, rel=0.01)


def test_windows_alternate_and_few_windows_fall_back_to_rows():
    by_window = split(np.repeat(np.arange(10), 7).astype(np.int32), 0)
    assert by_window.by_window
    assert by_window.half[:14].tolist() == [0] * 7 + [1] * 7
    by_row = split(np.zeros(100, np.int32), 0)
    assert not by_row.by_window
    assert by_row.half.mean() == 0.5
