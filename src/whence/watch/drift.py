"""Input drift: whether a column moved further than it does on its own, and far enough to matter.

Two questions, and the larger p-value answers both: is the window further from the reference than
the reference's own windows are from each other (p1), and is the distance larger than the
smallest effect that matters (p2)? Drift is evidence about a failure, never a failure by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy import special

from whence.errors import BadInput
from whence.watch.proportion import at_least
from whence.watch.two_sample import Pearson, pearson
from whence.watch.variation import FEWEST_WINDOWS, WEEKDAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["SMALLEST_EFFECT", "Drift", "DriftReference", "distance", "drift"]

SMALLEST_EFFECT = 0.05
"""Cohen's w of the smallest shift that matters; Cohen (1988) calls .1 small."""

WINDOWS_PER_WEEKDAY = 4
"""The same weekdays are compared only once the reference has that many of each."""

NODES = (np.arange(64) + 0.5) / 64
"""Probabilities at which the chi-squared part of X2 is taken; 64 give p to about 3 %."""

MOST_BINS = 5
"""How many of the bins that moved most are named."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What one column did in one window (or in several taken together).

    Attributes
    ----------
    p
        Chance of such a distance if the column only varies as the reference does, or by less
        than the smallest effect; NaN where normal variation is unknown or the window is empty.
    effect
        Cohen's w: root of sum((share now - share before)^2 / pooled share), the part that chance
        alone adds taken off.
    statistic, freedom
        Pearson's X2 and its degrees of freedom, after small bins were merged.
    unseen_p, unseen_share
        The exact test of, and the share of rows in, bins the reference has not seen.
    normal_variation_known
        False with fewer than 7 reference windows: then there is an effect and no verdict.
    worst_bins
        Positions of the bins that add most to X2, the largest first (at most 5).
    change
        (bins,): share now minus share before.
    """

    p: float
    effect: float
    statistic: float
    freedom: int
    unseen_p: float
    unseen_share: float
    normal_variation_known: bool
    worst_bins: tuple[int, ...]
    change: Floats


@dataclass(frozen=True, slots=True)
class _Baseline:
    """A sum of reference windows, and how its single windows scatter around the rest.

    `dispersion` is rho: X2 / d has expectation ``1 + rho n_h`` while all is well.
    """

    counts: Floats
    dispersion: float
    freedom: int


