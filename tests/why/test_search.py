"""The search for slices: screened on a sample, measured on all rows, against loops and truths."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import OneHotEncoder

from whence.causes.membership import members
from whence.types.rows import Column, Rows
from whence.why import slices
from whence.why.coarse import Gram, coarsen
from whence.why.coding import code
from whence.why.contrast import FEWEST, LEAST_Z, contrast, sums_of
from whence.why.expected import expect
from whence.why.slices import search

ERROR = 0.1
LEVELS = 40


def table(rng, n, *, numbers=6, error=None):
    """Return rows of some numbers, one of them with nulls, and categories of 5 and 40 levels."""
    columns = [Column(f"n{i}", "number", rng.normal(0, 1, n)) for i in range(numbers)]
    columns[0].values[rng.random(n) < 0.1] = np.nan
    for name, levels in (("few", 5), ("many", LEVELS)):
        names = tuple(f"{name}-{level}" for level in range(levels))
        columns.append(Column(name, "category", rng.integers(0, levels, n).astype(np.int32), names))
    none = np.zeros(n, np.int32)
    rows = Rows("classification", none, none.astype(np.int8), tuple(columns), np.zeros(n), none,
                none, np.full(n, np.nan), ("0", "1"))  # fmt: skip
    chance = np.full(n, ERROR) if error is None else error(rows)
    return rows, (rng.random(n) < chance).astype(np.float64)


def found_in(before, after, e):
    every = tuple(np.ones(len(period), bool) for period in (before, after))
    return search((before, after), code(before, after), e, every, 0)


def faulty(rows):
    return (rows.column("few").values == 3) & (rows.column("n2").values > 0.8)


@pytest.mark.parametrize("seed", range(4))
def test_a_slice_of_four_percent_is_found_on_a_sample(monkeypatch, seed):
    monkeypatch.setattr(slices, "_SCREENED", 20_000)
    rng = np.random.default_rng(seed)
    before, was = table(rng, 60_000)
    after, now = table(rng, 60_000, error=lambda rows: np.where(faulty(rows), 0.25, ERROR))
    found = found_in(before, after, (was - ERROR, now - ERROR))
    inside, truth = members(after, found[0].where), faulty(after)
    assert set(found[0].where) == {"few", "n2"}
    assert (inside & truth).sum() / (inside | truth).sum() > 0.8


def test_a_sample_finds_what_all_rows_find_and_measures_it_on_all(monkeypatch):
    rng = np.random.default_rng(10)
    before, was = table(rng, 40_000)
    after, now = table(rng, 40_000, error=lambda rows: np.where(faulty(rows), 0.3, ERROR))
    e = (was - ERROR, now - ERROR)
    on_all = found_in(before, after, e)
    monkeypatch.setattr(slices, "_SCREENED", 10_000)
    on_some = found_in(before, after, e)
    assert on_some[0] == on_all[0]
    inside = [members(rows, on_all[0].where) for rows in (before, after)]
    parts = [sums_of(one[mask]) for one, mask in zip(e, inside, strict=True)]
    direct = contrast(*parts, *(sums_of(one) for one in e))
    # A condition names the values of the failing rows; a bin's ends may lie just beyond them.
    assert on_some[0].z == pytest.approx(float(direct.z), rel=0.02)


def test_the_same_rows_give_the_same_slices(monkeypatch):
    monkeypatch.setattr(slices, "_SCREENED", 10_000)
    rng = np.random.default_rng(11)
    before, was = table(rng, 30_000)
    after, now = table(rng, 30_000, error=lambda rows: np.where(faulty(rows), 0.4, ERROR))
    e = (was - ERROR, now - ERROR)
    first = found_in(before, after, e)
    assert first
    assert found_in(before, after, e) == first


def test_a_level_among_many_is_a_slice(monkeypatch):
    """It is none of the most frequent: only that it changed brings it into the coarse bins."""
    monkeypatch.setattr(slices, "_SCREENED", 15_000)
    rng = np.random.default_rng(12)
    before, was = table(rng, 50_000, numbers=40)
    rarest = int(np.bincount(before.column("many").values).argmin())
    after, now = table(
        rng,
        50_000,
        numbers=40,
        error=lambda rows: np.where(rows.column("many").values == rarest, 0.3, ERROR),
    )
    found = found_in(before, after, (was - ERROR, now - ERROR))
    assert found[0].where == {"many": f"many-{rarest}"}


def test_no_change_gives_no_slice(monkeypatch):
    monkeypatch.setattr(slices, "_SCREENED", 5_000)
    given = 0
    for seed in range(6):
        rng = np.random.default_rng(20 + seed)
        before, was = table(rng, 15_000)
        after, now = table(rng, 15_000)
        given += bool(found_in(before, after, (was - ERROR, now - ERROR)))
    assert given <= 1


def test_too_few_failing_rows_give_no_slice():
    rng = np.random.default_rng(30)
    before, was = table(rng, 2000)
    after, now = table(rng, FEWEST - 1)
    assert found_in(before, after, (was, now + 1)) == []


def test_the_strongest_pair_is_the_one_that_loops_find():
    rng = np.random.default_rng(31)
    before, was = table(rng, 6000, numbers=2)
    after, now = table(rng, 6000, numbers=2, error=lambda rows: np.where(faulty_few(rows), 0.5, 0))
    columns = code(before, after)
    e = (was - ERROR, now - ERROR)
    everything = (np.arange(len(was)), np.arange(len(now)))
    coarse = coarsen(columns, e, everything)
    best, largest = None, 0.0
    whole = [sums_of(one) for one in e]
    for pair in [*((one,) for one in coarse.bins), *combinations(coarse.bins, 2)]:
        if len({one.column for one in pair}) < len(pair):
            continue
        masks = [
            np.logical_and.reduce([(of[one.column] >= one.low) & (of[one.column] <= one.high)
                                   for one in pair])
            for of in ([c.before for c in columns], [c.after for c in columns])
        ]  # fmt: skip
        parts = [sums_of(one[mask]) for one, mask in zip(e, masks, strict=True)]
        z = abs(float(contrast(*parts, *whole).z))
        if z > largest:
            best, largest = pair, z
    assert largest > LEAST_Z
    assert Gram(coarse, e).strongest(1) == [best]


def faulty_few(rows):
    return (rows.column("few").values == 1) & (rows.column("n1").values > 0)


def test_the_ridge_is_the_one_that_predicts_the_other_half_best(monkeypatch):
    ridges = (2.0, 50.0, 5000.0)
    monkeypatch.setattr("whence.why.expected._RIDGES", ridges)
    rng = np.random.default_rng(40)
    before, loss = table(rng, 3000, error=lambda rows: 0.1 + 0.2 * (rows.column("few").values == 2))
    after, _ = table(rng, 500)
    columns = code(before, after)
    half = (np.arange(len(before)) % 2).astype(np.int8)
    codes = np.column_stack([column.before for column in columns])
    one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    tried = {}
    for ridge in ridges:
        held_out = np.empty(len(loss))
        for side in (0, 1):
            x = one_hot.fit_transform(codes[half == side])
            mean = loss[half == side].mean()
            fitted = Ridge(alpha=ridge, fit_intercept=False).fit(x, loss[half == side] - mean)
            held_out[half != side] = mean + fitted.predict(one_hot.transform(codes[half != side]))
        tried[float(((loss - held_out) ** 2).sum())] = held_out
    ours = expect(columns, loss, half, len(after), 0)
    assert np.allclose(ours.before, tried[min(tried)], atol=1e-8)


def test_bins_made_from_some_rows_hold_all_rows_of_the_reference():
    rng = np.random.default_rng(50)
    old, new = rng.normal(0, 1, 180_000), rng.normal(0, 1, 1000)
    old[77_777], old[99_998] = -50.0, 70.0
    none = np.zeros(len(old), np.int32)

    def rows(values):
        return Rows("classification", none[: len(values)], none[: len(values)].astype(np.int8),
                    (Column("x", "number", values),), np.zeros(len(values)), none[: len(values)],
                    none[: len(values)], np.zeros(len(values)), ("0", "1"))  # fmt: skip

    coded = code(rows(old), rows(np.append(new, [-51.0, 71.0])))[0]
    counts = np.bincount(coded.before, minlength=coded.size)
    assert counts[coded.first] == counts[coded.size - 1] == 0
    inner = counts[coded.first + 1 : coded.size - 1]
    assert np.allclose(inner / len(old), 1 / 20, atol=0.006)
    assert coded.after[-2] == coded.first
    assert coded.after[-1] == coded.size - 1
