"""Which cause explains the failing rows, and which one acts beside it or on top of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whence.causes import (
    change_within_a_slice,
    concept_shift,
    label_delay,
    label_quality,
    label_shift,
    pipeline_break,
    unseen_value_or_range,
    version_change,
)
from whence.causes.catalogue import CATALOGUE
from whence.causes.gain import mean_gain
from whence.causes.tilt import cross_tilt
from whence.why.contest import LEAST_GAIN, Ranking, contest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.causes.catalogue import Cause
    from whence.causes.evidence import Evidence, Outcome

__all__ = ["LEAST_BESIDE", "rank"]

_BESIDE: tuple[Cause, ...] = (
    unseen_value_or_range,
    version_change,
    label_delay,
    label_shift,
    label_quality,
    concept_shift,
)
"""Causes that may act beside the primary one; further slices are the ledger's to find."""

_ALIKE = frozenset({label_quality.NAME, concept_shift.NAME})
"""Both act on all rows by changing the relation: docs/decisions/why-close-causes.md."""

LEAST_BESIDE = 0.25
"""What a second cause of the same rows must gain beyond the first, as a part of the first's gain:
no model fits exactly, and a tilt always finds something to mend."""

_LEAST_APART = 0.03
"""What a change of their own must gain some rows beyond a cause that acts everywhere, as a part of
what that cause gains them: see docs/decisions/why-two-causes.md."""


def rank(evidence: Evidence, standing: str | None = None) -> Ranking:
    """Hold the contest of all causes, and look for a second one in what the first leaves.

    `standing` is the cause that the last verdict named, if there was one.
    """
    ranking = contest(evidence, CATALOGUE, standing)
    ranking = _broken_as_well(evidence, ranking) or ranking
    primary = ranking.primary
    if primary is None or primary.fitted is None or primary.rows is None:
        return ranking
    if ranking.beside is not None:
        return ranking
    if not primary.everywhere:
        return replace(ranking, beside=_in_the_rest(evidence, primary))
    return _in_a_place(evidence, ranking, primary) or _on_top(evidence, ranking, primary)


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
    rest = contest(evidence.only(~apart), CATALOGUE)
    if rest.primary is None or rest.primary.cause != broken.cause:
        return None
    own = cross_tilt(broken.fitted, evidence.y, evidence.fold, np.where(apart, 0, -1))
    return _both(replace(ranking, margin=rest.margin), broken, own, unseen)


def _in_the_rest(evidence: Evidence, primary: Outcome) -> Outcome | None:
    """Return the cause that acts on the rows the primary leaves alone, scored on all rows."""
    apart = _rows_of(primary)
    found = contest(evidence.only(~apart), _others(primary)).primary
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
        chosen = _seen_apart(evidence, ranking, primary, rows)
        own = _apart(evidence, _test(chosen.cause, evidence.apart(rows)).fitted, rows)
        if own is not None:
            return _both(ranking, chosen, own, unseen)
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


def _seen_apart(
    evidence: Evidence, ranking: Ranking, primary: Outcome, rows: NDArray[np.bool_]
) -> Outcome:
    """Return which of two causes that look alike acts everywhere, without asking some rows.

    What rows that are odd by themselves do can make a changed relation gain a little more than
    the wrong labels of all the others do.
    """
    if primary.cause not in _ALIKE:
        return primary
    rest = contest(evidence.only(~rows), CATALOGUE).primary
    other = None if rest is None or rest.cause not in _ALIKE else ranking.outcome_of(rest.cause)
    return other or primary


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
    if mean_gain(gain[~rows], evidence.block[~rows]).low <= LEAST_GAIN:
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
    second = contest(replace(evidence, after=mended, log_q=primary.fitted), causes)
    if second.primary is None:
        return ranking
    gains = ranking.gained_by(primary), second.gained_by(second.primary)
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
