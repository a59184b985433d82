import numpy as np
import pytest

from whence.errors import BadInput
from whence.watch.incidents import date_change, follow, recovered
from whence.watch.performance import Monitor

REFERENCE, START = 28, 40


def story(rng, *, worse, rows=500, length=1000, windows=120, weekday=0.0):
    """Return a monitor, and judged windows that fail from START on: n, errors, weekday."""
    days = np.arange(REFERENCE + windows) % 7
    rate = 0.1 + weekday * (days == 6)
    rate[REFERENCE + START : REFERENCE + START + length] += worse
    n = rng.poisson(rows, len(days)).astype(float)
    errors = rng.binomial(n.astype(int), rate).astype(float)
    old = slice(0, REFERENCE)
    monitor = Monitor.start(
        n[old, None], errors[old, None], errors[old, None], days[old], weights=np.ones(1)
    )
    return monitor, n[REFERENCE:], errors[REFERENCE:], days[REFERENCE:]


def series(monitor, n, errors, days, stop):
    return monitor.series(0, np.arange(stop), n[:stop], errors[:stop], days[:stop])


def alarm(monitor, n, errors, days):
    for t in range(len(n)):
        row = (n[t : t + 1], errors[t : t + 1], errors[t : t + 1])
        if monitor.step(t, *row, int(days[t])).alarmed[0]:
            return t
    raise AssertionError("the failure was not found")


def test_intervals_hold_the_truth_and_the_date_is_close():
    rng = np.random.default_rng(0)
    near, after, effect, dated = [], [], [], []
    for _ in range(150):
        monitor, *windows = story(rng, worse=0.05)
        change = date_change(series(monitor, *windows, START + 20))
        near.append(abs(change.started - START) <= 2)
        after.append(change.after_interval[0] <= 0.15 <= change.after_interval[1])
        effect.append(change.effect_interval[0] <= 0.05 <= change.effect_interval[1])
        dated.append(change.earliest <= START <= change.latest)
        assert change.apart
    # 150 trials at .95: 135 or more with chance .995.
    assert np.mean(near) > 0.95
    assert sum(after) >= 135
    assert sum(effect) >= 135
    assert sum(dated) >= 135


def test_weekdays_do_not_move_the_date():
    rng = np.random.default_rng(4)
    monitor, *windows = story(rng, worse=0.05, rows=2000, weekday=0.05)
    change = date_change(series(monitor, *windows, START + 15))
    assert abs(change.started - START) <= 1
    assert change.effect == pytest.approx(0.05, abs=0.01)


def test_a_failure_from_the_first_judged_window_is_dated_there():
    rng = np.random.default_rng(5)
    monitor, n, errors, days = story(rng, worse=0.1)
    failing = monitor.series(
        0, np.arange(15), n[START:][:15], errors[START:][:15], days[START:][:15]
    )
    change = date_change(failing)
    assert change.started == 0
    assert change.before == pytest.approx(0.1, abs=0.01)


def test_an_incident_is_followed_from_alarm_to_end():
    rng = np.random.default_rng(6)
    opened = []
    for _ in range(20):
        monitor, *windows = story(rng, worse=0.05, length=30)
        detected = alarm(monitor, *windows)
        while_failing = [
            follow(series(monitor, *windows, stop), detected)[1]
            for stop in range(detected + 1, START + 31)
        ]
        opened.append(all(end is None for end in while_failing))
        change, ended = follow(series(monitor, *windows, START + 30 + 14), detected)
        assert abs(change.started - START) <= 4
        assert ended is not None
        assert abs(ended - (START + 30)) <= 3
        assert change.after == pytest.approx(0.15, abs=0.02)
    assert np.mean(opened) >= 0.9


def test_a_failure_that_goes_on_stays_open():
    rng = np.random.default_rng(7)
    for _ in range(20):
        monitor, *windows = story(rng, worse=0.05)
        detected = alarm(monitor, *windows)
        assert follow(series(monitor, *windows, 120), detected)[1] is None


def test_two_healthy_windows_are_no_recovery():
    rng = np.random.default_rng(8)
    monitor, *windows = story(rng, worse=0.2, length=20)
    judged = series(monitor, *windows, START + 22)
    assert recovered(judged, date_change(judged, START + 20)) is None
    judged = series(monitor, *windows, START + 24)
    assert recovered(judged, date_change(judged, START + 20)) == START + 20


def test_one_failing_window_says_that_its_effect_is_flattered():
    rng = np.random.default_rng(9)
    monitor, *windows = story(rng, worse=0.2)
    change = date_change(series(monitor, *windows, START + 1))
    assert change.started == START
    assert not change.apart


def test_what_cannot_be_dated_is_refused():
    monitor, *windows = story(np.random.default_rng(1), worse=0.1)
    with pytest.raises(BadInput, match="no judged window"):
        date_change(series(monitor, *windows, 0))
    with pytest.raises(BadInput, match="position 9 of 5"):
        follow(series(monitor, *windows, 5), 9)
