"""Everything that is computed about a drop, before any of it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from whence.causes import pipeline_break, unseen_value_or_range, version_change
from whence.why.attribution import Attribution, attribute
from whence.why.ledger import draw_up
from whence.why.split import split
from whence.why.testing import rank_causes
from whence.why.verdict import calm_margin, decide, state_of

if TYPE_CHECKING:
    from whence.types.rows import Rows
    from whence.types.slice import Slice
    from whence.why.ledger import Ledger
    from whence.why.split import Split
    from whence.why.testing import Tested
    from whence.why.verdict import Decision, State

__all__ = ["Examined", "examine"]

_PLACED = frozenset({pipeline_break.NAME, unseen_value_or_range.NAME, version_change.NAME})
_RIDDLE = (
    "Suggestion: log or derive more inputs (device, source, version), and look at the failing "
    "rows by hand; the cause may lie in what was not logged."
)


@dataclass(frozen=True, slots=True)
class Examined:
    """The ledger, the causes' ranking, which cause covers which part, and what follows.

    `decision` is about the drop as if it were real; `state` says whether it is.
    """

    parts: tuple[Split, Split]
    ledger: Ledger
    tested: Tested
    attribution: Attribution
    decision: Decision
    state: State
    delta: float

    @property
    def cause(self) -> str:
        """The verdict: the state where no drop is shown, else the cause."""
        return self.decision.cause if self.state == "worse" else self.state

    @property
    def margin(self) -> float:
        """How many standard errors the verdict is from being another."""
        if self.state == "worse":
            return self.decision.margin
        return calm_margin(self.ledger.drop, self.delta)

    @property
    def where(self) -> Slice:
        """The slice of the deciding cause: its largest part, else what the cause says itself."""
        cause = self.decision.cause
        parts = [part for part in self.attribution.parts if part.cause == cause and part.where]
        if parts:
            return max(parts, key=lambda part: part.entry.points).where
        outcome = self.tested.ranking.outcome_of(cause)
        return outcome.where if outcome is not None else {}

    @property
    def remedy(self) -> str:
        """The remedy of the deciding cause's largest part, else what to do about a riddle."""
        cause = self.decision.cause
        parts = [part for part in self.attribution.parts if part.cause == cause]
        return max(parts, key=lambda part: part.entry.points).remedy if parts else _RIDDLE


def examine(
    before: Rows,
    after: Rows,
    *,
    season: tuple[Rows, Rows] | None = None,
    standing: str | None = None,
    delta: float = 0.01,
    seed: int = 0,
) -> Examined:
    """Split the drop between the labelled rows before and after, and test every cause on it.

    `season` are the labelled rows a year before both periods; `standing` is the cause that the
    last verdict named.
    """
    everything = (before, after)
    before, after = (period.take(period.labelled) for period in everything)
    rows = (before, after)
    parts = (split(before.window, seed), split(after.window, seed))
    ledger = draw_up(rows, parts, delta=delta, seed=seed)
    tested = rank_causes(
        rows, parts, ledger, seed, everything=everything, season=season, standing=standing
    )
    ledger = _redrawn(rows, parts, ledger, tested, delta, seed)
    attribution = attribute(ledger, tested)
    decision = decide(ledger, tested.ranking, attribution, standing)
    state = state_of(ledger.drop, delta)
    return Examined(parts, ledger, tested, attribution, decision, state, delta)


def _redrawn(
    rows: tuple[Rows, Rows],
    parts: tuple[Split, Split],
    ledger: Ledger,
    tested: Tested,
    delta: float,
    seed: int,
) -> Ledger:
    """Draw the ledger up again where the primary cause says what the first could not know.

    A pipeline break's inputs are to be expected of as they would have been; and the rows that a
    break, an unseen value or a new version is in are a slice, though they have no past.
    """
    primary, beside = tested.ranking.primary, tested.ranking.beside
    if primary is None:
        return ledger
    placed = [
        one.where
        for one in (primary, beside)
        if one is not None and one.cause in _PLACED and not one.everywhere and one.where
    ]
    mended = primary.repair(rows[1]) if primary.repair is not None else None
    if mended is None and not placed:
        return ledger
    return draw_up(rows, parts, mended=mended, named=placed, delta=delta, seed=seed)
