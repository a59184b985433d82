"""The points of a run's metrics, read back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from whence.errors import NotFound

if TYPE_CHECKING:
    from datetime import date

    from whence.store.folder import StoreFolder

__all__ = ["day_of", "points"]

_MILLISECOND_DIGITS = 12
"""Hexadecimal digits of a UUID version 7 that count milliseconds."""


def day_of(run: str) -> date:
    """Return the day (UTC) on which a run of that id began."""
    milliseconds = int(run[:_MILLISECOND_DIGITS], 16)
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date()


def points(store: StoreFolder, run: str, key: str) -> pa.Table:
    """Return all points of one metric of a run, by step and time.

    Returns
    -------
    pyarrow.Table
        Columns ``step`` (int64), ``time`` (UTC), ``value`` (float64).

    Raises
    ------
    NotFound
        If the run has no such metric.
    """
    wanted = (pc.field("run") == run) & (pc.field("key") == key)
    found = store.points().read(["step", "time", "value"], wanted, days={day_of(run)})
    if not found.num_rows:
        has = [one for (one,) in store.metadata.all(
            "SELECT key FROM latest WHERE run = ? ORDER BY key", run)]  # fmt: skip
        raise NotFound(
            f"run {run} has no metric {key!r}; it has {', '.join(map(repr, has)) or 'none'}"
        )
    return found.sort_by([("step", "ascending"), ("time", "ascending")])
