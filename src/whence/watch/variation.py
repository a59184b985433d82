"""How a metric varies while all is well: its mean, weekdays and spread between windows.

The unit is the window. A window's mean loss has variance ``row_variance / n + between``: what n
rows leave to chance, and what changes from window to window beyond that (a one-way random
effects model). Both come from sums that grow by addition, so that nothing here depends on how
many windows the reference has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = [
    "FEWEST_WINDOWS",
    "NEGLIGIBLE",
    "WEEKDAYS",
    "Calibration",
    "Kind",
    "Moments",
    "calibrate",
    "persistence",
]

Kind = Literal["binary", "mean"]
"""binary: every loss is 0 or 1; mean: any loss, judged by its window mean."""

WEEKDAYS = 7

NEGLIGIBLE = 1e-30
"""Stands for a variance of 0 where one divides; its inverse is far from overflow."""

FEWEST_WINDOWS = 7
"""With fewer reference windows the variation between windows is unknown (a week of days)."""

FREEDOM_FOR_WEEKDAYS = 7
"""Weekdays are told apart only if that many degrees of freedom are left to measure the spread."""

JAMES_STEIN = 3
"""Means shrunk to their estimated centre: G - 3 in the numerator (Efron & Morris 1973, eq. 7.1)."""


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over windows, by weekday and stream.

    Attributes
    ----------
    sums
        float64 (6, 7, K): the number of windows with rows, rows n, loss x, x^2 / n, n^2 and
        squared loss. Windows without a weekday (-1) are kept under 0.
    """

    sums: Floats

    @classmethod
    def of(cls, n: Floats, loss: Floats, loss_sq: Floats, weekday: NDArray[np.integer]) -> Moments:
        """Return the sums of windows given as (W, K) arrays and their weekdays (W,)."""
        sums = np.zeros((6, WEEKDAYS, n.shape[1]))
        terms = _terms(n, loss, loss_sq)
        for day in range(WEEKDAYS):
            sums[:, day] = terms[:, np.maximum(weekday, 0) == day].sum(axis=1)
        return cls(sums)

    def plus(self, n: Floats, loss: Floats, loss_sq: Floats, weekday: int) -> Moments:
        """Return the sums with one more window, (K,) arrays; a stream with n = 0 gains none."""
        sums = self.sums.copy()
        sums[:, max(weekday, 0)] += _terms(n, loss, loss_sq)
        return Moments(sums)

    @property
    def windows(self) -> Floats:
        """The number of windows of each stream, (K,)."""
        return np.asarray(self.sums[0].sum(axis=0))


