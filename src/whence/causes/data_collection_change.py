"""A data-collection change: rows that used to be logged no longer are.

See ``docs/causes/data-collection-change.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from whence.causes.evidence import Evidence, Outcome
from whence.causes.features import VERSION
from whence.causes.moved import bin_counts
from whence.profile.bins import CategoryBins, NumberBins, fit
from whence.types.slice import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column, Rows
    from whence.types.slice import Condition, Slice

__all__ = ["NAME", "QUESTION", "test"]

NAME = "data-collection-change"
QUESTION = "Are rows missing that used to be logged?"

_FEWER = 0.8
"""Rows are missing when a window has less than this part of the rows it used to have."""

_CHANCE = 1e-3
_GONE = 0.3
"""A part of the rows went quiet when less than this is left of it."""

_STOPPED, _PART = 0.05, 0.05
"""A part of at least 5 % of the rows of which at most 5 % is left has stopped."""

_MOST_OF_IT = 0.5
"""What went quiet must hold this share of the missing rows to be named."""

_FEWEST_WINDOWS = 3


@dataclass(frozen=True, slots=True)
class _Quiet:
    """A part of the rows that is missing: where, its share before, what is left of it.

    `ratio` is of all rows a window; `of_missing` the part of all missing rows that it holds.
    """

    where: Slice
    share: float
    left: float
    ratio: float
    of_missing: float

    @property
    def stopped(self) -> bool:
        """Whether hardly any row is left, and none came instead: values that moved would have."""
        gone = self.share >= _PART and self.left <= _STOPPED
        return gone and self.ratio <= 1.0 - self.share / 2


def test(evidence: Evidence) -> Outcome:
    """Compare how many rows a window has, in all and in each part, labelled or not.

    A mix shift changes shares; a collection change takes rows away. So either the windows have
    far fewer rows (t-test of the log counts, Welch 1947), or fewer because a part has stopped.
    It is the reason for a changed mix, never for a changed relation.
    """
    before, after = evidence.everything
    ratio, p = _volume(before, after)
    quiet = _quietest(before, after, ratio)
    fewer = ratio < _FEWER and p < _CHANCE
    stopped = quiet is not None and quiet.stopped and p < _CHANCE
    if not fewer and not stopped:
        return Outcome(
            NAME, ruled_out_by=f"windows have {ratio:.0%} of the rows they had, no part is missing"
        )
    named = quiet is not None and (stopped or quiet.of_missing >= _MOST_OF_IT)
    where = quiet.where if named and quiet is not None else {}
    story = f"windows have {ratio:.0%} of the rows they had"
    if named and quiet is not None:
        story += f", and {quiet.left:.0%} of those with {describe(quiet.where)}"
    return Outcome(
        NAME,
        where=where,
        story=story,
        moves_mix=True,
        evidence=(
            f"rows a window: {ratio:.2f} of the reference's (p = {p:.1g})",
            "the relation of inputs and label is as it was in the rows that are logged",
        ),
        remedy=(
            f"Suggestion: find out why rows{' with ' + describe(where) if where else ''} are no "
            "longer logged (a source, a filter, a sampling rule); until then the metric is of "
            "other rows than it was."
        ),
    )


def _volume(before: Rows, after: Rows) -> tuple[float, float]:
    """Return rows a window after over before, and the two-sided p of no change."""
    counts = [np.unique(period.window, return_counts=True)[1] for period in (before, after)]
    if min(len(one) for one in counts) < _FEWEST_WINDOWS:
        ratio = counts[1].mean() / counts[0].mean() if all(map(len, counts)) else 1.0
        return float(ratio), 1.0
    # The first and the last window may be cut by the period's ends.
    old, new = (np.log(one[1:-1] if len(one) > _FEWEST_WINDOWS + 1 else one) for one in counts)
    # Counts vary at least as Poisson's do.
    spread = [max(float(one.var(ddof=1)), float(np.exp(-one.mean()))) for one in (old, new)]
    se = np.sqrt(spread[0] / len(old) + spread[1] / len(new))
    freedom = se**4 / (
        (spread[0] / len(old)) ** 2 / (len(old) - 1) + (spread[1] / len(new)) ** 2 / (len(new) - 1)
    )
    difference = float(new.mean() - old.mean())
    return float(np.exp(difference)), float(2 * student.sf(abs(difference) / se, freedom))


def _quietest(before: Rows, after: Rows, ratio: float) -> _Quiet | None:
    """Return the part by one column that holds most of the missing rows."""
    found = []
    scale = ratio * len(before) / max(len(after), 1)  # rows per window, in the reference's measure
    for column in after.columns:
        if column.name != VERSION:
            part = _missing_part(before.column(column.name), column, scale, ratio)
            if part is not None:
                found.append(part)
    return max(found, key=lambda one: one.of_missing * (1 - one.left), default=None)


def _missing_part(old: Column, new: Column, scale: float, ratio: float) -> _Quiet | None:
    """Return the level, or the stretch of bins, that lost most of its rows; None if none did."""
    bins = fit(old)
    counts = [bin_counts(bins, column) for column in (old, new)]
    was, now = counts[0] / counts[0].sum(), counts[1] * scale / counts[0].sum()
    lost = np.where((was > 0) & (now < _GONE * was), was - now, 0.0)
    lost[[not bins.nameable(code) for code in range(bins.size)]] = 0.0
    if not lost.any():
        return None
    first, last = _stretch(lost) if isinstance(bins, NumberBins) else (int(lost.argmax()),) * 2
    share, left = float(was[first : last + 1].sum()), float(now[first : last + 1].sum())
    missing = max(float(np.maximum(was - now, 0).sum()), 1e-12)
    where = {old.name: _condition(bins, first, last)}
    return _Quiet(where, share, left / share, ratio, (share - left) / missing)


def _condition(bins: NumberBins | CategoryBins, first: int, last: int) -> Condition:
    low, high = bins.condition(first), bins.condition(last)
    return (low[0], high[1]) if isinstance(low, tuple) and isinstance(high, tuple) else low


def _stretch(lost: NDArray[np.float64]) -> tuple[int, int]:
    """Return the first and last bin of the run of neighbours that lost most."""
    runs = np.cumsum(lost == 0)
    weight = np.bincount(runs, weights=lost)
    inside = np.flatnonzero((runs == int(weight.argmax())) & (lost > 0))
    return int(inside[0]), int(inside[-1])
