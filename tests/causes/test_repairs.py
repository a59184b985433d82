"""Faults put into healthy columns are found, and undone."""

from dataclasses import replace

import numpy as np
import pytest

from whence.causes.repairs import candidates
from whence.causes.support import outside, rows_outside
from whence.types.rows import Column, Rows


def rows_of(*columns):
    n = len(columns[0].values)
    zero = np.zeros(n, np.int32)
    return Rows(
        "classification", zero, zero.astype(np.int8), columns, zero * 1.0, zero, zero, zero * 1.0,
        ("0", "1"),
    )  # fmt: skip


def healthy(rng, n=4000):
    return rows_of(
        Column("income", "number", rng.lognormal(10, 0.6, n)),
        Column("height", "number", rng.normal(170, 10, n)),
        Column("weight", "number", rng.normal(75, 12, n)),
        Column("device", "category", rng.integers(0, 2, n).astype(np.int32), ("a", "b", "new")),
    )


def with_values(rows, name, values):
    columns = tuple(replace(c, values=values) if c.name == name else c for c in rows.columns)
    return replace(rows, columns=columns)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    ("name", "fault", "story"),
    [
        ("income", lambda x: x * 1000, "`income` looks multiplied by 1000"),
        ("income", lambda x: x / 100, "`income` looks divided by 100"),
        ("height", lambda x: x / 2.54, "`height` looks divided by 2.54"),
        ("height", lambda x: -x, "`height` looks turned to its negative"),
        ("height", lambda x: x * 1.8 + 32, "turned from Celsius into Fahrenheit"),
        ("weight", lambda x: x + 40, "`weight` looks shifted by"),
        ("weight", lambda x: 3 * x - 50, "`weight` looks multiplied by"),
    ],
)
def test_affine_faults_are_undone(rng, name, fault, story):
    before, whole = healthy(rng), healthy(rng)
    broken = with_values(whole, name, fault(whole.column(name).values))
    best = next(one for one in candidates(before, broken, []) if one.kind == "affine")
    assert story in best.story
    mended = best.apply(broken, before).column(name).values
    spread = whole.column(name).values.std()
    assert np.abs(mended - whole.column(name).values).mean() < 0.15 * spread


def test_only_the_rows_outside_the_support_may_be_broken(rng):
    before, whole = healthy(rng), healthy(rng)
    income = whole.column("income").values.copy()
    income[::3] *= 1000
    broken = with_values(whole, "income", income)
    best = next(one for one in candidates(before, broken, []) if one.scope == "outside")
    assert np.allclose(
        best.apply(broken, before).column("income").values, whole.column("income").values
    )


def test_missing_stuck_and_exchanged(rng):
    before, whole = healthy(rng), healthy(rng)
    missing = whole.column("income").values.copy()
    missing[::2] = np.nan
    found = candidates(before, with_values(whole, "income", missing), [])
    assert found[0].story == "`income` is missing"
    stuck = np.full(len(whole), 171.0)
    found = candidates(before, with_values(whole, "height", stuck), [])
    assert any(one.story == "`height` is stuck at 171" for one in found)
    height, weight = (whole.column(name).values for name in ("height", "weight"))
    swapped = with_values(with_values(whole, "height", weight), "weight", height)
    swap = next(one for one in candidates(before, swapped, []) if one.kind == "swap")
    assert np.array_equal(swap.apply(swapped, before).column("height").values, height)


def test_healthy_rows_suggest_nothing(rng):
    assert candidates(healthy(rng), healthy(rng), []) == []


def test_support_of_ranges_sets_and_levels(rng):
    seen = healthy(rng)
    fresh = healthy(rng)
    assert rows_outside(seen, fresh) == {}
    device = fresh.column("device").values.copy()
    device[:200] = 2
    found = rows_outside(seen, with_values(fresh, "device", device))
    assert list(found) == ["device"]
    assert found["device"].sum() == 200
    sizes = Column("size", "number", rng.choice([100.0, 3024.0], 1000))
    now = Column("size", "number", np.array([100.0, 200.0, 3024.0, np.nan]))
    assert outside(now, sizes).tolist() == [False, True, False, True]


def test_few_new_extremes_are_chance(rng):
    values = rng.normal(size=20_000)
    seen, fresh = (rows_of(Column("x", "number", part)) for part in np.split(values, 2))
    assert outside(fresh.columns[0], seen.columns[0]).sum() < 20
    assert rows_outside(seen, fresh) == {}
