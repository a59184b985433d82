"""The parts of a report: findings, what was checked, what cannot be known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from whence.causes import mix_shift
from whence.types.reports import Checked, Finding
from whence.why.carrying import positive_points

if TYPE_CHECKING:
    from whence.causes.evidence import Outcome
    from whence.causes.gain import Gain
    from whence.types.words import Words
    from whence.why.attribution import Attribution, Part
    from whence.why.contest import Ranking
    from whence.why.ledger import Ledger

__all__ = ["checked", "findings"]


def findings(ledger: Ledger, attribution: Attribution, notes: list[str]) -> list[Finding]:
    """Return the parts of the drop, largest first; `notes` are added to each one's evidence.

    A share is of the positive points; there is none where the drop's interval holds 0, or for
    an improvement.
    """
    positive = positive_points(ledger, attribution)
    parts = sorted(attribution.parts, key=lambda part: -part.entry.points)
    return [_finding(part, positive, notes) for part in parts]


def _finding(part: Part, positive: float | None, notes: list[str]) -> Finding:
    points = part.entry.points
    share = points / positive if positive is not None and points > 0 else None
    return Finding(
        cause=part.cause,
        slice=part.where,
        points=points,
        share=share,
        interval=part.entry.interval,
        evidence=[*part.evidence, *notes],
        remedy=part.remedy,
        same_rows=[*part.same_rows],
    )


def checked(ranking: Ranking, cause: str, ledger: Ledger, words: Words) -> list[Checked]:
    """Return every cause that was tested, and in words why it is not the verdict `cause`."""
    return [
        _checked(outcome, gain, ranking, cause, ledger, words)
        for outcome, gain in zip(ranking.outcomes, ranking.gains, strict=True)
    ]


def _checked(
    outcome: Outcome,
    gain: Gain | None,
    ranking: Ranking,
    cause: str,
    ledger: Ledger,
    words: Words,
) -> Checked:
    interval = None
    if gain is not None and math.isfinite(gain.low) and math.isfinite(gain.high):
        interval = (gain.low, gain.high)
    return Checked(
        cause=outcome.cause,
        gain=gain.mean if gain is not None else None,
        interval=interval,
        ruled_out_by=None
        if outcome.cause == cause
        else _reason(outcome, gain, ranking, ledger, words),
    )


def _reason(
    outcome: Outcome, gain: Gain | None, ranking: Ranking, ledger: Ledger, words: Words
) -> str:
    if outcome.ruled_out_by is not None:
        return outcome.ruled_out_by
    if outcome.cause == mix_shift.NAME:
        return _input_drift(ledger, words)
    if gain is None or gain.low <= 0:
        return "on failing rows it has not seen it predicts no better than no change at all"
    primary = ranking.primary
    if primary is None or primary.cause == outcome.cause:
        return "a change is there, but it carries too little of the drop"
    best = next(
        one
        for found, one in zip(ranking.outcomes, ranking.gains, strict=True)
        if found is primary and one is not None
    )
    return f"gains {gain.mean:.4f} nats a row, {primary.cause} {best.mean:.4f}" + (
        " and says more" if gain.mean >= best.mean else ""
    )


def _input_drift(ledger: Ledger, words: Words) -> str:
    moved = max(ledger.by_column, key=lambda name: abs(ledger.by_column[name]), default=None)
    where = f", most in `{moved}`" if moved is not None else ""
    return (
        f"input drift: present{where}, but it explains {words.points(ledger.mix.points)} of "
        f"{words.points(ledger.drop.points)} points"
    )
