import numpy as np
import pytest

from whence.errors import BadInput
from whence.watch.quality import constant, kind_changed, missing, unseen

ROWS = np.full(28, 1000.0)


def test_usual_gaps_are_none_even_when_days_differ():
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(300):
        gaps = rng.binomial(1000, rng.beta(5, 95, 29)).astype(float)
        false += missing("age", gaps[:28], ROWS, gaps[28], 1000.0).p < 0.01
    assert false <= 9  # 300 at .01, the spread being estimated from 28 days


def test_a_jump_of_missing_values_is_found_and_said():
    gaps = np.random.default_rng(1).binomial(1000, 0.02, 28).astype(float)
    found = missing("age", gaps, ROWS, 300.0, 1000.0)
    assert found.p < 1e-6
    assert found.effect == pytest.approx(0.28, abs=0.01)
    assert found.sentence.startswith("30.0% of 'age' is missing; 2.0%")


def test_less_missing_or_a_little_more_is_no_finding():
    gaps = np.full(28, 100.0)
    assert missing("age", gaps, ROWS, 20.0, 1000.0).p > 0.9
    assert missing("age", gaps * 1000, ROWS * 1000, 105_000.0, 1_000_000.0).p > 0.5


def test_new_levels_are_found_when_they_are_many():
    none = np.zeros(28)
    assert unseen("device", none, ROWS, 200.0, 1000.0).p < 1e-6
    assert unseen("device", none, ROWS, 3.0, 1000.0).p > 0.5
    assert unseen("device", none, ROWS, 0.0, 1000.0).p == 1.0


def test_a_stuck_column_is_found_unless_it_often_is():
    reference = np.tile([300.0, 300.0, 400.0], (28, 1))
    assert constant("speed", reference, np.array([0.0, 900.0, 0.0])).p < 1e-100
    assert constant("speed", reference, np.array([1.0, 900.0, 0.0])).p == 1.0
    assert constant("speed", reference, np.array([0.0, 1.0, 0.0])).p == pytest.approx(0.3)
    sometimes = reference.copy()
    sometimes[::4] = [0.0, 1000.0, 0.0]
    assert constant("speed", sometimes, np.array([0.0, 900.0, 0.0])).p == pytest.approx(8 / 29)
    always = np.tile([0.0, 300.0], (28, 1))
    assert constant("speed", always, np.array([0.0, 300.0])).p == 1.0


def test_another_kind_is_always_a_finding():
    assert kind_changed("zip", "number", "text").p == 0.0


def test_too_few_windows_and_no_rows_give_no_verdict():
    assert np.isnan(missing("age", np.zeros(6), ROWS[:6], 500.0, 1000.0).p)
    assert np.isnan(missing("age", np.zeros(28), ROWS, 0.0, 0.0).p)


def test_more_missing_than_rows_is_refused():
    with pytest.raises(BadInput, match="no share"):
        missing("age", np.zeros(28), ROWS, 11.0, 10.0)
