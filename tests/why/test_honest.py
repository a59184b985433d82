"""Nothing wrong, cannot tell, cannot know, unexplained; and rows that have next to nothing."""

from dataclasses import replace

import numpy as np
import pytest

from whence.types.rows import Column, Rows
from whence.why import diagnose


def always(chance):
    return lambda x, _: np.full(len(x), chance)


def total(report):
    return sum(f.points for f in report.findings) + report.unexplained + report.closure


def test_nothing_is_wrong_needs_an_interval_inside_delta(flip):
    rng = np.random.default_rng(1)
    before, after = flip(rng, 60_000, always(0.1)), flip(rng, 60_000, always(0.1), first=28)
    report = diagnose("m", before, after)
    assert report.verdict.cause == "nothing-wrong"
    assert report.verdict.sentence.startswith("nothing is wrong: ")


def test_too_few_labels_to_tell_says_how_many_more(flip):
    rng = np.random.default_rng(2)
    before, after = flip(rng, 3000, always(0.1)), flip(rng, 3000, always(0.1), first=28)
    report = diagnose("m", before, after)
    assert report.verdict.cause == "cannot-tell-yet"
    more = int(report.verdict.sentence.split("about ")[1].split(" more")[0].replace(",", ""))
    # 2 p (1 - p) 13 / delta^2 = 23,400 per period, of which 3,000 are there.
    assert 10_000 < more < 40_000


def test_improvement_is_nothing_wrong(flip):
    rng = np.random.default_rng(3)
    before, after = flip(rng, 6000, always(0.3)), flip(rng, 6000, always(0.1), first=28)
    report = diagnose("m", before, after)
    assert report.verdict.cause == "nothing-wrong"
    assert "accuracy rose" in report.verdict.sentence


def test_without_labels_nobody_can_know(flip):
    rng = np.random.default_rng(4)
    before, after = flip(rng, 9000, always(0.1)), flip(rng, 4000, always(0.4), first=28)
    unlabelled = replace(
        after,
        loss=np.full(len(after), np.nan),
        label=np.full(len(after), -1, np.int32),
    )
    report = diagnose("m", before, unlabelled)
    assert report.verdict.cause == "cannot-know"
    assert report.verdict.remedy.startswith("label about ")
    assert "at random within strata" in report.verdict.remedy
    assert report.verdict.confidence is None
    assert report.findings == []
    assert "nothing is wrong" not in report.verdict.sentence
    # If a number is given at all, its condition is given with it.
    if "accuracy" in report.verdict.sentence:
        assert "if the relation of input and label has not changed" in report.verdict.sentence


def test_partly_labelled_rows_are_used_and_the_rest_is_said(flip):
    rng = np.random.default_rng(5)
    before, after = flip(rng, 9000, always(0.1)), flip(rng, 6000, always(0.3), first=28)
    loss = after.loss.copy()
    loss[::3] = np.nan
    report = diagnose("m", before, replace(after, loss=loss))
    assert total(report) == pytest.approx(np.nanmean(loss) - before.loss.mean(), abs=1e-12)
    assert any("2,000 failing rows without a label" in line for line in report.cannot_know)


def test_drop_that_inputs_do_not_show_and_no_class_explains_is_unexplained(flip):
    rng = np.random.default_rng(6)
    before, after = flip(rng, 9000, always(0.05)), flip(rng, 6000, always(0.25), first=28)
    one_class = [
        replace(rows, label=np.zeros(len(rows), np.int32), prediction=rows.loss.astype(np.int32))
        for rows in (before, after)
    ]
    report = diagnose("m", *one_class)
    assert report.verdict.cause == "unexplained"
    assert report.unexplained == pytest.approx(0.2, abs=0.02)
    assert all("one class" in one.ruled_out_by for one in report.checked)


@pytest.mark.parametrize("sizes", [(0, 0), (500, 0), (0, 500), (1, 1), (500, 1)])
def test_next_to_no_rows(flip, sizes):
    rng = np.random.default_rng(7)
    before = flip(rng, sizes[0], always(0.1))
    after = flip(rng, sizes[1], always(0.1), first=28)
    assert diagnose("m", before, after).verdict.cause == "cannot-know"


