"""Which cause explains the failing rows, and how far the others are from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whence.causes import (
    change_within_a_slice,
    concept_shift,
    label_delay,
    label_quality,
    label_shift,
    mix_shift,
    pipeline_break,
    seasonality,
    unseen_value_or_range,
    version_change,
)
from whence.causes.catalogue import CATALOGUE
from whence.causes.gain import mean_gain
from whence.causes.tilt import cross_tilt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from whence.causes.catalogue import Cause
    from whence.causes.evidence import Evidence, Outcome
    from whence.causes.gain import Gain

__all__ = ["CLEARLY", "LEAST_BESIDE", "Ranking", "rank"]

_LEAST_GAIN = 1e-4
"""Nats a row: a change of one point of a 10 % error rate everywhere gains five times as much."""

_NEARLY = 0.8
"""An earlier cause of the catalogue is preferred when it gains this share of the largest gain."""

CLEARLY = 2.0
"""Standard errors by which another cause must be better before a verdict changes."""

_AS_MUCH = {change_within_a_slice.NAME: 1.0, label_quality.NAME: 0.98}
"""These must gain as much as a change everywhere: several slices, each with a tilt of its own, or
a confusion of labels mimic that (docs/decisions/why-slice-or-concept.md). Where the inputs leave
no doubt, wrong labels and a relation that became weaker gain the same, up to chance."""

_BESIDE: tuple[Cause, ...] = (
    unseen_value_or_range,
    version_change,
    label_delay,
    label_shift,
    label_quality,
    concept_shift,
)
"""Causes that may act beside the primary one; further slices are the ledger's to find."""

LEAST_BESIDE = 0.25
"""What a second cause of the same rows must gain beyond the first, as a part of the first's gain:
no model fits exactly, and a tilt always finds something to mend."""

_LEAST_APART = 0.03
"""What a change of their own must gain some rows beyond a cause that acts everywhere, as a part of
what that cause gains them: see docs/decisions/why-two-causes.md."""


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


def rank(evidence: Evidence, standing: str | None = None) -> Ranking:
    """Test every cause; the primary is the first that gains nearly as much as the best does.

    `standing`, the cause that the last verdict named, stays the primary as long as it is
    admissible and no other gains more by two standard errors.

    A cause is admissible if the lower 95 % bound of its gain is above 0 and nothing else speaks
    against it.
    """
    ranking = _first(evidence, CATALOGUE, standing)
    ranking = _broken_as_well(evidence, ranking) or ranking
    primary = ranking.primary
    if primary is None or primary.fitted is None or primary.rows is None:
        return ranking
    if ranking.beside is not None:
        return ranking
    if not primary.everywhere:
        return replace(ranking, beside=_in_the_rest(evidence, primary))
    return _in_a_place(evidence, ranking, primary) or _on_top(evidence, ranking, primary)


