"""The report of a watch: every window, alert and incident that it keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from whence.store import watches
from whence.store.outcomes import metric_of
from whence.types.reports import WatchReport, WindowReport
from whence.types.time import Window, moment
from whence.work.counting import Facts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.store.watches import WatchState

__all__ = ["report"]

MOST_OUTLIERS = 0.005
"""Single rows far out are told as a note; more of them are a matter for the quality alerts."""


def report(store: StoreFolder, model: str, state: WatchState, now: datetime) -> WatchReport:
    """Return what a watch knows of its model, as the last tick left it.

    Windows whose labels are still to come by `now` are provisional.
    """
    rows = store.metadata.all(
        "SELECT start, stop, facts FROM windows WHERE model = ? ORDER BY start", model
    )
    age = timedelta(seconds=state.horizon or 0.0)
    windows = []
    for start, stop, data in rows:
        facts = msgspec.msgpack.decode(data, type=Facts)
        window = Window(moment(start), moment(stop))
        windows.append(
            WindowReport(
                window=window,
                rows=facts.rows,
                labelled=facts.labelled,
                metrics=_metrics(state, facts),
                provisional=start > state.judged and window.end + age > now,
            )
        )
    return WatchReport(
        model=model,
        windows=windows,
        alerts=watches.alerts(store, model),
        incidents=watches.incidents(store, model),
        reference=state.reference,
        judged=state.judgements,
        notes=[*state.notes, *_outliers(state)],
    )


def _outliers(state: WatchState) -> Iterator[str]:
    """Yield what is too rare for an alert and too far out to be passed over."""
    for name, rows in state.outside.items():
        if 0 < rows <= MOST_OUTLIERS * state.rows:
            yield (
                f"{name}: {rows:,} of {state.rows:,} rows since the reference lie outside all that "
                "it has seen."
            )


def _metrics(state: WatchState, facts: Facts) -> dict[str, float]:
    if state.task is None or not facts.labelled:
        return {}
    mean = facts.loss / facts.labelled
    metric = metric_of(state.task)
    return {metric: 1.0 - mean if metric == "accuracy" else mean}
