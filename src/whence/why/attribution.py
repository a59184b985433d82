"""From points and causes to findings: which cause covers which part of the drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.causes import label_delay, label_shift, mix_shift, version_change
from whence.causes.features import VERSION
from whence.causes.gain import mean_gain
from whence.causes.support import outside
from whence.causes.tilt import cross_tilt
from whence.causes.version_change import new_versions
from whence.types.slice import describe
from whence.why.ranking import LEAST_BESIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.causes.evidence import Evidence, Outcome
    from whence.types.rows import Rows
    from whence.types.slice import Slice
    from whence.why.contest import Ranking
    from whence.why.ledger import Entry, Ledger
    from whence.why.testing import Tested

__all__ = ["Attribution", "Part", "attribute"]

_MOSTLY = 0.8
"""A slice is of a kind when this share of its rows is."""

_MOVED_COLUMNS = 3
_TAKES_MIX = frozenset({label_shift.NAME, label_delay.NAME})
"""Causes that bring other rows with them: the changed mix is their doing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One finding in the making."""

    cause: str
    where: Slice
    entry: Entry
    evidence: tuple[str, ...]
    remedy: str
    same_rows: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribution:
    """The parts of the drop that a cause covers, and the everywhere part if none does."""

    parts: list[Part]
    unexplained: float

    def points_of(self, cause: str) -> float:
        """Return the points of all parts with that cause."""
        return sum(part.entry.points for part in self.parts if part.cause == cause)


def attribute(ledger: Ledger, tested: Tested) -> Attribution:
    """Name the cause of every part of the ledger.

    A cause that acts everywhere also covers the slices that it explains as well as a change of
    their own would; what it does to the inputs, a label shift's change of the mix, belongs to
    it. A season covers all of it. Where no cause could be tested only the mix is named.
    """
    ranking, evidence = tested.ranking, tested.evidence
    if evidence is None:
        return Attribution([_mix(ledger, ranking)], _rest(ledger, ledger.slices).points)
    if ranking.season is not None:
        return _season(ledger, ranking.season)
    primary = ranking.primary
    masks = [mask[tested.chosen] for mask in ledger.rows]
    covered = [_covered(ranking, evidence, mask) for mask in masks]
    everywhere = _rest(
        ledger, [entry for entry, inside in zip(ledger.slices, covered, strict=True) if inside]
    )
    takes_mix = primary is not None and primary.cause in _TAKES_MIX
    everywhere = everywhere.plus(ledger.mix) if takes_mix else everywhere
    parts = [] if takes_mix else [_mix(ledger, ranking)]
    for number, entry in enumerate(ledger.slices):
        if not covered[number]:
            parts.append(_slice(ledger, number, entry, ranking, evidence, masks[number]))
    whole = _everywhere(everywhere, ranking)
    return Attribution([*parts, *whole], 0.0 if whole else everywhere.points)


def _rest(ledger: Ledger, covered: list[Entry]) -> Entry:
    everywhere = ledger.everywhere
    for entry in covered:
        everywhere = everywhere.plus(entry)
    return everywhere


def _season(ledger: Ledger, outcome: Outcome) -> Attribution:
    """Return the season's part; what goes beyond the earlier change is unexplained."""
    total = _rest(ledger, ledger.slices).plus(ledger.mix)
    part = min(1.0, (outcome.points or 0.0) / total.points) if total.points > 0 else 1.0
    entry = total.scaled(part)
    season = Part(outcome.cause, {}, entry, outcome.evidence, outcome.remedy)
    return Attribution([season], total.points - entry.points)


def _covered(ranking: Ranking, evidence: Evidence, mask: NDArray[np.bool_]) -> bool:
    """Whether a slice's change is what a cause that acts everywhere says of its rows.

    No model fits a slice exactly: what a change of its own gains beyond must matter beside what
    the cause gained.
    """
    both = (ranking.primary, ranking.beside)
    acting = next((one for one in both if one is not None and one.everywhere), None)
    if acting is None or acting.fitted is None:
        return False
    if any(one is not None and not one.everywhere and _within(mask, one.rows) for one in both):
        return False
    fitted = acting.fitted
    own = cross_tilt(fitted, evidence.y, evidence.fold, np.where(mask, 0, -1))
    row = np.arange(len(evidence.y))
    beyond = mean_gain((own - fitted)[row, evidence.y], evidence.block)
    gained = float(np.where(mask, evidence.gain_of(fitted), 0.0).mean())
    return not (beyond.low > 0 and beyond.mean >= LEAST_BESIDE * gained)


