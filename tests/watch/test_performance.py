import numpy as np
import pytest

from whence.errors import BadInput, NewerStore, StoreError
from whence.watch import performance
from whence.watch.performance import Monitor

REFERENCE, YEAR, CHANCE = 28, 365, 0.05


def simulate(rng, streams, rows, *, day=0.0, weekday=0.0, worse=0.0, start=60, windows=YEAR):
    """Return rows, errors (T, streams) and weekdays; a tenth of the rows fail."""
    total = REFERENCE + windows
    days = np.arange(total) % 7
    rate = 0.1 + rng.normal(0, day, (total, streams)) + rng.normal(0, weekday, (7, streams))[days]
    rate[REFERENCE + start :] += worse
    n = rng.poisson(rows, rate.shape)
    return n.astype(float), rng.binomial(n, np.clip(rate, 0.001, 0.999)).astype(float), days


def first_alarms(n, errors, days, chance):
    monitor = Monitor.with_chances(
        n[:REFERENCE], errors[:REFERENCE], errors[:REFERENCE], days[:REFERENCE], chance=chance
    )
    first = np.full(n.shape[1], np.inf)
    for t in range(REFERENCE, len(n)):
        step = monitor.step(t, n[t], errors[t], errors[t], int(days[t]))
        first[step.alarmed & np.isinf(first)] = t - REFERENCE
    return first


@pytest.mark.parametrize(
    ("rows", "day", "weekday"),
    [(20, 0, 0), (200, 0, 0), (200, 0.01, 0.02), (2000, 0, 0), (2000, 0.01, 0), (2000, 0.01, 0.02)],
)
def test_a_year_without_a_failure_alarms_no_more_often_than_stated(rows, day, weekday):
    rng = np.random.default_rng([rows, int(day * 100), int(weekday * 100)])
    repetitions = 400
    n, errors, days = simulate(rng, repetitions, rows, day=day, weekday=weekday)
    false = np.isfinite(first_alarms(n, errors, days, np.full(repetitions, CHANCE))).mean()
    assert false <= CHANCE


def test_fifty_streams_together_alarm_no_more_often_than_stated():
    rng = np.random.default_rng(50)
    repetitions, streams = 40, 50
    n, errors, days = simulate(rng, repetitions * streams, 200, day=0.01)
    weights = np.r_[0.5, np.full(streams - 1, 0.5 / (streams - 1))]
    chance = CHANCE * np.tile(weights, repetitions)
    alarmed = np.isfinite(first_alarms(n, errors, days, chance))
    assert alarmed.reshape(repetitions, streams).any(axis=1).mean() <= CHANCE


@pytest.mark.parametrize(
    ("rows", "day", "worse", "within"),
    [(200, 0.0, 0.02, 35), (200, 0.0, 0.05, 7), (2000, 0.01, 0.02, 12), (2000, 0.01, 0.05, 3)],
)
def test_a_failure_is_found_soon(rows, day, worse, within):
    rng = np.random.default_rng([rows, int(worse * 100)])
    n, errors, days = simulate(rng, 200, rows, day=day, worse=worse, windows=200)
    delay = first_alarms(n, errors, days, np.full(200, CHANCE)) - 60
    assert np.median(delay[delay >= 0]) + 1 <= within
    assert np.isfinite(delay).mean() > 0.95


