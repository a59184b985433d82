"""Performance over time: one sequential test for all streams of a model together.

A stream is one metric over all rows or over a slice. Every window is compared with what a
healthy window looks like (`variation`), as an e-value for each of a few worse means; their
Shiryaev-Roberts sums R = (1 + R) e, averaged over the alternatives, grow like the number of
windows while all is well and exponentially once it is not. Stream k alarms at A / w_k, the
weights w summing to one, so that the chance of a false alarm is stated for all streams together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, get_args

import numpy as np

from whence.errors import BadInput
from whence.watch.counts import check_counts, check_weights
from whence.watch.evidence import ALTERNATIVES, log_evidence
from whence.watch.series import Series
from whence.watch.state import pack, unpack
from whence.watch.step import Step
from whence.watch.variation import Calibration, Kind, Moments, calibrate, persistence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Monitor", "Step"]

HORIZON = 365
"""The promise is for that many windows: a year of days."""

GUARD = 14
"""Windows between a window and its joining the reference: a failure shows itself in between."""

HEALTHY = 0.1
"""A window joins the reference only while the statistic is below this part of the threshold."""

MOST_WINDOWS = 56
"""The reference grows to eight weeks and no further: one that slides would follow a slow decay."""

THRESHOLD_FACTOR = 0.15
"""A = factor x horizon / chance. Doob's inequality gives 1; what `bench/false_alarms.py` measures
is smaller, because the null mean is an upper limit and the sums overshoot."""

LEAST_VARIANCE = 1e-12
"""Of one row's loss in a series, where the reference's losses are all the same."""

LARGEST_NULL = 1.0 - 1e-9
"""A mean of 1 has no beta distribution."""

FORMAT = 2


@dataclass(frozen=True, slots=True)
class _Window:
    """Counts of one window that waits to join the reference."""

    n: Floats
    loss: Floats
    loss_sq: Floats
    weekday: int

    def where(self, kept: NDArray[np.bool_]) -> _Window:
        """Return the counts of some streams (mask (K,)), none of the others."""
        if kept.all():
            return self
        return _Window(self.n * kept, self.loss * kept, self.loss_sq * kept, self.weekday)


@dataclass(slots=True)
class Monitor:
    """The state of the test: what it costs to go on does not depend on how long it has run.

    Make one with `start`, feed it windows in order with `step`, keep it with `to_bytes`.
    """

    kind: Kind
    chance: Floats
    threshold: Floats
    delta: float
    persistence: Floats
    moments: Moments
    log_sums: Floats
    waiting: list[_Window] = field(default_factory=list)
    last: int | None = None
    calibration: Calibration = field(init=False)

    def __post_init__(self) -> None:
        self.calibration = self._calibrated()

    @classmethod
    def start(
        cls,
        n: Floats,
        loss: Floats,
        loss_sq: Floats,
        weekday: NDArray[np.integer],
        *,
        weights: Floats,
        kind: Kind = "binary",
        delta: float = 0.0,
        false_alarm_per_year: float = 0.05,
    ) -> Self:
        """Return a monitor calibrated on the reference windows.

        Parameters
        ----------
        n, loss, loss_sq
            (W, K): labelled rows, sum of loss and sum of squared loss of each reference window
            and stream, at the label age at which later windows will be judged.
        weekday
            (W,): 0 Monday to 6 Sunday for windows of a day; -1 for other windows.
        weights
            (K,): > 0, summing to at most 1. All rows are usually given .5, the slices share .5.
        kind
            ``"binary"`` if every loss is 0 or 1, else ``"mean"``.
        delta
            The smallest rise of the mean loss that matters, at least 0, for every stream.
        false_alarm_per_year
            The chance of at least one false alarm in 365 windows, all streams together.

        Raises
        ------
        BadInput
            If shapes, weights or the chance make no sense, or a 0/1 loss is not.
        """
        weights = np.asarray(weights, np.float64)
        check_weights(weights, n.shape[1])
        if not 0.0 < false_alarm_per_year < 1.0:
            raise BadInput(
                f"false_alarm_per_year is {false_alarm_per_year}; give a chance between 0 and 1, "
                "such as 0.05"
            )
        chance = false_alarm_per_year * weights
        return cls.with_chances(n, loss, loss_sq, weekday, chance=chance, kind=kind, delta=delta)

    @classmethod
    def with_chances(
        cls,
        n: Floats,
        loss: Floats,
        loss_sq: Floats,
        weekday: NDArray[np.integer],
        *,
        chance: Floats,
        kind: Kind = "binary",
        delta: float = 0.0,
    ) -> Self:
        """Return a monitor with a chance of a false alarm in 365 windows for each stream, (K,).

        The other parameters are those of `start`, which shares one chance out by weights.

        Raises
        ------
        BadInput
            If shapes make no sense, or a 0/1 loss is not.
        """
        check_counts(n, loss, loss_sq, kind)
        moments = Moments.of(n, loss, loss_sq, weekday)
        independent = calibrate(moments, kind, chance, np.zeros_like(chance), delta)
        return cls(
            kind=kind,
            chance=chance,
            threshold=THRESHOLD_FACTOR * HORIZON / chance,
            delta=delta,
            persistence=persistence(n, loss, weekday, independent),
            moments=moments,
            log_sums=np.full((len(ALTERNATIVES), n.shape[1]), -np.inf),
        )

    def step(
        self, window: int, n: Floats, loss: Floats, loss_sq: Floats, weekday: int = -1
    ) -> Step:
        """Judge the next window and move on; a stream without rows keeps its statistic.

        Parameters
        ----------
        window
            The window's ordinal, larger than that of the step before: a window is judged once.
        n, loss, loss_sq
            (K,): labelled rows, sum of loss, sum of squared loss.
        weekday
            0 to 6 for windows of a day, else -1.

        Raises
        ------
        BadInput
            If the window is not later than the last one judged, or the counts make no sense.
        """
        if self.last is not None and window <= self.last:
            raise BadInput(
                f"window {window} comes after window {self.last} was judged; "
                "give windows in order, each once"
            )
        check_counts(n, loss, loss_sq, self.kind)
        shift = self._shift(weekday)
        calibration = self.calibration
        null = self._null(shift)
        judged = calibration.known & (n > 0)
        evidence = log_evidence(self.kind, calibration, null, n, loss, loss_sq)
        grown = np.logaddexp(0.0, self.log_sums) + evidence
        ceiling = np.log(self.threshold * len(ALTERNATIVES))
        self.log_sums = np.where(judged, np.minimum(grown, ceiling), self.log_sums)
        self.last = window
        statistic = np.exp(self.log_sums).mean(axis=0)
        judgement = Step(
            window=window,
            statistic=statistic,
            threshold=self.threshold,
            alarmed=judged & (statistic >= self.threshold),
            calibrated=calibration.known,
            mean=np.where(n > 0, loss / np.maximum(n, 1.0), np.nan),
            expected=calibration.mean + shift,
            null=null,
            sd=np.sqrt(calibration.variance(n)),
        )
        self._learn(_Window(n, loss, loss_sq, weekday), statistic)
        return judgement

    def expect(self, n: Floats, weekday: int = -1) -> tuple[Floats, Floats]:
        """Return a healthy window's expected mean and its standard deviation over n rows, (K,)."""
        return self.calibration.mean + self._shift(weekday), np.sqrt(self.calibration.variance(n))

    def restart(self, streams: NDArray[np.bool_]) -> None:
        """Begin the sums of some streams anew (mask (K,)), when their incident has ended."""
        self.log_sums = np.where(streams, -np.inf, self.log_sums)

    def series(
        self,
        stream: int,
        window: NDArray[np.int64],
        n: Floats,
        loss: Floats,
        weekday: NDArray[np.integer],
    ) -> Series:
        """Return one stream's judged windows as what `incidents` dates a failure from.

        Parameters
        ----------
        stream
            Its position among the K.
        window, n, loss, weekday
            (T,): ordinals, labelled rows, sum of loss, 0 to 6 or -1; windows without rows are
            left out.
        """
        healthy = self.calibration
        seen = n > 0
        days, rows = weekday[seen], n[seen]
        effect = np.where(days >= 0, healthy.effect[np.maximum(days, 0), stream], 0.0)
        null = float(self._null(np.zeros(len(healthy.null)))[stream])
        # A reference without a single error has no variance; its upper limit does.
        least = null * (1.0 - null) if self.kind == "binary" else LEAST_VARIANCE
        row_variance = np.maximum(healthy.row_variance[stream], least)
        return Series(
            window=window[seen],
            mean=loss[seen] / rows - effect,
            variance=row_variance / rows + healthy.between[stream],
            reference_mean=float(healthy.mean[stream]),
            reference_variance=float(healthy.mean_variance[stream]),
            null=null,
            binary=self.kind == "binary",
        )

    def to_bytes(self) -> bytes:
        """Return the whole state, to be kept until the next window."""
        waiting = [np.stack([w.n, w.loss, w.loss_sq]) for w in self.waiting]
        streams = self.moments.sums.shape[2]
        return pack(
            FORMAT,
            {
                "kind": np.array(self.kind),
                "chance": self.chance,
                "threshold": self.threshold,
                "delta": np.array(self.delta),
                "persistence": self.persistence,
                "moments": self.moments.sums,
                "log_sums": self.log_sums,
                "waiting": np.array(waiting).reshape(len(waiting), 3, streams),
                "weekdays": np.array([w.weekday for w in self.waiting], np.int64),
                "last": np.array([] if self.last is None else [self.last], np.int64),
            },
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the monitor that `to_bytes` was called on.

        Raises
        ------
        NewerStore
            If a newer Whence wrote it.
        StoreError
            If the bytes are damaged or of an older format.
        """
        kept = unpack(FORMAT, data)
        kind = next(kind for kind in get_args(Kind) if kind == str(kept["kind"]))
        return cls(
            kind=kind,
            chance=kept["chance"],
            threshold=kept["threshold"],
            delta=float(kept["delta"]),
            persistence=kept["persistence"],
            moments=Moments(kept["moments"]),
            log_sums=kept["log_sums"],
            waiting=[
                _Window(n, loss, loss_sq, int(weekday))
                for (n, loss, loss_sq), weekday in zip(
                    kept["waiting"], kept["weekdays"], strict=True
                )
            ],
            last=int(kept["last"][0]) if len(kept["last"]) else None,
        )

    def _calibrated(self) -> Calibration:
        return calibrate(self.moments, self.kind, self.chance, self.persistence, self.delta)

    def _shift(self, weekday: int) -> Floats:
        effect = self.calibration.effect
        return np.asarray(effect[weekday]) if weekday >= 0 else np.zeros(effect.shape[1])

    def _null(self, shift: Floats) -> Floats:
        null = self.calibration.null + shift
        return np.minimum(null, LARGEST_NULL) if self.kind == "binary" else null

    def _learn(self, window: _Window, statistic: Floats) -> None:
        """Let the window that has waited long enough join the reference where all is well.

        Where it is not, the windows that wait are dropped for that stream for good: a failure
        shows itself after it began, and must not join once it is over.
        """
        well = self.calibration.known & (statistic < HEALTHY * self.threshold)
        self.waiting = [one.where(well) for one in (*self.waiting, window)]
        if len(self.waiting) <= GUARD:
            return
        ripe = self.waiting.pop(0).where(self.moments.windows < MOST_WINDOWS)
        if ripe.n.any():
            self.moments = self.moments.plus(ripe.n, ripe.loss, ripe.loss_sq, ripe.weekday)
            self.calibration = self._calibrated()
