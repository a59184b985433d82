"""Remedies are judged on later photos of people who taught them nothing."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from whence.demo import remedies
from whence.demo.network import Network, small
from whence.demo.remedies import Served, Training, Tried, compare, sentence
from whence.errors import BadInput

START = datetime(2023, 8, 1, tzinfo=UTC)
CUT = START + timedelta(days=20)
PEOPLE = 60
PASSES = 4


def bar(label, side):
    """A picture that is bright on the left (0) or on the right (1)."""
    photo = np.zeros((side, side), np.uint8)
    photo[:, : side // 2] = 200
    return photo[:, :: 1 - 2 * label].copy()


@pytest.fixture(scope="module")
def trained():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 60)
    training = Training([bar(label, 28) for label in labels], labels, 2, PASSES, 28, small(7))
    return Network(small(7), 2, 0).fit(training.photos, labels, PASSES), training


def log(wrong):
    """40 days of photos; a share of the logged answers of the new phone is wrong."""
    random = np.random.default_rng(1)
    served = []
    for number in range(400):
        at = START + timedelta(days=number / 10)
        new, label = bool(random.random() < 0.5), int(random.integers(2))
        predicted = label ^ int(new and random.random() < wrong)
        served.append(
            Served(
                bar(label, 56 if new else 28), at, at + timedelta(days=2),
                int(random.integers(PEOPLE)), new, label, predicted,
            )
        )  # fmt: skip
    return served


def test_the_gain_of_a_perfect_remedy_is_the_loss_of_the_log(trained):
    network, training = trained
    served = log(wrong=0.4)
    tried = {one.remedy: one for one in compare(network, training, served, CUT, 0)}
    later = [row for row in served if row.at >= CUT]
    frame = pd.DataFrame(
        [(row.person, row.predicted != row.label) for row in later], columns=["person", "loss"]
    )
    perfect = tried["bring larger photos to the size of training"]
    assert perfect.gain == pytest.approx(frame.groupby("person")["loss"].mean().mean())
    low, high = perfect.interval
    assert 0 < low < 0.2 < high  # 40 % of half the photos
    assert perfect.clear
    assert (perfect.photos, perfect.people) == (len(later), frame["person"].nunique())


def test_without_a_loss_nothing_helps_clearly(trained):
    network, training = trained
    for one in compare(network, training, log(wrong=0.0), CUT, 0):
        assert one.interval[0] <= 0
        assert one.gain <= 0


def test_no_photo_after_the_cut_and_no_judged_person_is_learned_from(trained, monkeypatch):
    network, training = trained
    served = log(wrong=0.4)
    owner = {id(row.photo): row for row in served}
    taught_and_judged = []

    class Spy(Network):
        def fit(self, photos, labels, passes, progress=None):
            self.taught = [owner[id(photo)] for photo in photos if id(photo) in owner]
            assert len(labels) == len(photos)
            return super().fit(photos, labels, passes, progress)

        def probabilities(self, photos):
            judged = [owner[id(photo)] for photo in photos if id(photo) in owner]
            taught_and_judged.append((self.taught, judged))
            return super().probabilities(photos)

    monkeypatch.setattr(remedies, "Network", Spy)
    compare(network, training, served, CUT, 0)
    assert len(taught_and_judged) == 6
    assert sum(len(taught) > 0 for taught, _ in taught_and_judged) == 4
    for taught, judged in taught_and_judged:
        assert all(row.known <= CUT for row in taught)
        assert all(row.at >= CUT for row in judged)
        assert not {row.person for row in taught} & {row.person for row in judged}


@pytest.mark.parametrize("cut", [START, START + timedelta(days=90)])
def test_a_cut_outside_the_log_is_refused(trained, cut):
    with pytest.raises(BadInput, match="choose a day inside the log"):
        compare(*trained, log(wrong=0.0), cut, 0)


def test_the_sentence_says_what_is_clear_and_what_is_not():
    said = sentence(
        [
            Tried("resize", 0.135, (0.062, 0.189), 1313, 117),
            Tried("retrain", 0.037, (-0.032, 0.087), 1313, 117),
            Tried("enlarge", -0.346, (-0.408, -0.268), 1313, 117),
        ]
    )
    assert said == (
        "Helps: resize (+13.5 points, +6.2 to +18.9). "
        "No clear difference: retrain (+3.7 points, -3.2 to +8.7). "
        "Does harm: enlarge (-34.6 points, -40.8 to -26.8). "
        "Judged on 1,313 later photos of 117 people."
    )
