import numpy as np
import pytest

from whence.errors import BadInput
from whence.watch.volume import volume


def traffic(rng, days, mean=1000.0, noise=0.1):
    """Return rows per day: weekends have a third, and days differ by `noise`."""
    weekday = np.arange(days) % 7
    usual = mean * np.where(weekday >= 5, 1 / 3, 1.0)
    return rng.poisson(usual * np.exp(rng.normal(0, noise, days))).astype(float), weekday


@pytest.mark.parametrize(("mean", "noise"), [(1000, 0.1), (1000, 0.5), (8, 0.0), (100000, 0.02)])
def test_usual_days_are_rarely_called_unusual(mean, noise):
    rng = np.random.default_rng(int(mean))
    false = 0
    for _ in range(60):
        rows, weekday = traffic(rng, 35, mean, noise)
        p = [volume(rows[:28], weekday[:28], rows[t], int(weekday[t])).p for t in range(28, 35)]
        false += sum(value < 0.01 for value in p)
    assert false <= 11  # 420 days at .01: 11 or fewer with chance .999


def test_an_empty_day_a_halved_and_a_doubled_one_are_found():
    rows, weekday = traffic(np.random.default_rng(0), 28)
    for now in (0.0, 500.0, 2000.0):
        found = volume(rows, weekday, now, 0)
        assert found.p < 1e-3
        assert not found.low <= now <= found.high
    assert "No rows at all" in volume(rows, weekday, 0.0, 0).sentence


def test_the_weekday_counts():
    rows, weekday = traffic(np.random.default_rng(1), 28)
    assert volume(rows, weekday, 340.0, 6).p > 0.05
    assert volume(rows, weekday, 340.0, 2).p < 1e-4
    assert volume(rows, weekday, 340.0, 2).expected == pytest.approx(1000, rel=0.15)


def test_a_change_too_small_to_matter_is_none_however_steady():
    rows = np.full(28, 1e6)
    weekday = np.arange(28) % 7
    assert volume(rows, weekday, 1.1e6, 0).p == pytest.approx(0.5)
    assert volume(rows, weekday, 1.5e6, 0).p < 1e-6


def test_six_windows_are_too_few_to_say():
    found = volume(np.full(6, 100.0), np.full(6, -1), 10.0)
    assert np.isnan(found.p)
    assert "too few" in found.sentence


@pytest.mark.parametrize(
    ("reference", "rows", "change"),
    [
        (np.empty(0), 1.0, 0.2),
        (-np.ones(8), 1.0, 0.2),
        (np.ones(8), -1.0, 0.2),
        (np.ones(8), 1, 1.0),
    ],
)
def test_what_makes_no_sense_is_refused(reference, rows, change):
    with pytest.raises(BadInput):
        volume(reference, np.full(len(reference), -1), rows, smallest_change=change)