@dataclass(frozen=True, slots=True)
class DriftReference:
    """The reference of one column, worked out once and asked for every window."""

    every_day: _Baseline
    weekdays: tuple[_Baseline, ...]
    unseen: NDArray[np.intp]
    windows: int

    @classmethod
    def of(
        cls,
        reference: Floats,
        weekday: NDArray[np.integer],
        *,
        unseen: NDArray[np.integer] | None = None,
    ) -> Self:
        """Return the reference from its windows.

        Parameters
        ----------
        reference
            (W, B): rows per consecutive window and bin.
        weekday
            (W,): 0 to 6 for windows of a day, else -1.
        unseen
            Positions of the bins that lie outside the reference's support.

        Raises
        ------
        BadInput
            If the shapes do not agree or a count is negative.
        """
        counts = np.asarray(reference, np.float64)
        if counts.ndim != 2 or weekday.shape != (len(counts),):  # noqa: PLR2004 - a matrix
            raise BadInput(
                f"reference counts have shape {counts.shape} and weekdays {weekday.shape}; "
                "give one row of bins and one weekday per window"
            )
        if (counts < 0).any():
            raise BadInput(f"a reference count is {counts.min():g}; counts are 0 or more")
        apart = np.asarray([] if unseen is None else unseen, np.intp)
        filled = counts.sum(axis=1) > 0
        counts, days = counts[filled], weekday[filled]
        seen = counts.copy()
        seen[:, apart] = 0.0
        per_day = np.array([(days == day).sum() for day in range(WEEKDAYS)])
        matched = (days >= 0).all() and per_day.min() >= WINDOWS_PER_WEEKDAY
        windows = len(counts)
        dispersion = _dispersion(seen, days, matched=matched)
        freedom = windows - (WEEKDAYS if matched else 1)
        return cls(
            every_day=_Baseline(counts.sum(axis=0), dispersion, freedom),
            weekdays=tuple(
                _Baseline(counts[days == day].sum(axis=0), dispersion, freedom)
                for day in range(WEEKDAYS if matched else 0)
            ),
            unseen=apart,
            windows=windows,
        )

    def drift(
        self,
        window: Floats,
        weekday: int | None = None,
        *,
        smallest_effect: float = SMALLEST_EFFECT,
    ) -> Drift:
        """Return how far a window, or the sum of several, has moved from the reference.

        The dispersion between days is used for sums of several windows as it is. Their days
        would average out if they were independent, so this errs on the quiet side; with
        days that resemble their neighbours it is right.

        Parameters
        ----------
        window
            (B,): rows per bin.
        weekday
            0 to 6 for a window of one day: it is compared with the same weekdays where the
            reference has 4 of each. None for other windows and for sums over whole weeks.
        smallest_effect
            Cohen's w in (0, inf) below which a shift does not matter.

        Raises
        ------
        BadInput
            If the window has another number of bins than the reference, or the effect is not
            above 0.
        """
        counts = np.asarray(window, np.float64)
        if counts.shape != self.every_day.counts.shape:
            raise BadInput(
                f"the window has {counts.shape} bins, the reference {self.every_day.counts.shape}; "
                "count both with the same bins"
            )
        if smallest_effect <= 0:
            raise BadInput(f"smallest_effect is {smallest_effect}; give a Cohen's w above 0")
        baseline = self._baseline(weekday)
        seen, before = counts.copy(), baseline.counts.copy()
        seen[self.unseen] = 0.0
        before[self.unseen] = 0.0
        test = pearson(before, seen)
        known = self.windows >= FEWEST_WINDOWS
        p1 = _beyond_normal(test, baseline) if known else np.nan
        p2 = _beyond_smallest(test, smallest_effect)
        unseen_share, unseen_p = self._unseen(counts, smallest_effect)
        change = _shares(seen) - _shares(before)
        return Drift(
            p=float(np.maximum(p1, p2)),
            effect=_effect(test),
            statistic=test.statistic,
            freedom=test.freedom,
            unseen_p=unseen_p,
            unseen_share=unseen_share,
            normal_variation_known=known,
            worst_bins=_worst(change, seen, before),
            change=change,
        )

    def _baseline(self, weekday: int | None) -> _Baseline:
        if weekday is None or weekday < 0 or not self.weekdays:
            return self.every_day
        return self.weekdays[weekday]

    def _unseen(self, counts: Floats, smallest_effect: float) -> tuple[float, float]:
        """Return the share of rows in unseen bins and the chance of as many.

        The larger of two exact binomial tests: of all unseen rows, those in the window against
        its part of the rows (two Poisson rates, Przyborowski & Wilenski 1940); and the window's
        against a share of w0^2, the share which w0 stands for when it moves to new bins.
        """
        n = counts.sum()
        if not n:
            return 0.0, np.nan
        now = counts[self.unseen].sum()
        if not now:
            return 0.0, 1.0
        before = self.every_day.counts[self.unseen].sum()
        part = n / (n + self.every_day.counts.sum())
        rates = at_least(now, now + before, part)
        matters = at_least(now, n, min(smallest_effect**2, 1.0))
        return float(now / n), max(rates, matters)


def drift(
    reference: Floats,
    reference_weekday: NDArray[np.integer],
    window: Floats,
    weekday: int | None,
    *,
    smallest_effect: float = SMALLEST_EFFECT,
    unseen: NDArray[np.integer] | None = None,
) -> Drift:
    """Return how far a window has moved; see `DriftReference`, which is worth keeping."""
    kept = DriftReference.of(reference, reference_weekday, unseen=unseen)
    return kept.drift(window, weekday, smallest_effect=smallest_effect)


