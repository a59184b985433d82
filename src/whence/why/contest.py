"""One contest of causes: which explains the failing rows, and how far the others are from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.causes import change_within_a_slice, label_quality, mix_shift, seasonality
from whence.causes.gain import mean_gain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.causes.catalogue import Cause
    from whence.causes.evidence import Evidence, Outcome
    from whence.causes.gain import Gain

__all__ = ["CLEARLY", "LEAST_GAIN", "Ranking", "contest"]

LEAST_GAIN = 1e-4
"""Nats a row: a change of one point of a 10 % error rate everywhere gains five times as much."""

_NEARLY = 0.8
"""An earlier cause of the catalogue is preferred when it gains this share of the largest gain."""

CLEARLY = 2.0
"""Standard errors by which another cause must be better before a verdict changes."""

_AS_MUCH = {change_within_a_slice.NAME: 1.0, label_quality.NAME: 0.98}
"""These must gain as much as a change everywhere: several slices, each with a tilt of its own, or
a confusion of labels mimic that (docs/decisions/why-slice-or-concept.md). Where the inputs leave
no doubt, wrong labels and a relation that became weaker gain the same, up to chance."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every cause's outcome and gain, in the catalogue's order, and the one that won.

    `primary` is None where no cause is admissible. `margin` counts the standard errors by which
    the gains would have to be wrong for another cause to win; it is infinite with nothing to
    compare. `beside` is a second cause, in the rows that the primary leaves alone or on top of
    it; of rows that both act on it takes the part `beside_part`.
    """

    outcomes: list[Outcome]
    gains: list[Gain | None]
    primary: Outcome | None
    margin: float
    beside: Outcome | None = None
    beside_part: float = 1.0

    @property
    def mixing(self) -> Outcome:
        """Why other rows come: the first cause that says so, else a mix shift, the vaguest."""
        return next(
            one
            for one in self.outcomes
            if one.cause == mix_shift.NAME or (one.moves_mix and one.ruled_out_by is None)
        )

    @property
    def season(self) -> Outcome | None:
        """The season that explains the whole change, if there is one."""
        found = self.outcome_of(seasonality.NAME)
        return found if found is not None and found.ruled_out_by is None else None

    def outcome_of(self, cause: str) -> Outcome | None:
        """Return that cause's outcome; None for a verdict that is no cause of the catalogue."""
        return next((one for one in self.outcomes if one.cause == cause), None)

    def gained_by(self, outcome: Outcome) -> float:
        """Return the mean gain of one of the outcomes, in nats a row; -inf if it has none."""
        return _mean(self.gains[self.outcomes.index(outcome)])


def contest(evidence: Evidence, causes: Sequence[Cause], standing: str | None = None) -> Ranking:
    """Test causes; the primary is the first of them that gains nearly as much as the best does.

    `standing`, the cause that the last verdict named, stays the primary as long as it is
    admissible and no other gains more by two standard errors.

    A cause is admissible if the lower 95 % bound of its gain is above 0 and nothing else speaks
    against it.
    """
    outcomes = [cause.test(evidence) for cause in causes]
    gains = [None if one.fitted is None else evidence.weigh(one.fitted) for one in outcomes]
    able = [
        number
        for number, (one, gain) in enumerate(zip(outcomes, gains, strict=True))
        if gain is not None and gain.low > LEAST_GAIN and one.ruled_out_by is None
    ]
    if not able:
        return Ranking(outcomes, gains, None, _distance_to_any(outcomes, gains))
    means = {number: _mean(gains[number]) for number in able}
    largest = max(able, key=lambda number: means[number])
    primary = next(
        number for number in able if means[number] >= _needed(outcomes[number]) * means[largest]
    )
    if any(outcomes[number].cause == standing for number in able):
        held = next(number for number in able if outcomes[number].cause == standing)
        primary = held if _ahead(evidence, outcomes, primary, held) < CLEARLY else primary
    margin = _margin(evidence, outcomes, able, primary, largest)
    return Ranking(outcomes, gains, outcomes[primary], margin)


def _ahead(evidence: Evidence, outcomes: Sequence[Outcome], one: int, other: int) -> float:
    """Return by how many standard errors one cause gains more than another."""
    first, second = outcomes[one].fitted, outcomes[other].fitted
    if first is None or second is None or one == other:
        return 0.0
    more = evidence.gain_of(first) - evidence.gain_of(second)
    return _standardised(mean_gain(more, evidence.block))


def _needed(outcome: Outcome) -> float:
    """Return the share of the largest gain that lets a cause stand before later ones."""
    return _AS_MUCH.get(outcome.cause, _NEARLY)


def _mean(gain: Gain | None) -> float:
    return gain.mean if gain is not None else -np.inf


def _margin(
    evidence: Evidence, outcomes: Sequence[Outcome], able: list[int], primary: int, largest: int
) -> float:
    """Return the fewest standard errors between the decision and another one."""
    per_row = {
        number: evidence.gain_of(fitted)
        for number in able
        if (fitted := outcomes[number].fitted) is not None
    }
    margins = [_standardised(mean_gain(per_row[primary], evidence.block))]
    for number in able:
        if number < primary:
            ahead = _needed(outcomes[number]) * per_row[largest] - per_row[number]
        elif number > primary:
            ahead = per_row[primary] - _needed(outcomes[primary]) * per_row[number]
        else:
            continue
        margins.append(_standardised(mean_gain(ahead, evidence.block)))
    return min(margins)


def _distance_to_any(outcomes: Sequence[Outcome], gains: Sequence[Gain | None]) -> float:
    """Return how many standard errors the nearest cause is from having a gain at all."""
    distances = [
        -_standardised(gain)
        for one, gain in zip(outcomes, gains, strict=True)
        if gain is not None and gain.se > 0 and one.ruled_out_by is None
    ]
    return min(distances, default=np.inf)


def _standardised(gain: Gain) -> float:
    return gain.mean / gain.se if gain.se > 0 else np.inf
