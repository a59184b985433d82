"""An incident's life: when it began, how much it cost, and whether it is over.

Input is the series of judged windows of the stream that alarmed, from the end of the incident
before (or the first judged window) to now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput
from whence.watch.proportion import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.watch.series import Series

    Floats = NDArray[np.float64]
    Interval = tuple[float, float]

__all__ = ["EVIDENCE", "Change", "date_change", "follow", "recovered"]

EVIDENCE = 500.0
"""How much likelier "as before" than "still failing" the trailing windows must be to end it."""

FEWEST_HEALTHY = 3
"""Windows that must follow the end: one good day is no recovery."""

FEWEST_APART = 2
"""Failing windows on each side of the split below which dating and estimating share windows."""


@dataclass(frozen=True, slots=True)
class Change:
    """A step in the mean loss.

    Attributes
    ----------
    started
        Position in the series of the first window that failed.
    earliest, latest
        Positions between which it lies with 95 % likelihood support.
    before, after
        Mean loss per row in the windows before and since.
    before_interval, after_interval, effect_interval
        95 % intervals of them and of after - before.
    apart
        The effect was estimated on windows that did not choose the date; false while there are
        too few of them, and then the effect is flattered.
    """

    started: int
    earliest: int
    latest: int
    before: float
    before_interval: Interval
    after: float
    after_interval: Interval
    effect_interval: Interval
    apart: bool

    @property
    def effect(self) -> float:
        """The mean loss since, minus that before: > 0 for worse."""
        return self.after - self.before


def date_change(series: Series, stop: int | None = None) -> Change:
    """Return when the mean loss rose, and from what to what.

    The date is the maximum-likelihood change point of normal window means with known variances
    (Hinkley 1970), the mean before being held to the reference's. For the effects it is dated
    anew on the even windows and the means are taken from the odd ones, and the other way
    round; the two are averaged, so that no window both chose the date and counts in the effect.

    Parameters
    ----------
    series
        The judged windows.
    stop
        The end of the failure (a position, exclusive); all of the series while it is open.

    Raises
    ------
    BadInput
        If there is no window.
    """
    failing = series.part(0, len(series) if stop is None else stop)
    if not len(failing):
        raise BadInput(
            "the series has no judged window; give the windows of the stream that alarmed"
        )
    fit = _profile(failing)
    started = int(fit.argmax())
    supported = np.flatnonzero(fit >= fit.max() - normal_quantile(0.95) ** 2 / 2.0)
    held_out = _cross_dated(failing)
    before, after = held_out or _levels(failing, started, np.ones(len(failing), np.bool_))
    return Change(
        started=started,
        earliest=int(supported[0]),
        latest=int(supported[-1]),
        before=before.mean,
        before_interval=_interval(before.mean, before.variance),
        after=after.mean,
        after_interval=_interval(after.mean, after.variance),
        effect_interval=_interval(after.mean - before.mean, before.variance + after.variance),
        apart=held_out is not None,
    )


def recovered(series: Series, change: Change) -> int | None:
    """Return the position of the first healthy window after the failure, or None while open.

    For every position the windows from there on are asked whether they are likelier "as before"
    or "still failing", the failing level being the lower 95 % limit of the windows from the
    start up to there: levels seen just after an alarm are too high. The failure ended at the
    best position if the first is `EVIDENCE` times likelier (as a CUSUM, Page 1954), at least
    `FEWEST_HEALTHY` windows say so, and the lower limit of their mean is at or below the null.

    Parameters
    ----------
    series
        The judged windows up to now.
    change
        The failure; only where it started and the level before are used.
    """
    after = series.part(change.started, len(series))
    precision = 1.0 / after.variance
    weight, total = np.cumsum(precision), np.cumsum(precision * after.mean)
    level = total[:-1] / weight[:-1]
    growth = np.array([series.variance_growth(mean) for mean in level])
    failing = level - normal_quantile(0.95) * np.sqrt(growth / weight[:-1])
    gap = np.maximum(failing - change.before, 0.0)
    middle = (failing + change.before) / 2.0
    gain = gap * (middle * (weight[-1] - weight[:-1]) - (total[-1] - total[:-1]))
    if not len(gain) or gain.max() < np.log(EVIDENCE):
        return None
    best = int(gain.argmax()) + 1
    if len(after) - best < FEWEST_HEALTHY:
        return None
    healthy = _weighted(after.part(best, len(after)))
    low, _ = _interval(healthy.mean, healthy.variance)
    return change.started + best if low <= series.null else None


def follow(series: Series, detected: int) -> tuple[Change, int | None]:
    """Return an incident as it stands now: the step, and where it ended or None.

    The start is first taken as it looked when the alarm came, because healthy windows after
    the end would water down a failure that is thought to go on; then all is dated anew.

    Parameters
    ----------
    series
        The judged windows up to now.
    detected
        Position of the window that alarmed.

    Raises
    ------
    BadInput
        If `detected` is no position of the series.
    """
    if not 0 <= detected < len(series):
        raise BadInput(
            f"the alarm is at position {detected} of {len(series)} windows; "
            "give the series that it was raised in"
        )
    ended = recovered(series, date_change(series, detected + 1))
    return date_change(series, ended), ended


@dataclass(frozen=True, slots=True)
class _Level:
    mean: float
    variance: float


def _interval(mean: float, variance: float) -> Interval:
    half = normal_quantile(0.95) * float(np.sqrt(variance))
    return mean - half, mean + half


def _profile(series: Series) -> Floats:
    """Return the log likelihood, up to a constant, of a rise at each position, (T,).

    With precision w, a level fitted to a stretch adds (sum of w y)^2 / (2 sum of w); the
    reference is one more observation of the level before. A fall is no failure and gains 0.
    """
    precision = 1.0 / series.variance
    weight = 1.0 / series.reference_variance if series.reference_variance > 0 else 0.0
    y = series.mean - series.reference_mean
    after_weight = np.cumsum(precision[::-1])[::-1]
    after_sum = np.cumsum((precision * y)[::-1])[::-1]
    before_weight = weight + precision.sum() - after_weight
    before_sum = (precision * y).sum() - after_sum
    before = np.where(before_weight > 0, before_sum**2 / np.maximum(before_weight, 1e-300), 0.0)
    rises = after_sum / after_weight > before_sum / np.maximum(before_weight, 1e-300)
    return np.asarray(np.where(rises, before + after_sum**2 / after_weight, before) / 2.0)


def _cross_dated(series: Series) -> tuple[_Level, _Level] | None:
    """Return the levels, each estimated on the half of the windows that did not date it."""
    even = np.arange(len(series)) % 2 == 0
    halves = []
    for dating in (even, ~even):
        positions = np.flatnonzero(dating)
        if not len(positions):
            return None
        started = int(positions[int(_profile(_chosen(series, dating)).argmax())])
        estimating = ~dating
        if estimating[started:].sum() < FEWEST_APART:
            return None
        halves.append(_levels(series, started, estimating))
    (before_a, after_a), (before_b, after_b) = halves
    return (
        _average(before_a, before_b, shared=True),
        _average(after_a, after_b, shared=False),
    )


def _chosen(series: Series, mask: NDArray[np.bool_]) -> Series:
    return replace(
        series,
        window=series.window[mask],
        mean=series.mean[mask],
        variance=series.variance[mask],
    )


def _levels(series: Series, started: int, mask: NDArray[np.bool_]) -> tuple[_Level, _Level]:
    """Return the levels before (with the reference) and since, over the chosen windows."""
    since = np.arange(len(series)) >= started
    before = _weighted(_chosen(series, mask & ~since), with_reference=True)
    after = _weighted(_chosen(series, mask & since))
    # The variance of 0/1 losses grows with their mean, which few windows cannot show.
    return before, _Level(after.mean, after.variance * series.variance_growth(after.mean))


def _weighted(series: Series, *, with_reference: bool = False) -> _Level:
    """Return the precision-weighted mean; its variance is the larger of model's and scatter's.

    While failing, windows may vary more than when all is well; the scatter around the mean
    says so (Birge's ratio, Birge 1932), and is never taken to say less.
    """
    y, variance = series.mean, series.variance
    if with_reference and series.reference_variance > 0:
        y = np.append(y, series.reference_mean)
        variance = np.append(variance, series.reference_variance)
    precision = 1.0 / variance
    mean = float((precision * y).sum() / precision.sum())
    scatter = (precision * (y - mean) ** 2).sum() / max(len(y) - 1, 1)
    return _Level(mean, float(max(1.0, scatter) / precision.sum()))


def _average(a: _Level, b: _Level, *, shared: bool) -> _Level:
    """Return the mean of two estimates from disjoint windows.

    Where both also count the reference (`shared`) they hang together, and the larger variance
    is kept; else it is that of the mean of two independent ones.
    """
    variance = max(a.variance, b.variance) if shared else (a.variance + b.variance) / 4.0
    return _Level((a.mean + b.mean) / 2.0, variance)