def distance(reference: Floats, window: Floats) -> float:
    """Return Cohen's w between two rows of counts (B,), what chance alone adds taken off.

    Root of sum((share now - share before)^2 / mean of the two shares), less the B - 1 over n_h
    that two samples of one distribution are apart. No bins are merged, so that values which the
    reference has not seen count however few they are. It says how far, and nothing of whether
    that is normal; 0 where there is nothing to compare.
    """
    before, now = reference.sum(), window.sum()
    if not before or not now:
        return 0.0
    gap, middle = _shares(window) - _shares(reference), (_shares(window) + _shares(reference)) / 2
    filled = middle > 0
    apart = float((gap[filled] ** 2 / middle[filled]).sum())
    harmonic = before * now / (before + now)
    return float(np.sqrt(max(0.0, apart - (filled.sum() - 1) / harmonic)))


def _dispersion(counts: Floats, weekday: NDArray[np.integer], *, matched: bool) -> float:
    """Return rho = max(0, mean(X2 / d - 1) / mean n_h), each window against the other weeks.

    A week is seven consecutive windows of a day; other windows are left out singly. With
    `matched`, only the same weekdays of the other weeks are compared.
    """
    daily = len(weekday) > 0 and (weekday >= 0).all()
    week = np.arange(len(counts)) // (WEEKDAYS if daily else 1)
    excess, harmonic = [], []
    for i, row in enumerate(counts):
        rest = week != week[i]
        if matched:
            rest &= weekday == weekday[i]
        test = pearson(counts[rest].sum(axis=0), row)
        if test.freedom:
            excess.append(test.statistic / test.freedom - 1.0)
            harmonic.append(test.harmonic_rows)
    return max(0.0, float(np.mean(excess) / np.mean(harmonic))) if excess else 0.0


def _beyond_normal(test: Pearson, baseline: _Baseline) -> float:
    """Return the chance of a larger X2 from a day like the reference's.

    Days move a distribution in few directions, so the worst case is taken: one direction
    carries all of the excess d v, v = rho n_h, and X2 is chi-squared on the other d - 1 plus
    1 + d v times an F on 1 and nu (the days that v was measured on). The sum over the
    chi-squared part is taken at `NODES` equally likely values. With one moment-matched F for
    the whole, the tail was 10 to 30 times too light at 1e-4 (docs/decisions/watch-drift.md).
    """
    if not test.freedom:
        return np.nan
    excess = test.freedom * baseline.dispersion * test.harmonic_rows
    if not excess:
        return float(special.chdtrc(test.freedom, test.statistic))
    scale = 1.0 + excess
    below = baseline.freedom * (scale / excess) ** 2
    others = special.chdtri(test.freedom - 1, NODES) if test.freedom > 1 else np.zeros(1)
    rest = np.maximum(test.statistic - others, 0.0)
    return float(np.mean(special.fdtrc(1.0, below, rest / scale)))


def _beyond_smallest(test: Pearson, smallest_effect: float) -> float:
    """Return the tail of the noncentral chi-squared with nc = n_h w0^2 (Cohen 1988, ch. 7)."""
    if not test.freedom:
        return np.nan
    noncentral = test.harmonic_rows * smallest_effect**2
    return float(max(0.0, 1.0 - special.chndtr(test.statistic, test.freedom, noncentral)))


def _effect(test: Pearson) -> float:
    if not test.freedom:
        return 0.0
    return float(np.sqrt(max(0.0, test.statistic - test.freedom) / test.harmonic_rows))


def _shares(counts: Floats) -> Floats:
    return np.asarray(counts / max(counts.sum(), 1.0))


def _worst(change: Floats, window: Floats, reference: Floats) -> tuple[int, ...]:
    pooled = window + reference
    share = np.where(pooled > 0, change**2 / np.maximum(pooled, 1.0), 0.0)
    order = np.argsort(-share, kind="stable")[:MOST_BINS]
    return tuple(int(i) for i in order if share[i] > 0)
