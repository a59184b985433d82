"""Columns by windows: how far each lies from the reference, and what crossed its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput
from whence.profile.bins import NumberBins
from whence.profile.spec import ROWS
from whence.store import watches
from whence.types.pages import DriftColumn, DriftMap
from whence.types.time import micros
from whence.watch.drift import distance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn
    from whence.types.reports import Alert
    from whence.types.time import Window
    from whence.view.watched import Watched

    Floats = NDArray[np.float64]

__all__ = ["MOST_CELLS", "drift_map"]

MOST_CELLS = 120
"""Windows of the map; where there are more, neighbours are taken together."""

_MILLI = 1000


def drift_map(watched: Watched, period: Window, most: int = 60) -> DriftMap:
    """Return how far each column lies from the reference, the one that moved most first.

    Parameters
    ----------
    period
        The windows shown.
    most
        Columns shown, at least 1.

    Raises
    ------
    BadInput
        If `most` is below 1.
    """
    if most < 1:
        raise BadInput(f"{most} columns are no map; ask for 1 or more")
    reference = watched.total(watched.state.reference)[:, ROWS]
    parts, rows = watched.parts(period, MOST_CELLS, fields=ROWS)
    ends = {one.start: one.end for one in watched.windows}
    alerts = watches.alerts(watched.store, watched.model)
    columns = [_column(column, reference, rows, parts, alerts) for column in watched.spec.columns]
    columns.sort(key=_moved, reverse=True)
    return DriftMap(
        start=[part[0] // _MILLI for part in parts],
        end=[ends[part[-1]] // _MILLI for part in parts],
        columns=columns[:most],
        hidden=max(len(columns) - most, 0),
    )


def _column(
    column: ProfiledColumn,
    reference: Floats,
    rows: Floats,
    parts: list[list[int]],
    alerts: list[Alert],
) -> DriftColumn:
    here = rows[:, column.where]
    total = here.sum(axis=1)
    told = {
        micros(one.window.start): one.explanation
        for one in alerts
        if one.column == column.name and one.kind in {"drift", "quality"}
    }
    return DriftColumn(
        name=column.name,
        kind="number" if isinstance(column.bins, NumberBins) else "category",
        derived=column.derived,
        distance=[
            distance(reference[column.where], window) if window.any() else None for window in here
        ],
        missing=[
            float(window[column.bins.NULL] / n) if n else None
            for window, n in zip(here, total, strict=True)
        ],
        alerts=[next((told[at] for at in part if at in told), None) for part in parts],
    )


def _moved(column: DriftColumn) -> tuple[int, float]:
    known = [value for value in column.distance if value is not None]
    return sum(alert is not None for alert in column.alerts), float(
        np.mean(known)
    ) if known else 0.0
