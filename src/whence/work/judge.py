"""The performance of windows, each judged once, in order; and the incidents that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import replace

from whence.profile.spec import LABELLED, LOSS, LOSS_SQUARED, ROWS
from whence.store.outcomes import metric_of, smallest_change
from whence.store.watches import Judgement
from whence.types.reports import Alert, Incident
from whence.types.slice import Slice, describe
from whence.types.time import Window, micros
from whence.types.words import Words
from whence.watch.incidents import follow
from whence.watch.performance import Monitor, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from whence.profile.spec import Spec
    from whence.store.watches import WatchState
    from whence.types.task import Task

    Floats = NDArray[np.float64]

__all__ = ["Judge", "start_monitor", "streams_of"]

SMALLEST_SLICE = 0.02
"""A slice with a smaller share of the reference's rows is no stream of its own."""

OVERALL_WEIGHT = 0.5
"""The part of the false alarms that all rows together may use; slices share the rest."""


def streams_of(spec: Spec, reference: Floats) -> list[int]:
    """Return the bins that are judged: all rows first, then each large enough slice.

    `reference` is (W, bins, 4). A bin that nearly all rows share says what all rows say.
    """
    share = reference[:, :, ROWS].sum(axis=0) / max(reference[:, 0, ROWS].sum(), 1.0)
    slices = [
        column.offset + code
        for column in spec.columns
        for code in range(column.bins.size)
        if column.bins.nameable(code)
        and SMALLEST_SLICE <= share[column.offset + code] <= 1.0 - SMALLEST_SLICE
    ]
    return [0, *slices]


def start_monitor(
    reference: Floats,
    weekday: NDArray[np.int64],
    streams: list[int],
    task: Task,
    delta: float | None = None,
) -> Monitor:
    """Return the sequential test, calibrated on the reference's windows (W, bins, 4).

    `delta` is the smallest change of the metric that matters; None for `smallest_change`.
    """
    weights = np.full(len(streams), 1.0)
    if len(streams) > 1:
        weights[:] = (1.0 - OVERALL_WEIGHT) / (len(streams) - 1)
        weights[0] = OVERALL_WEIGHT
    chosen = reference[:, streams]
    healthy = reference[:, 0, LOSS].sum() / max(reference[:, 0, LABELLED].sum(), 1.0)
    return Monitor.start(
        chosen[:, :, LABELLED],
        chosen[:, :, LOSS],
        chosen[:, :, LOSS_SQUARED],
        weekday,
        weights=weights,
        kind="binary" if task == "classification" else "mean",
        delta=smallest_change(task, float(healthy)) if delta is None else delta,
    )


