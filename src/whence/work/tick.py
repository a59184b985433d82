"""One tick of a model's watch: count what is new, screen and judge what is over, once.

The watch is kept between ticks, so a tick reads only the windows that rows or labels were
added to, whatever lies before them. A new reference or another length of window begins anew.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from whence.profile.spec import LABELLED, ROWS, Spec
from whence.store import watches
from whence.store.history import History
from whence.types.reports import Alert
from whence.types.time import Window, micros, moment
from whence.watch.performance import Monitor
from whence.watch.quality import kind_changed
from whence.watch.variation import FEWEST_WINDOWS
from whence.work.counting import Counted, Facts, count_windows, load, save
from whence.work.judge import Judge, start_monitor, streams_of
from whence.work.labelling import selection
from whence.work.reference import (
    begin_watch,
    first_window_from,
    settled_from,
    windows_of_days,
)
from whence.work.report import report
from whence.work.screen import HORIZONS, Screen
from whence.work.telling import Tell, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from whence.store.folder import StoreFolder
    from whence.store.watches import Judgement, WatchState
    from whence.types.reports import Incident, WatchReport
    from whence.types.time import Period

    Floats = NDArray[np.float64]

__all__ = ["tick"]

PATIENCE = 28
"""Where label delays are unknown, windows are judged in order, and one whose labels do not come
is passed over once that many later ones have come."""

ENOUGH_LABELLED = 0.5
"""Where label delays are unknown a window is ripe once it has that part of the reference's share
of labels."""


def tick(
    store: StoreFolder,
    model: str,
    *,
    by: Period | None,
    delta: float | None = None,
    now: datetime,
    tell: Tell = silent,
) -> WatchReport:
    """Bring a model's watch up to date and report it; the caller holds the lease.

    Parameters
    ----------
    by
        The length of a window; as before if None, days at first.
    delta
        The smallest change of the metric that matters; as before if None.
    now
        Windows that end later are not looked at yet.
    tell
        Called as it goes on: see `whence.work.telling`.
    """
    state, anew = _state(store, model, by, delta, now)
    run = _Run(store, model, state, now, anew=anew)
    run.compare_kinds()
    run.count(tell)
    run.screen(tell)
    run.judge()
    run.save()
    return report(store, model, state, now)


def _state(
    store: StoreFolder, model: str, by: Period | None, delta: float | None, now: datetime
) -> tuple[WatchState, bool]:
    """Return the kept watch, or a new one where what it rests on may have changed, and which."""
    kept = watches.load(store, model)
    period = by or (kept.by if kept else "day")
    matters = delta or (kept.delta if kept else None)
    declared = watches.declared_reference(store, model)
    if kept is not None and (kept.by, kept.delta) == (period, matters):
        same = kept.reference == declared if declared else not kept.declared
        if same and (kept.settled or not _may_settle(store, model, kept, now)):
            return kept, False
    return begin_watch(store, model, period, now, matters), True


def _may_settle(store: StoreFolder, model: str, kept: WatchState, now: datetime) -> bool:
    """Whether a watch whose reference was not complete may find more of it now."""
    if History(store, model).epochs != (kept.predictions, kept.labels):
        return True
    return kept.task is not None and now >= settled_from(kept.reference.end, kept.horizon)


class _Run:
    """One tick's work: what it computed waits until `save` writes all of it at once."""

    def __init__(
        self, store: StoreFolder, model: str, state: WatchState, now: datetime, *, anew: bool
    ) -> None:
        self._store = store
        self._model = model
        self._state = state
        self._now = now
        self._spec = Spec.decode(state.spec)
        self._history = History(store, model)
        self._counted: dict[int, Counted] = {}
        self._alerts: list[Alert] = []
        self._judgements: list[Judgement] = []
        # What an earlier watch kept stays readable until `save`, and is not of this one.
        self._anew = anew
        self._incidents: list[Incident] = [] if anew else watches.incidents(store, model)

    def compare_kinds(self) -> None:
        """Note each column that has come to hold another kind of value since the last tick."""
        first: dict[str, str] = {}
        for entry in self._store.columns(self._model).entries:
            before = first.setdefault(entry.name, entry.kind)
            if before == entry.kind or entry.epoch <= self._state.predictions:
                continue
            days = self._history.days_holding(entry)
            if not days:
                continue
            changed = kind_changed(entry.name, before, entry.kind)
            self._alerts.append(
                Alert(
                    kind="quality",
                    column=entry.name,
                    metric=None,
                    window=windows_of_days(days[:1], self._state.by)[0],
                    statistic=changed.p,
                    threshold=1.0,
                    explanation=changed.sentence,
                )
            )

    def count(self, tell: Tell) -> None:
        """Count anew every window that rows or labels were added to."""
        state, history = self._state, self._history
        days = history.days_touched(state.predictions, state.labels)
        counted = count_windows(
            history,
            windows_of_days(days, state.by),
            self._spec,
            state.task,
            state.horizon,
            state.cap,
            tell=tell,
        )
        self._counted = {micros(one.window.start): one for one in counted}
        state.predictions, state.labels = history.epochs

    def _counts(self, start: int, end: int) -> dict[int, Floats]:
        """Return the counts of windows with rows that start in a period, by start, in order."""
        found = {} if self._anew else load(self._store.metadata, self._model, start, end)
        fresh = {at: one.counts for at, one in self._counted.items() if start <= at < end}
        return dict(sorted({**found, **fresh}.items()))

    def _reference(self) -> tuple[Floats, NDArray[np.int64]]:
        period = self._state.reference
        end = micros(period.end)
        counts = {
            at: found
            for at, found in self._counts(micros(period.start), end).items()
            if micros(self._window(at).end) <= end
        }
        weekday = np.array([self._weekday(at) for at in counts], np.int64)
        return np.array(list(counts.values())).reshape(-1, self._spec.size, 4), weekday

    def _weekday(self, start: int) -> int:
        return moment(start).weekday() if self._state.by == "day" else -1

    def _window(self, start: int) -> Window:
        return Window.containing(moment(start), self._state.by)

    def _over(self, after: int) -> dict[int, Floats]:
        """Return the counts of windows after the reference and `after` that are over by now."""
        start = max(after + 1, micros(self._state.reference.end))
        found = self._counts(start, micros(self._now))
        return {at: counts for at, counts in found.items() if self._window(at).end <= self._now}

    def screen(self, tell: Tell) -> None:
        """Look at the inputs of every window that is over, once."""
        new = self._over(self._state.screened)
        quiet = self._gone_quiet(new)
        reference, weekday = self._reference()
        if not (new or quiet) or not len(reference):
            return
        screen = Screen(self._spec, reference[:, :, ROWS], weekday)
        recent = self._recent(next(iter(new))) if new else []
        for number, (at, counts) in enumerate(self._with_gaps(new)):
            tell("screening", min(number / len(new), 1.0))
            recent = [*recent, counts[:, ROWS]][-max(HORIZONS) :]
            self._alerts.extend(screen.look(self._window(at), np.array(recent), self._weekday(at)))
            self._state.screened = at
            self._state.rows += int(counts[0, ROWS])
            for name, rows in screen.outside(counts[:, ROWS]):
                self._state.outside[name] = self._state.outside.get(name, 0) + rows
        if quiet is not None:
            nothing = np.zeros((1, self._spec.size))
            self._state.quiet = micros(quiet.start)
            self._alerts.extend(screen.look(quiet, nothing, self._weekday(micros(quiet.start))))

    def _recent(self, first: int) -> list[Floats]:
        """Return the row counts of the windows before `first` that drift looks back on."""
        length = micros(self._window(first).end) - first
        start = first - (max(HORIZONS) - 1) * length
        earlier = self._counts(max(start, micros(self._state.reference.end)), first)
        return [counts[:, ROWS] for counts in earlier.values()]

    def _gone_quiet(self, new: dict[int, Floats]) -> Window | None:
        """Return the first window without rows after all others, if it is over and was not told.

        A model whose last rows are long ago is history and not quiet.
        """
        last = max(new, default=self._state.screened)
        if not last:
            return None
        window = self._window(last).following(self._state.by)
        live = self._now - window.start <= PATIENCE * (window.end - window.start)
        told = self._state.quiet == micros(window.start)
        later = self._counts(micros(window.start), micros(self._now) + 1)
        return window if window.end <= self._now and live and not told and not later else None

    def _with_gaps(self, windows: dict[int, Floats]) -> Iterator[tuple[int, Floats]]:
        """Yield windows in order; a run of windows without predictions comes as its first one."""
        last = self._state.screened
        expected = (
            self._window(last).following(self._state.by)
            if last
            else first_window_from(self._state.reference.end, self._state.by)
        )
        for at, counts in windows.items():
            if micros(expected.start) < at and micros(expected.start) != self._state.quiet:
                yield micros(expected.start), np.zeros_like(counts)
            yield at, counts
            expected = self._window(at).following(self._state.by)

    def judge(self) -> None:
        """Judge the performance of every window whose labels are at the age of judgement."""
        state = self._state
        if state.task is None:
            return
        reference, weekday = self._reference()
        if not len(reference):
            return
        ripe = list(self._ripe(reference))
        if not ripe:
            return
        if state.monitor is None:
            state.streams = streams_of(self._spec, reference)
            monitor = start_monitor(reference, weekday, state.streams, state.task, state.delta)
        else:
            monitor = Monitor.from_bytes(state.monitor)
        before = state.judged
        judge = Judge(state, self._spec, monitor, self._incidents, lambda: self._judged(before))
        for at, counts in ripe:
            blocked = selection(self._spec, reference, counts, self._window(at))
            if blocked is not None:
                self._alerts.append(blocked)
                state.judged = at
                state.blocked.append(at)
                continue
            judge.step(self._window(at), counts, self._weekday(at))
            state.judgements += len(reference) >= FEWEST_WINDOWS
        state.monitor = monitor.to_bytes()
        self._alerts.extend(judge.alerts)
        self._judgements = judge.judgements
        if state.cap is not None:
            self._incidents[:] = [self._uncapped(one) for one in self._incidents]

    def _uncapped(self, incident: Incident) -> Incident:
        """Return an incident with the mean losses before and since, whatever their size."""
        kept = [] if self._anew else self._store.metadata.all(
            "SELECT start, facts FROM windows WHERE model = ?", self._model
        )  # fmt: skip
        facts = {start: msgspec.msgpack.decode(data, type=Facts) for start, data in kept}
        facts.update({at: one.facts for at, one in self._counted.items()})
        began = micros(incident.started)
        ended = self._state.judged + 1 if incident.ended is None else micros(incident.ended)
        before, after = (
            [one for at, one in facts.items() if start <= at < stop and one.labelled]
            for start, stop in ((micros(self._state.reference.start), began), (began, ended))
        )
        if incident.where or not before or not after:
            return incident
        old, new = (
            sum(one.loss for one in part) / sum(one.labelled for one in part)
            for part in (before, after)
        )
        return msgspec.structs.replace(incident, before=old, after=new)

    def _ripe(self, reference: Floats) -> Iterator[tuple[int, Floats]]:
        """Yield windows to be judged now, in order."""
        expected = reference[:, 0, LABELLED].sum() / max(reference[:, 0, ROWS].sum(), 1.0)
        age = timedelta(seconds=self._state.horizon or 0.0)
        over = self._over(self._state.judged)
        if age:
            # Known delays tell that the labels to come have come, be they few or none.
            yield from (
                (at, counts)
                for at, counts in over.items()
                if self._window(at).end + age <= self._now
            )
            return
        held: list[tuple[int, Floats]] = []
        unripe = False
        for at, counts in over.items():
            share = counts[0, LABELLED] / counts[0, ROWS]
            if share == 0.0 or share < ENOUGH_LABELLED * expected:
                unripe = True
                continue
            held.append((at, counts))
            if not unripe or len(held) > PATIENCE:
                yield from held
                held, unripe = [], False

    def _judged(self, last: int) -> list[tuple[Window, Floats, int]]:
        """Return the windows judged since the last incident ended, up to that start."""
        ended = [one.ended for one in self._incidents if one.ended is not None]
        start = micros(max([*ended, self._state.reference.end]))
        return [
            (self._window(at), counts[self._state.streams], self._weekday(at))
            for at, counts in self._counts(start, last + 1).items()
            if counts[0, LABELLED] > 0 and at not in self._state.blocked
        ]

    def save(self) -> None:
        """Write everything in one transaction."""
        with self._store.metadata.transaction():
            if self._anew:
                watches.forget(self._store, self._model)
            save(self._store.metadata, self._model, list(self._counted.values()))
            watches.add_alerts(self._store, self._model, self._alerts)
            watches.add_judgements(self._store, self._model, self._judgements)
            for incident in self._incidents:
                watches.put_incident(self._store, self._model, incident)
            watches.save(self._store, self._model, self._state)
