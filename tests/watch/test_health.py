import numpy as np
import pytest

from whence.errors import BadInput
from whence.watch.health import drop_interval, health, labels_to_ask, rows_per_period


def ask(low, high, **settings):
    settings = {"labelled": 5000, "row_variance": 0.09} | settings
    return health((low + high) / 2, (low, high), **settings)


def test_nothing_is_wrong_only_inside_delta_with_full_labels_and_no_quality_alert():
    assert ask(-0.004, 0.006).state == "healthy"
    assert ask(-0.004, 0.006, quality_open=True).state == "cannot-tell"
    assert ask(-0.004, 0.006, full_age=False).state == "cannot-tell"
    assert "labels are still expected" in ask(-0.004, 0.006, full_age=False).sentence


def test_an_interval_above_delta_is_an_incident_whatever_else():
    assert ask(0.012, 0.03).state == "incident"
    assert ask(0.012, 0.03, quality_open=True).state == "incident"


def test_a_wide_interval_says_how_many_labels_would_do():
    unsure = ask(-0.02, 0.02)
    assert unsure.state == "cannot-tell"
    assert unsure.more_labels == pytest.approx(23_390 - 5000, abs=5)
    assert f"{unsure.more_labels:,} more labels" in unsure.sentence


def test_a_drop_beside_delta_needs_more_than_the_plan():
    near = ask(0.005, 0.013, labelled=30_000)
    assert near.state == "cannot-tell"
    assert near.more_labels > 30_000


def test_better_by_more_than_delta_is_not_called_healthy():
    better = ask(-0.05, -0.02)
    assert better.state == "cannot-tell"
    assert better.more_labels == 0
    assert "better than the reference" in better.sentence


def test_the_plans_are_those_of_the_text():
    assert rows_per_period(0.09) == pytest.approx(23_400, rel=0.001)
    assert labels_to_ask(0.09, 0.01) == pytest.approx(5_570, abs=10)
    assert labels_to_ask(0.09, 0.03) == pytest.approx(619, abs=1)


def test_the_planned_labels_settle_nine_of_ten_healthy_periods():
    rng = np.random.default_rng(0)
    n = round(rows_per_period(0.09))
    healthy = 0
    for _ in range(400):
        before, after = rng.binomial(n, 0.1, 2) / n
        span = drop_interval(before, before * (1 - before) / n, after, after * (1 - after) / n)
        answer = health(after - before, span, labelled=n, row_variance=0.09)
        healthy += answer.state == "healthy"
    assert 0.86 <= healthy / 400 <= 0.94


def test_what_makes_no_sense_is_refused():
    with pytest.raises(BadInput, match="delta"):
        ask(-0.1, 0.1, delta=0.0)
    with pytest.raises(BadInput, match="not inside"):
        health(0.5, (0.0, 0.1), labelled=1, row_variance=0.1)
