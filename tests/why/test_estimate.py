"""Label-free estimates: right while their assumption holds, refused where it shows it fails."""

from dataclasses import replace

import numpy as np
import pytest

from whence.types.rows import Column, Rows
from whence.why import diagnose
from whence.why.estimate import estimate


def served(rng, n, mean, first=0, *, turned=False):
    """A calibrated model on one column: P(y = 1) is its own probability, unless turned."""
    x = rng.normal(mean, 1, n)
    p = 1 / (1 + np.exp(-2 * x))
    y = (rng.random(n) < (1 - p if turned else p)).astype(np.int32)
    prediction = (p > 0.5).astype(np.int32)
    window = np.sort(rng.integers(first, first + 20, n)).astype(np.int32)
    return Rows(
        "classification",
        window,
        (window % 7).astype(np.int8),
        (Column("x", "number", x),),
        (prediction != y).astype(float),
        y,
        prediction,
        p,
        ("0", "1"),
    )


@pytest.mark.parametrize("mean", [0.0, 0.4])
def test_both_estimates_meet_the_truth_while_the_relation_holds(mean):
    rng = np.random.default_rng(1)
    before, after = served(rng, 40_000, 0.0), served(rng, 20_000, mean, 20)
    found = estimate(before, after, delta=0.03)
    assert found.distrust == ()
    assert found.calibrated == pytest.approx(after.loss.mean(), abs=0.012)
    assert found.weighted == pytest.approx(after.loss.mean(), abs=0.02)


def test_inputs_that_moved_too_far_are_not_trusted():
    rng = np.random.default_rng(2)
    found = estimate(served(rng, 10_000, 0.0), served(rng, 5000, 4.0, 20), delta=0.03)
    assert any("moved too far" in doubt for doubt in found.distrust)
    assert any("never seen" in doubt for doubt in found.distrust)


def test_a_turned_relation_does_not_show_and_so_the_condition_is_said():
    rng = np.random.default_rng(3)
    before, after = served(rng, 40_000, 0.0), served(rng, 20_000, 0.0, 20, turned=True)
    unlabelled = replace(after, loss=np.full(len(after), np.nan))
    report = diagnose("m", before, unlabelled, delta=0.03)
    assert report.verdict.cause == "cannot-know"
    assert "if the relation of input and label has not changed" in report.verdict.sentence
    assert after.loss.mean() > 0.5


def test_too_few_reference_rows_give_no_estimate():
    rng = np.random.default_rng(4)
    assert estimate(served(rng, 100, 0.0), served(rng, 100, 0.0), delta=0.01) is None


def test_brier_and_absolute_error():
    rng = np.random.default_rng(5)
    before, after = served(rng, 40_000, 0.0), served(rng, 20_000, 0.3, 20)
    brier = [
        replace(rows, task="probability", loss=(rows.proba - rows.label) ** 2)
        for rows in (before, after)
    ]
    found = estimate(*brier, delta=0.03)
    assert found.calibrated == pytest.approx(brier[1].loss.mean(), abs=0.01)
    x = [rows.column("x").values for rows in (before, after)]
    error = [np.abs(rng.normal(0, 1 + np.abs(values))) for values in x]
    absolute = [
        replace(rows, task="regression", loss=e, label=values + e, prediction=values)
        for rows, values, e in zip((before, after), x, error, strict=True)
    ]
    found = estimate(*absolute, delta=0.1)
    assert found.calibrated == pytest.approx(absolute[1].loss.mean(), abs=0.04)
    assert found.weighted == pytest.approx(absolute[1].loss.mean(), abs=0.06)
