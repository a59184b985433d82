"""Counts: equal to an independent count, whatever the order and the batches they came in."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence.profile.arrow import nulls, raw_column, to_column
from whence.profile.bins import MOST_LEVELS, CategoryBins, NumberBins, fit_category, fit_number
from whence.profile.spec import LABELLED, LOSS, LOSS_SQUARED, ROWS, Spec

NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.5, float("nan"), float("inf"), float("-inf")]),
    st.floats(width=64),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "rare", "", "never seen", "ä"]))
LOSSES = st.one_of(st.just(float("nan")), st.integers(0, 64).map(lambda k: k / 16))
CLASSES = st.sampled_from([float("nan"), 0.0, 1.0])


def rows(losses):
    return st.lists(st.tuples(NUMBERS, TEXTS, losses, st.integers(0, 2)), max_size=60)


EDGES = np.array([-1.0, 0.0, 1.0, 3.5, np.nextafter(10.0, np.inf)])
SPEC = Spec(
    [
        ("n", NumberBins(EDGES), False),
        ("c", CategoryBins(("a", "b"), frozenset({"rare"})), False),
        ("absent", NumberBins(EDGES), False),
    ]
)


def count(given, chunks=1):
    """Count rows as the store gives them: Arrow columns, text as dictionaries."""
    parts = np.array_split(np.arange(len(given)), chunks)
    numbers = pa.chunked_array(
        [pa.array([given[i][0] for i in part], pa.float64(), from_pandas=False) for part in parts]
    )
    texts = pa.chunked_array(
        [pa.array([given[i][1] for i in part], pa.string()).dictionary_encode() for part in parts]
    )
    columns = {"n": raw_column("n", numbers), "c": raw_column("c", texts)}
    loss = np.array([row[2] for row in given])
    window = np.array([row[3] for row in given], np.intp)
    return SPEC.count(columns, loss, window, 3)


def number_bin(value):
    if value is None:
        return NumberBins.NULL
    if np.isnan(value):
        return NumberBins.NAN
    if np.isinf(value):
        return NumberBins.PLUS_INFINITY if value > 0 else NumberBins.MINUS_INFINITY
    return NumberBins.FIRST + sum(value >= edge for edge in EDGES)


def text_bin(value):
    bins = CategoryBins
    known = {None: bins.NULL, "a": bins.FIRST, "b": bins.FIRST + 1, "rare": bins.RARE}
    return known.get(value, bins.UNSEEN)


def counted_by_pandas(given):
    """Count with pandas' groupby, row by row and bin by bin."""
    expected = np.zeros((3, SPEC.size, 4))
    frame = pd.DataFrame(
        [(number_bin(n), text_bin(c), loss, window) for n, c, loss, window in given],
        columns=["n", "c", "loss", "window"],
    )
    frame["all"], frame["absent"] = 0, NumberBins.NULL
    offsets = {"all": 0, **{column.name: column.offset for column in SPEC.columns}}
    for name, offset in offsets.items():
        for (window, code), part in frame.groupby(["window", name]):
            known = part["loss"].dropna()
            expected[window, offset + code] = (
                len(part), len(known), known.sum(), (known**2).sum(),
            )  # fmt: skip
    return expected


@settings(max_examples=40, deadline=None)  # pandas' groupby takes its time
@given(rows(LOSSES))
def test_equal_to_an_independent_count(given):
    np.testing.assert_array_equal(count(given), counted_by_pandas(given))


@settings(max_examples=40, deadline=None)
@given(rows(CLASSES))
def test_losses_of_0_and_1_too(given):
    np.testing.assert_array_equal(count(given), counted_by_pandas(given))


# Losses are multiples of 1/16 here, so that sums are exact in any order.
@settings(deadline=None)
@given(rows(LOSSES), st.integers(1, 7), st.randoms(use_true_random=False))
def test_any_order_and_any_batches_add_up_to_the_same(given, size, chance):
    mixed = list(given)
    chance.shuffle(mixed)
    parts = [mixed[start : start + size] for start in range(0, len(mixed), size)]
    together = sum((count(part) for part in parts), np.zeros((3, SPEC.size, 4)))
    np.testing.assert_array_equal(together, count(given))


@settings(deadline=None)
@given(rows(LOSSES), st.integers(1, 5))
def test_chunks_of_an_arrow_column_do_not_matter(given, chunks):
    np.testing.assert_array_equal(count(given, chunks), count(given))


@settings(deadline=None)
@given(rows(LOSSES))
def test_no_row_is_without_a_bin(given):
    counts = count(given)
    for column in SPEC.columns:
        for kind in (ROWS, LABELLED, LOSS, LOSS_SQUARED):
            inside = counts[:, column.where, kind].sum(axis=1)
            np.testing.assert_allclose(inside, counts[:, 0, kind])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90_000))
def test_bins_of_many_values_are_those_of_a_search(seed, n):
    chance = np.random.default_rng(seed)
    values = chance.choice([chance.normal(size=n), np.round(chance.normal(size=n), 1)])
    values[chance.random(n) < 0.01] = np.nan
    values[chance.random(n) < 0.01] = np.inf
    bins = fit_number(values[: n // 2 + 1])
    codes = bins.code(values)
    finite = np.isfinite(values)
    searched = NumberBins.FIRST + np.searchsorted(bins.edges, values[finite], side="right")
    np.testing.assert_array_equal(codes[finite], searched)
    assert set(codes[np.isnan(values)]) <= {NumberBins.NAN}
    assert set(codes[np.isinf(values)]) <= {NumberBins.PLUS_INFINITY}


def test_a_slice_of_an_arrow_column_keeps_its_nulls():
    whole = pa.chunked_array([pa.array([1.0, None, 2.0, None, float("nan")])])
    column, null = raw_column("n", whole.slice(1, 4))
    np.testing.assert_array_equal(null, [True, False, True, False])
    assert column.values[1] == 2.0  # noqa: PD011 - a numpy column, no frame of pandas
    assert np.isnan(column.values[3])  # noqa: PD011 - as above


@pytest.mark.parametrize("values", [[], [None, None], [True, None, False]])
def test_columns_without_numbers(values):
    kind = pa.bool_() if True in values else pa.float64()
    array = pa.chunked_array([pa.array(values, kind)])
    column, null = raw_column("n", array)
    plain = to_column("n", array)
    assert column.kind == plain.kind
    if null is not None:
        np.testing.assert_array_equal(null, nulls(array))


def test_a_hundred_thousand_levels_share_the_bins_of_a_hundred():
    levels = tuple(f"level {k}" for k in range(100_000))
    bins = fit_category(levels, np.arange(100_000, 0, -1))
    codes = bins.code(np.arange(100_000, dtype=np.int32), levels)
    counts = np.bincount(codes, minlength=bins.size)
    assert bins.size == CategoryBins.FIRST + MOST_LEVELS
    assert counts[CategoryBins.RARE] == 100_000 - MOST_LEVELS