def test_one_failing_window_uses_halves_of_rows_and_says_so(flip):
    rng = np.random.default_rng(8)
    before = flip(rng, 9000, always(0.05))
    after = flip(rng, 4000, lambda _, c: np.where(c == 1, 0.5, 0.05), first=28, windows=1)
    report = diagnose("m", before, after)
    assert report.verdict.cause == "change-within-a-slice"
    assert report.verdict.where == {"c": "b"}
    assert any("too few failing windows" in line for line in report.findings[0].evidence)


def odd_columns(rows, rng):
    n = len(rows)
    many = tuple(str(i) for i in range(1000))
    return (
        Column("empty", "number", np.full(n, np.nan)),
        Column("none", "category", np.full(n, -1, np.int32), ("x",)),
        Column("constant", "number", np.ones(n)),
        Column("infinite", "number", np.where(rng.random(n) < 0.1, np.inf, rng.normal(size=n))),
        Column("many", "category", rng.integers(0, 1000, n).astype(np.int32), many),
    )


def test_odd_columns_do_no_harm(flip):
    rng = np.random.default_rng(9)
    before = flip(rng, 6000, always(0.05))
    after = flip(rng, 4000, lambda _, c: np.where(c == 1, 0.5, 0.05), first=28)
    before, after = (
        replace(rows, columns=(*odd_columns(rows, rng), *rows.columns)) for rows in (before, after)
    )
    report = diagnose("m", before, after)
    assert report.verdict.where == {"c": "b"}
    assert total(report) == pytest.approx(after.loss.mean() - before.loss.mean(), abs=1e-12)


def test_no_columns_at_all(flip):
    rng = np.random.default_rng(10)
    before, after = flip(rng, 6000, always(0.05)), flip(rng, 4000, always(0.3), first=28)
    report = diagnose("m", replace(before, columns=()), replace(after, columns=()))
    assert report.verdict.cause in {"concept-shift", "unexplained"}
    assert total(report) == pytest.approx(after.loss.mean() - before.loss.mean(), abs=1e-12)


def test_no_probability(flip):
    rng = np.random.default_rng(11)
    before = flip(rng, 6000, always(0.05), proba=False)
    after = flip(rng, 4000, lambda _, c: np.where(c == 1, 0.5, 0.05), first=28, proba=False)
    assert diagnose("m", before, after).verdict.where == {"c": "b"}


def test_a_column_of_one_period_is_left_out_and_named(flip):
    rng = np.random.default_rng(12)
    before, after = flip(rng, 4000, always(0.05)), flip(rng, 4000, always(0.3), first=28)
    new = Column("camera", "number", rng.normal(size=len(after)))
    report = diagnose("m", before, replace(after, columns=(*after.columns, new)))
    assert any("camera" in line for line in report.cannot_know)


def test_regression_is_told_in_the_metrics_own_unit():
    rng = np.random.default_rng(13)

    def rows(n, first, noise):
        x = rng.normal(0, 2, n)
        y = 3 * x + rng.normal(0, 1, n) + noise(x) * rng.normal(0, 6, n)
        window = np.sort(rng.integers(first, first + 20, n)).astype(np.int32)
        columns = (Column("x", "number", x), Column("z", "number", rng.normal(size=n)))
        prediction = 3 * x
        return Rows(
            "regression",
            window,
            (window % 7).astype(np.int8),
            columns,
            np.abs(y - prediction),
            y,
            prediction,
            np.full(n, np.nan),
        )

    before, after = rows(8000, 0, np.zeros_like), rows(6000, 20, lambda x: x > 2)
    report = diagnose("m", before, after, metric="mae", delta=0.05)
    assert report.verdict.cause == "change-within-a-slice"
    assert report.verdict.where["x"][0] == pytest.approx(2, abs=0.4)
    assert "mean absolute error rose" in report.verdict.sentence
    assert "%" not in report.verdict.sentence