def _first(evidence: Evidence, causes: Sequence[Cause], standing: str | None = None) -> Ranking:
    outcomes = [cause.test(evidence) for cause in causes]
    gains = [None if one.fitted is None else evidence.weigh(one.fitted) for one in outcomes]
    able = [
        number
        for number, (one, gain) in enumerate(zip(outcomes, gains, strict=True))
        if gain is not None and gain.low > _LEAST_GAIN and one.ruled_out_by is None
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


def _broken_as_well(evidence: Evidence, ranking: Ranking) -> Ranking | None:
    """Find a pipeline break among rows of which some are odd in another way too.

    A repair cannot mend rows that stay outside the reference's support when it is undone; it is
    judged on the others, beside every other cause.
    """
    broken = ranking.outcome_of(pipeline_break.NAME)
    if broken is None or broken.fitted is None or broken.repair is None:
        return None
    mended = replace(evidence, after=broken.repair(evidence.after))
    unseen = unseen_value_or_range.test(mended)
    if unseen.fitted is None or broken is ranking.primary:
        return None
    apart = _rows_of(unseen)
    rest = _first(evidence.only(~apart), CATALOGUE)
    if rest.primary is None or rest.primary.cause != broken.cause:
        return None
    own = cross_tilt(broken.fitted, evidence.y, evidence.fold, np.where(apart, 0, -1))
    return _both(replace(ranking, margin=rest.margin), broken, own, unseen)


def _in_the_rest(evidence: Evidence, primary: Outcome) -> Outcome | None:
    """Return the cause that acts on the rows the primary leaves alone, scored on all rows."""
    apart = _rows_of(primary)
    found = _first(evidence.only(~apart), _others(primary)).primary
    if found is None or not found.everywhere:
        return found
    return _test(found.cause, evidence.apart(apart))


def _in_a_place(evidence: Evidence, ranking: Ranking, primary: Outcome) -> Ranking | None:
    """Find rows that changed in another way than the cause that acts everywhere says.

    Only rows that a cause knows by another mark than their labels are asked: values never seen,
    of which that cause, fitted without them, is to foresee the labels; and, beside wrong labels,
    which by their definition are as frequent everywhere, slices. A changed relation bites harder
    here and there by itself.
    """
    unseen = ranking.outcome_of(unseen_value_or_range.NAME)
    if unseen is not None and unseen.fitted is not None and unseen.ruled_out_by is None:
        rows = _rows_of(unseen)
        own = _apart(evidence, _test(primary.cause, evidence.apart(rows)).fitted, rows)
        if own is not None:
            return _both(ranking, primary, own, unseen)
    if primary.cause != label_quality.NAME:
        return None
    # Labels of one class may be wrong more often, and a slice may hold all of that class: the
    # confusion is that of all rows, else it would not be known there.
    suspects = [
        one for one in evidence.suspects if _apart(evidence, primary.fitted, one.rows) is not None
    ]
    slices = change_within_a_slice.test(replace(evidence, suspects=suspects))
    if slices.fitted is None or slices.ruled_out_by is not None:
        return None
    own = _apart(evidence, primary.fitted, _rows_of(slices))
    return None if own is None else _both(ranking, primary, own, slices)


def _both(
    ranking: Ranking, primary: Outcome, fitted: NDArray[np.float64], beside: Outcome
) -> Ranking:
    everywhere = replace(primary, fitted=fitted)
    outcomes = [everywhere if one is primary else one for one in ranking.outcomes]
    return replace(ranking, outcomes=outcomes, primary=everywhere, beside=beside)


def _apart(
    evidence: Evidence, fitted: NDArray[np.float64] | None, rows: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Return log-probabilities with a tilt of their own in `rows`; None where they need none."""
    if fitted is None or rows.all() or not rows.any():
        return None
    gain = evidence.gain_of(fitted)
    if mean_gain(gain[~rows], evidence.block[~rows]).low <= _LEAST_GAIN:
        return None  # all that it explains is in these rows: it acts there and not everywhere
    own = cross_tilt(fitted, evidence.y, evidence.fold, np.where(rows, 0, -1))
    beyond = mean_gain((evidence.gain_of(own) - gain)[rows], evidence.block[rows])
    wanted = _LEAST_APART * float(gain[rows].mean())
    return own if beyond.low > 0 and beyond.mean >= wanted else None


def _on_top(evidence: Evidence, ranking: Ranking, primary: Outcome) -> Ranking:
    """Find a second cause of the same rows, in what the primary leaves to be explained."""
    if primary.fitted is None:
        return ranking
    mended = evidence.after if primary.repair is None else primary.repair(evidence.after)
    # Rows with values never seen were asked for a change of their own before.
    causes = [one for one in _others(primary) if one is not unseen_value_or_range]
    second = _first(replace(evidence, after=mended, log_q=primary.fitted), causes)
    if second.primary is None:
        return ranking
    gains = [
        _mean(one.gains[one.outcomes.index(found)])
        for one, found in ((ranking, primary), (second, second.primary))
    ]
    if second.primary.everywhere and gains[1] < LEAST_BESIDE * gains[0]:
        return ranking
    return replace(ranking, beside=second.primary, beside_part=gains[1] / sum(gains))


def _others(primary: Outcome) -> list[Cause]:
    return [cause for cause in _BESIDE if primary.cause != cause.NAME]


def _test(name: str, evidence: Evidence) -> Outcome:
    return next(cause for cause in CATALOGUE if name == cause.NAME).test(evidence)


def _rows_of(outcome: Outcome) -> NDArray[np.bool_]:
    if outcome.rows is None:
        message = f"{outcome.cause} does not say which rows it acts on"
        raise TypeError(message)
    return outcome.rows


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