@dataclass(slots=True)
class Judge:
    """Goes through windows in order; gathers alerts and keeps incidents up to date.

    Parameters
    ----------
    state, spec, monitor
        The model's watch, its bins and its sequential test; `monitor` moves on.
    incidents
        Those known so far, the oldest first.
    earlier
        Returns the windows judged before, since the last incident ended, with the counts of
        their streams and weekdays, in order; asked only where an incident is to be dated.
    """

    state: WatchState
    spec: Spec
    monitor: Monitor
    incidents: list[Incident]
    earlier: Callable[[], list[tuple[Window, Floats, int]]]
    alerts: list[Alert] = field(default_factory=list)
    judgements: list[Judgement] = field(default_factory=list)
    _new: list[tuple[Window, Floats, int]] = field(default_factory=list)
    _all: list[tuple[Window, Floats, int]] | None = None

    def step(self, window: Window, counts: Floats, weekday: int) -> None:
        """Judge one window from its counts (bins, 4)."""
        chosen = counts[self.state.streams]
        step = self.monitor.step(
            micros(window.start) // 3_600_000_000,
            chosen[:, LABELLED],
            chosen[:, LOSS],
            chosen[:, LOSS_SQUARED],
            weekday,
        )
        if step.calibrated[0] and chosen[0, LABELLED]:
            self.judgements.append(_judgement(window, step))
        (self._new if self._all is None else self._all).append((window, chosen, weekday))
        self.state.judged = micros(window.start)
        newly = [k for k in np.flatnonzero(step.alarmed) if k not in self.state.alarmed]
        for k in newly:
            self.alerts.append(self._alert(window, step, int(k)))
        self.state.alarmed = [*self.state.alarmed, *map(int, newly)]
        if newly and self._open is None:
            self._begin(window, step)
        elif 0 in newly and self._open is not None and self._open.where:
            self._put(replace(self._open, where={}))
        if self._open is not None:
            self._follow(self._open)

    @property
    def _open(self) -> Incident | None:
        return self.incidents[-1] if self.incidents and self.incidents[-1].ended is None else None

    def _begin(self, window: Window, step: Step) -> None:
        """Open an incident of the stream that is furthest beyond its line; all rows go first."""
        beyond = np.where(step.alarmed, step.statistic / step.threshold, 0.0)
        stream = 0 if step.alarmed[0] else int(beyond.argmax())
        metric = self._metric
        self.incidents.append(
            Incident(
                id=f"{window.start:%Y-%m-%d-%H}-{metric}",
                metric=metric,
                started=window.start,
                detected=window.end,
                ended=None,
                before=np.nan,
                after=np.nan,
                where=self._slice(self.state.streams[stream]),
            )
        )

    def _put(self, incident: Incident) -> None:
        self.incidents[-1] = incident

    def _follow(self, incident: Incident) -> None:
        """Date the open incident from all windows so far, and end it where it is over."""
        stream = self._stream(incident.where)
        if self._all is None:
            self._all = [*self.earlier(), *self._new]
        windows = [window for window, _, _ in self._all]
        series = self.monitor.series(
            stream,
            np.arange(len(windows)),
            np.array([counts[stream, LABELLED] for _, counts, _ in self._all]),
            np.array([counts[stream, LOSS] for _, counts, _ in self._all]),
            np.array([weekday for _, _, weekday in self._all]),
        )
        noticed = next(i for i, one in enumerate(windows) if one.end == incident.detected)
        at = int(np.searchsorted(series.window, noticed))
        change, end = follow(series, at)
        if end is not None and end <= at:
            end = None  # what was noticed later cannot have ended before
        before, after = (
            (1.0 - change.before, 1.0 - change.after)
            if self._metric == "accuracy"
            else (change.before, change.after)
        )
        ended = None if end is None else windows[int(series.window[end])].start
        self._put(
            replace(
                incident,
                started=windows[int(series.window[change.started])].start,
                ended=ended,
                before=before,
                after=after,
            )
        )
        if ended is not None:
            self.monitor.restart(np.ones(len(self.state.streams), np.bool_))
            self.state.alarmed = []
            self._all = [one for one in self._all if one[0].start >= ended]

    @property
    def _metric(self) -> str:
        return metric_of(self.state.task or "classification")

    def _slice(self, bin_: int) -> Slice:
        for column in self.spec.columns:
            if column.where.start <= bin_ < column.where.stop:
                code = bin_ - column.offset
                return {column.name: column.bins.condition(code)}
        return {}

    def _stream(self, where: Slice) -> int:
        if not where:
            return 0
        return next(k for k, bin_ in enumerate(self.state.streams) if self._slice(bin_) == where)

    def _alert(self, window: Window, step: Step, stream: int) -> Alert:
        where = self._slice(self.state.streams[stream])
        better = self._metric == "accuracy"
        now, expected = (
            1.0 - value if better else value for value in (step.mean[stream], step.expected[stream])
        )
        return Alert(
            kind="performance",
            column=next(iter(where), None),
            metric=self._metric,
            window=window,
            statistic=float(step.statistic[stream]),
            threshold=float(step.threshold[stream]),
            explanation=(
                f"{Words(self._metric).name} {now:.4g} where {expected:.4g} is expected, "
                f"{describe(where)}: "
                "the evidence of this and earlier windows reached its line"
            ),
        )


def _judgement(window: Window, step: Step) -> Judgement:
    return Judgement(
        start=micros(window.start),
        expected=float(step.expected[0]),
        line=float(step.null[0]),
        sd=float(step.sd[0]),
        evidence=float(step.statistic[0] / step.threshold[0]),
    )
