import numpy as np
import pytest

from whence.why.confidence import confidence
from whence.why.triggers import change_point


def test_a_step_is_dated():
    rng = np.random.default_rng(0)
    window = np.repeat(np.arange(60), 200).astype(np.int32)
    weight = (rng.random(len(window)) < np.where(window >= 41, 0.2, 0.1)).astype(float)
    change = change_point(window, weight)
    assert change.earliest <= 41 <= change.latest
    assert change.best == pytest.approx(41, abs=1)


def test_the_confidence_set_holds_the_truth_as_often_as_it_says():
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        window = np.repeat(np.arange(40), 50).astype(np.int32)
        weight = rng.normal(np.where(window >= 25, 0.35, 0.0), 1)
        change = change_point(window, weight)
        held += change.earliest <= 25 <= change.latest
    # The likelihood set of a change point is only nearly calibrated: it is asked to hold 85 %.
    assert held >= 170


def test_two_windows_have_no_change_point():
    assert change_point(np.array([0, 1], np.int32), np.array([0.0, 1.0])) is None


def test_confidence_is_none_outside_what_was_measured():
    assert confidence("no such verdict", 5.0) is None
    assert confidence("change-within-a-slice", float("nan")) is None
    assert confidence("change-within-a-slice", -1e9) is None


def test_confidence_rises_with_the_margin_and_is_never_one():
    values = [confidence("change-within-a-slice", margin) for margin in (5.0, 20.0, 1e6)]
    known = [value for value in values if value is not None]
    assert known
    assert known == sorted(known)
    assert max(known) < 1
