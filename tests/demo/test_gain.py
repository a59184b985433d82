"""The interval of a gain against simulated truth."""

import numpy as np
import pandas as pd
import pytest

from whence.demo.gain import confidence_sequence, means_by_person


def differences(random, n, gain):
    """Mean differences of people, 8 photos each: a photo is won, lost, or the same."""
    won, lost = 0.1 + gain, 0.1
    draws = random.choice([1, -1, 0], (n, 8), p=[won, lost, 1 - won - lost])
    return draws.mean(1)


@pytest.mark.parametrize("gain", [0.0, 0.1, 0.3])
def test_it_holds_the_truth_at_every_time(gain):
    random = np.random.default_rng(11)
    missed = 0
    runs = 120
    for _ in range(runs):
        low, high = confidence_sequence(differences(random, 120, gain))
        missed += not low <= gain <= high  # the running intersection: a miss at any time stays
    assert missed <= 0.05 * runs


def test_it_holds_for_the_extremes_too():
    random = np.random.default_rng(4)
    missed = 0
    for _ in range(120):
        rare = -(random.random(150) < 0.02).astype(float)
        low, high = confidence_sequence(rare)
        missed += not low <= -0.02 <= high
    assert missed <= 6


def test_a_gain_of_ten_points_is_seen_in_120_people():
    random = np.random.default_rng(12)
    seen = sum(confidence_sequence(differences(random, 120, 0.1))[0] > 0 for _ in range(60))
    assert seen >= 48


def test_it_agrees_with_the_definition_written_out():
    random = np.random.default_rng(1)
    values = differences(random, 40, 0.2)
    low, high = confidence_sequence(values)
    for mean in (low - 0.005, low + 0.005, high - 0.005, high + 0.005):
        assert _rejects(values, mean) == (not low <= mean <= high)


def _rejects(values, mean, alpha=0.05):
    """Waudby-Smith and Ramdas 2023: equation 26 and theorem 3, term by term."""
    y, m = (values + 1) / 2, (mean + 1) / 2
    up = down = 1.0
    worst = 0.0
    for t in range(1, len(y) + 1):
        past = y[: t - 1]
        centres = [(0.5 + past[: i + 1].sum()) / (i + 2) for i in range(t - 1)]
        spread = sum((v - c) ** 2 for v, c in zip(past, centres, strict=True))
        variance = (0.25 + spread) / t
        bet = np.sqrt(2 * np.log(2 / alpha) / (variance * t * np.log(t + 1)))
        up *= 1 + min(bet, 0.5 / m) * (y[t - 1] - m)
        down *= 1 - min(bet, 0.5 / (1 - m)) * (y[t - 1] - m)
        worst = max(worst, 0.5 * up, 0.5 * down)
    return worst >= 1 / alpha


def test_more_people_never_widen_it():
    values = differences(np.random.default_rng(8), 200, 0.1)
    spans = [confidence_sequence(values[:n]) for n in (10, 50, 200)]
    assert spans[0][0] <= spans[1][0] <= spans[2][0] <= spans[2][1] <= spans[1][1] <= spans[0][1]


def test_of_nobody_nothing_is_known():
    assert confidence_sequence(np.empty(0)) == (-1.0, 1.0)


def test_means_by_person_are_a_groupby():
    random = np.random.default_rng(3)
    people, values = random.integers(0, 9, 60), random.choice([-1.0, 0.0, 1.0], 60)
    frame = pd.DataFrame({"person": people, "value": values})
    expected = frame.groupby("person", sort=False)["value"].mean()
    np.testing.assert_allclose(means_by_person(values, people), expected)
