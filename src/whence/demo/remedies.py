"""What would fix it? Remedies made of what was known on a day, judged on later photos."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from whence.demo.gain import confidence_sequence, means_by_person
from whence.demo.network import DEEP, Network
from whence.demo.serving import resized
from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from whence.demo.network import Architecture

    Grey = NDArray[np.uint8]

__all__ = ["Served", "Training", "Tried", "compare", "sentence"]

_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Served:
    """One photo as the service saw it, with what became known of it later.

    `label` and `predicted` are class numbers; `new_phone` says whether the new phone took it,
    which the remedies do not ask.
    """

    photo: Grey
    at: datetime
    known: datetime
    person: int
    new_phone: bool
    label: int
    predicted: int


@dataclass(frozen=True, slots=True)
class Training:
    """What the current model was trained on, how long and at which size, and how it is built."""

    photos: Sequence[Grey]
    labels: NDArray[np.intp]
    classes: int
    passes: int
    side: int
    architecture: Architecture


@dataclass(frozen=True, slots=True)
class Tried:
    """One remedy, tried: how much accuracy it gains over the current model.

    Attributes
    ----------
    remedy
        In words.
    gain
        Mean difference of 0/1 losses, people weighted alike: .08 is 8 points.
    interval
        A 95 % confidence sequence for it.
    photos, people
        How many it was judged on.
    """

    remedy: str
    gain: float
    interval: tuple[float, float]
    photos: int
    people: int

    @property
    def clear(self) -> bool:
        """Whether the interval excludes no difference."""
        low, high = self.interval
        return low > 0 or high < 0


@dataclass(frozen=True, slots=True)
class _Retraining:
    name: str
    deeper: bool
    logged: bool


_RETRAININGS = (
    _Retraining("retrain on the same photos", deeper=False, logged=False),
    _Retraining("retrain with the photos logged since", deeper=False, logged=True),
    _Retraining("two more layers, on the same photos", deeper=True, logged=False),
    _Retraining("two more layers, with the photos logged since", deeper=True, logged=True),
)
_REPAIR = "bring larger photos to the size of training"


def compare(
    current: Network, training: Training, served: Sequence[Served], cut: datetime, seed: int
) -> list[Tried]:
    """Try the remedies on what was known at `cut`, and judge each on the photos after it.

    Where a network has learned from logged photos, half of the people teach and the other half
    judge, and the other way round: nobody judges a network that has seen them. Every network
    passes over its photos as many times as the current one did over its own.

    Parameters
    ----------
    current
        The model in production.
    training
        What it was trained on; logged photos labelled by `cut` are added to it.
    served
        The log, in order of time.
    cut
        The day of the decision.
    seed
        Of the halves and the first weights.

    Returns
    -------
    list
        The largest gain first.

    Raises
    ------
    BadInput
        If no photo is later than `cut`, or none was labelled by then.
    """
    known = [row for row in served if row.known <= cut]
    later = [row for row in served if row.at >= cut]
    if not known or not later:
        raise BadInput(
            f"{len(known)} photos were labelled by {cut.isoformat()} and {len(later)} came later; "
            "choose a day inside the log"
        )
    fold = _folds([*known, *later], seed)
    jobs = [
        (way, half) for way in _RETRAININGS for half in (range(_FOLDS) if way.logged else (None,))
    ]
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        networks = list(
            pool.map(
                lambda job: _retrained(
                    job[0], training, [r for r in known if fold[r.person] != job[1]], seed
                ),
                jobs,
            )
        )
    answers = {_REPAIR: _answers(current, [resized(row.photo, training.side) for row in later])}
    halves = np.array([fold[row.person] for row in later])
    for (way, half), network in zip(jobs, networks, strict=True):
        judged = np.flatnonzero(halves == half) if way.logged else np.arange(len(later))
        answer = answers.setdefault(way.name, np.empty(len(later), np.intp))
        answer[judged] = _answers(network, [later[i].photo for i in judged])
    tried = [_judged(remedy, answer, later) for remedy, answer in answers.items()]
    return sorted(tried, key=lambda one: -one.gain)


def _folds(rows: Sequence[Served], seed: int) -> dict[int, int]:
    """Deal the people out at random: person -> half."""
    people = sorted({row.person for row in rows})
    order = np.random.default_rng(seed).permutation(len(people))
    return {people[i]: place % _FOLDS for place, i in enumerate(order)}


def _retrained(way: _Retraining, training: Training, known: Sequence[Served], seed: int) -> Network:
    """Train a network anew, on the training photos and, if asked for, those known from the log."""
    more = known if way.logged else []
    photos = [*training.photos, *(row.photo for row in more)]
    labels = np.concatenate([training.labels, np.array([row.label for row in more], np.intp)])
    architecture = DEEP if way.deeper else training.architecture
    network = Network(architecture, training.classes, seed + 1)  # another start than now
    return network.fit(photos, labels, training.passes)


def _answers(network: Network, photos: Sequence[Grey]) -> NDArray[np.intp]:
    classes: NDArray[np.intp] = network.probabilities(photos).argmax(1)
    return classes


def _judged(remedy: str, answers: NDArray[np.intp], later: Sequence[Served]) -> Tried:
    """Compare a remedy's answers with the logged ones, photo by photo."""
    truth = np.array([row.label for row in later])
    loss_now = np.array([row.predicted for row in later]) != truth
    differences = loss_now.astype(np.float64) - (answers != truth)
    by_person = means_by_person(differences, np.array([row.person for row in later]))
    return Tried(
        remedy,
        float(by_person.mean()),
        confidence_sequence(by_person),
        len(later),
        len(by_person),
    )


def sentence(tried: Sequence[Tried]) -> str:
    """Say in words which remedies help, which do harm, and which show no clear difference."""
    helping = [one for one in tried if one.interval[0] > 0]
    harming = [one for one in tried if one.interval[1] < 0]
    unclear = [one for one in tried if not one.clear]
    parts = [
        f"{word}: {'; '.join(_phrase(one) for one in those)}."
        for word, those in (
            ("Helps", helping),
            ("No clear difference", unclear),
            ("Does harm", harming),
        )
        if those
    ]
    photos, people = tried[0].photos, tried[0].people
    judged = f"Judged on {photos:,} later photos of {people} people."
    return " ".join([*parts, judged])


def _phrase(one: Tried) -> str:
    low, high = (100 * end for end in one.interval)
    return f"{one.remedy} ({100 * one.gain:+.1f} points, {low:+.1f} to {high:+.1f})"