def _terms(n: Floats, loss: Floats, loss_sq: Floats) -> Floats:
    rows = np.maximum(n, 1.0)
    return np.stack([(n > 0) * 1.0, n, loss, loss**2 / rows, n**2, loss_sq])


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a healthy window of each stream looks like; all arrays (K,) but `effect`.

    Attributes
    ----------
    mean, mean_variance
        The reference's mean loss per row, and the variance of that mean.
    null
        The largest mean that still counts as healthy: its upper confidence limit, and at least
        the smallest change that matters above it.
    effect
        (7, K): weekday effects on the mean, shrunk; 0 where weekdays cannot be told apart.
    row_variance, between
        The variance of one row's loss within a window, and of the window mean beyond rows.
    rows
        Rows in a typical window.
    freedom
        Degrees of freedom that `between` rests on.
    known
        bool: there are at least `FEWEST_WINDOWS` windows.
    """

    mean: Floats
    mean_variance: Floats
    null: Floats
    effect: Floats
    row_variance: Floats
    between: Floats
    rows: Floats
    freedom: Floats
    known: NDArray[np.bool_]

    def variance(self, n: Floats) -> Floats:
        """Return the variance of a window mean over `n` rows."""
        return self.row_variance / np.maximum(n, 1.0) + self.between


def calibrate(
    moments: Moments, kind: Kind, tail: Floats, persistence: Floats, delta: float
) -> Calibration:
    """Return what healthy windows look like, from the sums over the reference windows.

    The variances are the moment (ANOVA) estimates of the unbalanced one-way random effects
    model (Searle, Casella & McCulloch 1992, ch. 3.6), `between` being raised by what the
    weekday effects are uncertain by and by `persistence`. Weekday effects are shrunk by the
    positive-part James-Stein rule. The null mean is the upper limit of the reference mean at
    chance `tail`, by Student's t on the windows; for 0/1 losses in Wilson's form on the
    effective number of rows, which stays above 0 when the reference has no error at all. It is
    never nearer to the mean than `delta`: with enough rows every season and every hard week is
    real, and most matter to nobody.

    Parameters
    ----------
    moments
        Sums over the reference windows.
    kind
        ``"binary"`` or ``"mean"``.
    tail
        (K,): the chance, in (0, .5), that the true healthy mean lies above the null mean.
    persistence
        (K,): from `persistence`, at least 0; 0 where windows are independent.
    delta
        The smallest rise of the mean that matters, at least 0, in the loss's unit.
    """
    total = moments.sums.sum(axis=1)
    rows = np.maximum(total[1], 1.0)
    typical = rows / np.maximum(total[0], 1.0)
    mean = total[2] / rows
    row_variance = _within(total)
    between, freedom, by_weekday = _between(moments.sums, total, row_variance)
    effect, uncertainty = _weekdays(moments.sums, mean, row_variance, between)
    between = between + np.where(by_weekday, uncertainty, 0.0)
    between = between + persistence * (row_variance / typical + between)

    variance = row_variance / rows + between * total[4] / rows**2
    quantile = special.stdtrit(freedom, 1.0 - tail)
    limit = (
        _wilson_upper(mean, rows, variance, quantile)
        if kind == "binary"
        else mean + quantile * np.sqrt(variance)
    )
    return Calibration(
        mean=mean,
        mean_variance=variance,
        null=np.maximum(limit, mean + delta),
        effect=np.where(by_weekday, effect, 0.0),
        row_variance=row_variance,
        between=between,
        rows=typical,
        freedom=freedom,
        known=total[0] >= FEWEST_WINDOWS,
    )


def persistence(
    n: Floats, loss: Floats, weekday: NDArray[np.integer], calibration: Calibration
) -> Floats:
    """Return by what part correlation from window to window raises the variance of a sum, (K,).

    Twice the lag-1 autocorrelation of the standardised window means, with the bias 1 / W of
    removing the mean given back (Kendall 1954), and 0 where it is negative: the first term of
    the long-run variance (Newey & West 1987).

    Parameters
    ----------
    n, loss
        (W, K): rows and sum of loss of consecutive windows.
    weekday
        (W,): 0 to 6, or -1.
    calibration
        What `calibrate` says of the same windows with no persistence.
    """
    effect = np.where(weekday[:, None] >= 0, calibration.effect[np.maximum(weekday, 0)], 0.0)
    spread = np.sqrt(np.maximum(calibration.variance(n), NEGLIGIBLE))
    z = (loss / np.maximum(n, 1.0) - calibration.mean - effect) / spread
    seen = n > 0
    count = np.maximum(seen.sum(axis=0), 1)
    z = np.where(seen, z - np.where(seen, z, 0.0).sum(axis=0) / count, 0.0)
    squares = np.maximum((z**2).sum(axis=0), NEGLIGIBLE)
    lag_one = (z[1:] * z[:-1]).sum(axis=0) / squares
    return np.asarray(2.0 * np.clip(lag_one + 1.0 / count, 0.0, 1.0))


def _within(total: Floats) -> Floats:
    """Return the variance of a row within its window; of all rows where windows have one each."""
    windows, rows, loss, loss_by_rows, _, loss_sq = total
    within = rows - windows
    pooled = loss_sq - loss**2 / np.maximum(rows, 1.0)
    variance = np.where(
        within > 0,
        (loss_sq - loss_by_rows) / np.maximum(within, 1.0),
        pooled / np.maximum(rows - 1.0, 1.0),
    )
    return np.asarray(np.maximum(variance, 0.0))


def _between(
    sums: Floats, total: Floats, row_variance: Floats
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return the variance between windows, its degrees of freedom, and whether by weekday."""
    windows, rows, loss, loss_by_rows, rows_sq, _ = sums
    present = (windows > 0).sum(axis=0)
    by_weekday = (present > JAMES_STEIN) & (total[0] - present >= FREEDOM_FOR_WEEKDAYS)
    freedom = np.maximum(total[0] - np.where(by_weekday, present, 1), 1.0)
    day_rows, all_rows = np.maximum(rows, 1.0), np.maximum(total[1], 1.0)
    squares = np.where(
        by_weekday,
        (loss_by_rows - loss**2 / day_rows).sum(axis=0),
        total[3] - total[2] ** 2 / all_rows,
    )
    shared = np.where(by_weekday, (rows_sq / day_rows).sum(axis=0), total[4] / all_rows)
    excess = np.maximum(squares - freedom * row_variance, 0.0)
    return excess / np.maximum(total[1] - shared, 1.0), freedom, by_weekday


def _weekdays(
    sums: Floats, mean: Floats, row_variance: Floats, between: Floats
) -> tuple[Floats, Floats]:
    """Return weekday effects (7, K), shrunk, and the variance that they leave uncertain (K,).

    The effects are multiplied by max(0, 1 - (G - 3) / sum(effect^2 / variance)).
    """
    windows, rows, loss, _, rows_sq, _ = sums
    present = windows > 0
    groups = np.maximum(present.sum(axis=0), 1)
    day_rows = np.maximum(rows, 1.0)
    effect = np.where(present, loss / day_rows - mean, 0.0)
    variance = np.where(present, row_variance / day_rows + between * rows_sq / day_rows**2, 0.0)
    signal = (effect**2 / np.maximum(variance, NEGLIGIBLE)).sum(axis=0)
    kept = np.clip(1.0 - (groups - JAMES_STEIN) / np.maximum(signal, NEGLIGIBLE), 0.0, 1.0)
    return effect * kept, np.asarray(kept * variance.sum(axis=0) / groups)


def _wilson_upper(mean: Floats, rows: Floats, variance: Floats, quantile: Floats) -> Floats:
    """Return Wilson's (1927) upper limit on rows / design effect (Kish 1965, ch. 8)."""
    binomial = mean * (1.0 - mean) / rows
    design = np.where(binomial > 0, variance / np.maximum(binomial, NEGLIGIBLE), 1.0)
    effective = rows / np.maximum(design, 1.0)
    square = quantile**2
    centre = mean + square / (2.0 * effective)
    half = quantile * np.sqrt(mean * (1.0 - mean) / effective + square / (4.0 * effective**2))
    return np.asarray((centre + half) / (1.0 + square / effective))