def test_skewed_losses_do_not_alarm_and_a_fifth_more_loss_does():
    rng = np.random.default_rng(8)
    windows, streams, rows = REFERENCE + 150, 100, 100
    y = rng.exponential(1.0, (windows, rows, streams))
    y[REFERENCE + 120 :, :, streams // 2 :] *= 1.4
    loss, loss_sq = y.sum(axis=1), (y**2).sum(axis=1)
    n = np.full_like(loss, rows)
    days = np.arange(windows) % 7
    monitor = Monitor.with_chances(
        n[:REFERENCE],
        loss[:REFERENCE],
        loss_sq[:REFERENCE],
        days[:REFERENCE],
        chance=np.full(streams, CHANCE),
        kind="mean",
    )
    alarmed = np.zeros((windows, streams), bool)
    for t in range(REFERENCE, windows):
        alarmed[t] = monitor.step(t, n[t], loss[t], loss_sq[t], int(days[t])).alarmed
    assert alarmed[: REFERENCE + 120].any(axis=0).mean() <= CHANCE
    assert alarmed[REFERENCE + 120 :, streams // 2 :].any(axis=0).mean() > 0.95
    assert alarmed[:, : streams // 2].any(axis=0).mean() <= CHANCE


def started(reference=28, streams=3, **settings):
    rng = np.random.default_rng(0)
    n = rng.poisson(300, (reference, streams)).astype(float)
    errors = rng.binomial(n.astype(int), 0.1).astype(float)
    settings.setdefault("weights", np.full(streams, 1 / streams))
    return Monitor.start(n, errors, errors, np.arange(reference) % 7, **settings)


def feed(monitor, windows, rate=0.1, start=0, seed=1):
    rng = np.random.default_rng(seed)
    steps = []
    for t in range(start, start + windows):
        n = rng.poisson(300, 3).astype(float)
        errors = rng.binomial(n.astype(int), rate).astype(float)
        steps.append(monitor.step(t, n, errors, errors, t % 7))
    return steps


def test_a_monitor_kept_as_bytes_goes_on_as_if_it_had_not_stopped():
    kept, going = started(), started()
    feed(kept, 20)
    feed(going, 20)
    kept = Monitor.from_bytes(kept.to_bytes())
    for ours, theirs in zip(
        feed(kept, 30, start=20, seed=2), feed(going, 30, start=20, seed=2), strict=True
    ):
        np.testing.assert_array_equal(ours.statistic, theirs.statistic)
        np.testing.assert_array_equal(ours.null, theirs.null)
    with pytest.raises(BadInput, match="window 49 comes after"):
        kept.step(49, np.ones(3), np.ones(3), np.ones(3))


@pytest.mark.parametrize(
    ("delta", "worse", "found"),
    [(0.0, 0.006, True), (0.01, 0.006, False), (0.01, 0.02, True)],
    ids=["every rise matters", "too small to matter", "large enough"],
)
def test_many_rows_do_not_make_a_small_rise_matter(delta, worse, found):
    rng = np.random.default_rng(12)
    n = np.full((REFERENCE + 120, 1), 50_000.0)
    rate = np.where(np.arange(len(n)) < REFERENCE, 0.1, 0.1 + worse)[:, None]
    errors = rng.binomial(50_000, rate).astype(float)
    days = np.arange(len(n)) % 7
    known = slice(REFERENCE)
    monitor = Monitor.start(
        n[known], errors[known], errors[known], days[known], weights=np.ones(1), delta=delta
    )
    monitor = Monitor.from_bytes(monitor.to_bytes())
    steps = [
        monitor.step(t, n[t], errors[t], errors[t], int(days[t])) for t in range(REFERENCE, len(n))
    ]
    assert any(step.alarmed[0] for step in steps) == found


def test_the_state_does_not_grow():
    monitor = started()
    feed(monitor, 20)
    size = len(monitor.to_bytes())
    feed(monitor, 200, start=20)
    assert len(monitor.to_bytes()) == size


def test_damaged_and_newer_states_are_refused_by_name(monkeypatch):
    data = started().to_bytes()
    with pytest.raises(StoreError, match="cannot be read"):
        Monitor.from_bytes(data[:-40])
    now = performance.FORMAT
    monkeypatch.setattr(performance, "FORMAT", now + 1)
    newer = started().to_bytes()
    with pytest.raises(StoreError, match=f"version {now}, this Whence reads {now + 1}"):
        Monitor.from_bytes(data)
    monkeypatch.setattr(performance, "FORMAT", now)
    with pytest.raises(NewerStore, match=f"version {now + 1}, this Whence reads {now}"):
        Monitor.from_bytes(newer)


def test_a_stream_that_cannot_be_calibrated_says_so_and_never_alarms():
    monitor = started(reference=6)
    steps = feed(monitor, 40, rate=0.9)
    assert not any(step.alarmed.any() or step.calibrated.any() for step in steps)


def test_a_stream_without_rows_keeps_its_statistic():
    monitor = started()
    before = feed(monitor, 5)[-1].statistic
    empty = np.zeros(3)
    step = monitor.step(5, empty, empty, empty, 5)
    np.testing.assert_array_equal(step.statistic, before)
    assert np.isnan(step.mean).all()
    assert not step.alarmed.any()


def test_the_statistic_comes_down_after_a_failure_and_starts_anew_when_told():
    monitor = started()
    assert feed(monitor, 60, rate=0.3)[-1].alarmed.all()
    assert not feed(monitor, 60, start=60)[-1].alarmed.any()
    feed(monitor, 5, rate=0.3, start=120)
    monitor.restart(np.array([True, False, False]))
    after = feed(monitor, 1, start=125)[-1]
    assert after.statistic[0] < 100
    assert (after.statistic[1:] > 1000).all()


def test_healthy_windows_join_the_reference_until_it_has_eight_weeks():
    monitor = started()
    feed(monitor, 14)
    assert (monitor.moments.windows == 28).all()
    feed(monitor, 10, start=14)
    assert (monitor.moments.windows == 38).all()
    feed(monitor, 60, start=24)
    assert (monitor.moments.windows == 56).all()


def test_failing_windows_do_not_join_the_reference():
    monitor = started()
    feed(monitor, 40, rate=0.2)
    assert (monitor.moments.windows == 28).all()


def test_failing_windows_do_not_join_once_the_failure_is_over_either():
    monitor = started()
    feed(monitor, 20, rate=0.3)
    feed(monitor, 60, start=20)
    assert (monitor.calibration.mean < 0.11).all()
    assert (monitor.moments.windows > 28).all()


def test_a_slice_without_a_single_error_in_the_reference_still_works():
    n = np.full((28, 1), 40.0)
    none = np.zeros((28, 1))
    monitor = Monitor.start(n, none, none, np.arange(28) % 7, weights=np.ones(1))
    quiet = [monitor.step(t, n[0], none[0], none[0], t % 7).alarmed[0] for t in range(30)]
    assert not any(quiet)
    loud = [monitor.step(t, n[0], n[0] / 4, n[0] / 4, t % 7).alarmed[0] for t in range(30, 33)]
    assert any(loud)


def test_a_slice_that_always_fails_still_works():
    n = np.full((28, 1), 40.0)
    monitor = Monitor.start(n, n, n, np.arange(28) % 7, weights=np.ones(1))
    step = monitor.step(0, n[0], n[0], n[0], 0)
    assert np.isfinite(step.statistic).all()
    assert not step.alarmed.any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.array([0.5, 0.5, 0.5])}, "sum to 1.5"),
        ({"weights": np.array([1.0])}, "shape"),
        ({"weights": np.array([0.5, 0.5, 0.0])}, "above 0"),
        ({"false_alarm_per_year": 1.5}, "false_alarm_per_year is 1.5"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, message):
    with pytest.raises(BadInput, match=message):
        started(**change)


def test_counts_that_make_no_sense_are_refused():
    monitor = started()
    one = np.ones(3)
    with pytest.raises(BadInput, match="more errors than rows"):
        monitor.step(0, one, 2 * one, 2 * one)
    with pytest.raises(BadInput, match="not finite"):
        monitor.step(0, one, one * np.nan, one)
    with pytest.raises(BadInput, match="shapes"):
        monitor.step(0, one, np.ones(2), one)
