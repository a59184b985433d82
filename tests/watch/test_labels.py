import numpy as np
import pytest

from whence.errors import BadInput
from whence.watch.labels import (
    delay_curve_changed,
    horizon,
    labelled_rows_changed,
)

ROWS = np.full(28, 1000.0)
AGES = np.array([1.0, 3.0, 7.0, 14.0])


def curve(rng, mean, days=28):
    """Return rows labelled by each of AGES for days of 1,000 rows with exponential delays."""
    delay = rng.exponential(mean, (days, 1000, 1))
    return (delay <= AGES).sum(axis=1).astype(float)


def test_the_horizon_is_the_quantile_of_the_delays():
    delay = np.random.default_rng(0).exponential(5.0, 20000)
    assert horizon(delay) == pytest.approx(5.0 * np.log(10), rel=0.03)


def test_labels_at_once_or_at_no_known_time_have_age_zero():
    assert horizon(np.array([np.nan, np.nan, 0.0, 2.0]), 0.75) == 0.0


def test_labels_that_come_as_usual_block_nothing():
    rng = np.random.default_rng(1)
    blocked = 0
    for _ in range(150):
        counts = curve(rng, 4.0, 29)
        found = delay_curve_changed(counts[:28], ROWS, counts[28], 1000.0)
        blocked += found.blocks(0.01)
    assert blocked <= 5


def test_labels_that_come_later_block_and_say_so():
    rng = np.random.default_rng(2)
    found = delay_curve_changed(curve(rng, 4.0), ROWS, curve(rng, 8.0, 1)[0], 1000.0)
    assert found.blocks(0.01)
    assert found.effect < -0.15
    assert "fewer of the rows are labelled" in found.sentence


def labelled(rng, rate, mix, days):
    rows = rng.multinomial(2000, mix, days).astype(float)
    return rows, rng.binomial(rows.astype(int), rate).astype(float)


def test_a_change_of_the_inputs_alone_is_no_change_of_the_labelling():
    rng = np.random.default_rng(3)
    rate = np.array([0.9, 0.6, 0.3])
    old = labelled(rng, rate, [0.5, 0.3, 0.2], 28)
    rows, labels = labelled(rng, rate, [0.2, 0.3, 0.5], 40)
    blocked = [
        labelled_rows_changed(*old, rows[t], labels[t], smallest_effect=0.05).blocks(0.01)
        for t in range(40)
    ]
    assert sum(blocked) <= 2


def test_labels_for_other_rows_block():
    rng = np.random.default_rng(4)
    old = labelled(rng, [0.6, 0.6, 0.6], [0.5, 0.3, 0.2], 28)
    rows, labels = labelled(rng, [0.8, 0.6, 0.1], [0.5, 0.3, 0.2], 1)
    found = labelled_rows_changed(*old, rows[0], labels[0], smallest_effect=0.05)
    assert found.blocks(0.01)
    assert found.effect > 0.2


def test_without_labels_or_with_few_windows_nothing_is_blocked():
    none = labelled_rows_changed(
        np.ones((8, 2)), np.ones((8, 2)), np.ones(2), np.zeros(2), smallest_effect=0.05
    )
    assert not none.blocks(0.01)
    few = delay_curve_changed(np.ones((3, 4)), ROWS[:3], np.zeros(4), 1000.0)
    assert not few.blocks(0.01)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(BadInput):
        horizon(np.empty(0))
    with pytest.raises(BadInput):
        delay_curve_changed(np.ones((8, 1)), ROWS[:8], np.array([5.0]), 4.0)
    with pytest.raises(BadInput):
        labelled_rows_changed(
            np.ones((8, 2)), np.ones((8, 2)), np.ones(2), 2 * np.ones(2), smallest_effect=0.05
        )