def _everywhere(entry: Entry, ranking: Ranking) -> list[Part]:
    """Return the everywhere part under the causes that act on all rows, if any does."""
    primary, beside = ranking.primary, ranking.beside
    if primary is not None and primary.everywhere:
        if beside is None or not beside.everywhere:
            return [_part(primary, entry)]
        said = "parted in proportion to what each cause gains in log score"
        return [
            _part(primary, entry.scaled(1.0 - ranking.beside_part), said),
            _part(beside, entry.scaled(ranking.beside_part), said),
        ]
    acts = beside is not None and beside.everywhere and entry.real
    return [_part(beside, entry)] if beside is not None and acts else []


def _part(outcome: Outcome, entry: Entry, *said: str) -> Part:
    return Part(outcome.cause, outcome.where, entry, (*outcome.evidence, *said), outcome.remedy)


def _slice(
    ledger: Ledger,
    number: int,
    entry: Entry,
    ranking: Ranking,
    evidence: Evidence,
    mask: NDArray[np.bool_],
) -> Part:
    found = ledger.found[number]
    primary = ranking.primary
    cause = "change-within-a-slice"
    remedy = _remedy(found.where)
    where = dict(found.where)
    if entry.points > 0 and mask.any():
        if (
            primary is not None
            and primary.cause == "pipeline-break"
            and not primary.everywhere
            and _within(mask, primary.rows)
        ):
            cause, remedy = "pipeline-break", primary.remedy
        elif VERSION in where and str(where[VERSION]) in new_versions(
            evidence.before, evidence.after
        ):
            cause = version_change.NAME
        elif _never_seen(evidence.before, evidence.after, found.where, mask):
            broken = _repairable(ranking, found.where, mask)
            cause = "pipeline-break" if broken is not None else "unseen-value-or-range"
            remedy = remedy if broken is None else broken.remedy
    notes = [f"{float(ledger.rows[number].mean()):.1%} of the failing rows"]
    if np.isfinite(found.z):
        notes.append(f"found on half of the windows with z = {found.z:.1f}, measured on the others")
    if cause == "unseen-value-or-range":
        notes.append("never seen in the reference")
    if found.proxies:
        notes.append("the same rows: " + ", ".join(describe(one) for one in found.proxies))
    return Part(cause, where, entry, tuple(notes), remedy, found.proxies)


def _repairable(ranking: Ranking, where: Slice, mask: NDArray[np.bool_]) -> Outcome | None:
    """Return the break whose repair turns these values into ones that were seen, if one does."""
    outcome = ranking.outcome_of("pipeline-break")
    if outcome is None or outcome.ruled_out_by is not None or not set(outcome.where) & set(where):
        return None
    return outcome if _within(mask, outcome.rows) else None


def _within(mask: NDArray[np.bool_], rows: NDArray[np.bool_] | None) -> bool:
    return rows is not None and float(rows[mask].mean()) >= _MOSTLY


def _never_seen(before: Rows, after: Rows, where: Slice, mask: NDArray[np.bool_]) -> bool:
    names = [name for name in where if name != VERSION]
    return any(
        float(outside(after.column(name), before.column(name))[mask].mean()) >= _MOSTLY
        for name in names
    )


def _remedy(where: Slice) -> str:
    said = describe(where)
    return (
        f"Suggestion, to be tested on later rows: collect labels for {said} and retrain with "
        "them, or repair the input."
    )


def _mix(ledger: Ledger, ranking: Ranking) -> Part:
    outcome = ranking.mixing
    moved = sorted(ledger.by_column.items(), key=lambda item: -abs(item[1]))[:_MOVED_COLUMNS]
    notes = [f"`{name}` moved it by {points:+.4f}" for name, points in moved if points]
    columns = " and ".join(f"`{name}`" for name, points in moved[:1] if points) or "the inputs"
    if outcome.cause == mix_shift.NAME:
        return Part(mix_shift.NAME, {}, ledger.mix, tuple(notes), mix_shift.remedy(columns))
    return _part(outcome, ledger.mix, *notes)
