"""From points and gains to the one cause that is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from whence.why.contest import CLEARLY

if TYPE_CHECKING:
    from whence.why.attribution import Attribution
    from whence.why.contest import Ranking
    from whence.why.ledger import Entry, Ledger

__all__ = ["UNEXPLAINED", "Decision", "State", "calm_margin", "decide", "state_of"]

UNEXPLAINED = "unexplained"

_LARGER_PART = 0.5
_LEAST_PART = 0.2
"""A cause that covers less of the drop than this explains a detail of it and not the drop."""

State = Literal["worse", "nothing-wrong", "cannot-tell-yet"]


@dataclass(frozen=True, slots=True)
class Decision:
    """The cause that is named, and how many standard errors it is from being another."""

    cause: str
    margin: float


def state_of(drop: Entry, delta: float) -> State:
    """Say what the drop's 95 % interval allows.

    "nothing-wrong": inside +-delta, or wholly an improvement (two one-sided tests of
    equivalence, Schuirmann 1987); "worse": wholly above 0 and not inside; else nobody can tell.
    """
    low, high = drop.interval
    if (-delta < low and high < delta) or high < 0:
        return "nothing-wrong"
    return "worse" if low > 0 else "cannot-tell-yet"


def calm_margin(drop: Entry, delta: float) -> float:
    """Return how many standard errors the drop is below +delta: what "nothing" rests on."""
    return _standardised(drop, delta - drop.points)


def decide(
    ledger: Ledger, ranking: Ranking, attribution: Attribution, standing: str | None = None
) -> Decision:
    """Name the cause: the primary if it carries its part of the drop, else mix, else nothing.

    A gain in log score says that a relation changed, however little; the points say whether
    that is what the drop is made of. The mix wins over a primary with fewer points than it;
    against the cause `standing`, which the last verdict named, by two standard errors.
    """
    drop, moved = ledger.drop.points, ledger.mix
    season = ranking.season
    if season is not None and drop > 0:
        over = (season.points or 0.0) - _LARGER_PART * drop
        return Decision(season.cause, _standardised(ledger.drop, over))
    carried = 0.0
    primary = ranking.primary
    if primary is not None:
        carried = attribution.points_of(primary.cause)
        if primary.points is not None:
            carried = min(carried, max(primary.points, 0.0))
    by_mix = moved.real and moved.points > 0
    if primary is not None and carried >= _LEAST_PART * drop:
        lead = _standardised(moved, moved.points - carried)
        line = {primary.cause: CLEARLY, ranking.mixing.cause: -CLEARLY}.get(standing or "", 0.0)
        if not (by_mix and lead > line):
            return Decision(primary.cause, min(ranking.margin, _over(ledger.drop, carried)))
        return Decision(ranking.mixing.cause, abs(lead))
    if by_mix and moved.points > _LARGER_PART * drop:
        margin = min(moved.points, 2 * (moved.points - _LARGER_PART * drop))
        return Decision(ranking.mixing.cause, _standardised(moved, margin))
    part = max(attribution.parts, key=lambda one: one.entry.points, default=None)
    if part is not None and part.entry.interval[0] > 0 and part.entry.points > _LARGER_PART * drop:
        # Found on half of the windows and there on the others, if too small for the causes' test.
        return Decision(part.cause, _standardised(part.entry, part.entry.points))
    return Decision(UNEXPLAINED, np.inf)


def _over(drop: Entry, carried: float) -> float:
    return _standardised(drop, max(carried, 0.0))


def _standardised(entry: Entry, points: float) -> float:
    se = float(np.std(entry.draws))
    return points / se if se > 0 else np.inf
