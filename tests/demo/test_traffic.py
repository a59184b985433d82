"""The simulated calendar does what it says."""

from datetime import timedelta

import numpy as np
import pytest

from whence.demo.phone import NEW
from whence.demo.photos import Scene
from whence.demo.traffic import Calendar, requests


@pytest.fixture(scope="module")
def days():
    scenes = [Scene(None, "a", i, None if i else __file__) for i in range(20)]
    return Calendar(), requests(Calendar(), scenes, np.random.default_rng(0))


def share(those):
    return np.mean([one.phone is NEW for one in those])


def test_the_new_phone_comes_with_its_launch(days):
    calendar, drawn = days
    before = [one for day in drawn[: calendar.launch_day] for one in day]
    after = [one for day in drawn[calendar.launch_day + calendar.ramp_days :] for one in day]
    assert share(before) == 0
    assert share(after) == pytest.approx(calendar.share, abs=4 * np.sqrt(0.21 / len(after)))
    assert all(one.at >= calendar.launch for day in drawn for one in day if one.phone is NEW)


def test_requests_come_on_their_day_in_order(days):
    calendar, drawn = days
    assert len(drawn) == calendar.days
    for number, day in enumerate(drawn):
        times = [one.at for one in day]
        assert times == sorted(times)
        assert calendar.day(number) <= times[0] <= times[-1] < calendar.day(number + 1)
    names = [one.id for day in drawn for one in day]
    assert len(set(names)) == len(names)
    assert 60 <= np.mean([len(day) for day in drawn]) <= 150


def test_labels_come_one_to_three_days_later(days):
    _, drawn = days
    delays = [one.known - one.at for day in drawn for one in day]
    assert timedelta(days=1) <= min(delays) < max(delays) <= timedelta(days=3)


def test_an_original_comes_once(days):
    _, drawn = days
    assert sum(one.scene.original is not None for day in drawn for one in day) == 1


def test_other_things_drift_too(days):
    _, drawn = days
    first, last = ([one for day in part for one in day] for part in (drawn[:14], drawn[-14:]))
    for what in (
        lambda one: one.light < 0.9,
        lambda one: one.country != "DE",
        lambda one: one.app_version == "5.1",
    ):
        assert np.mean([what(one) for one in last]) > np.mean([what(one) for one in first]) + 0.05
