"""A model's predictions with their labels, read by period."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from whence.profile.arrow import nulls, to_column
from whence.store.kinds import ARROW
from whence.store.outcomes import OUTCOME_COLUMNS, join
from whence.types.time import moment

if TYPE_CHECKING:
    from datetime import date, datetime

    import numpy as np
    from numpy.typing import NDArray

    from whence.store.columns import ColumnEntry
    from whence.store.folder import StoreFolder
    from whence.types.rows import Column

__all__ = ["VERSION", "History"]

VERSION = "version"
"""The name under which the model version is an input like any other."""

_READABLE = frozenset({"number", "text", "bool"})


class History:
    """A model's predictions and labels as they stood when it was made.

    Parameters
    ----------
    store, model
        Where, and whose.
    """

    def __init__(self, store: StoreFolder, model: str) -> None:
        # Labels first: a label seen here has its prediction in the table opened after it.
        self._labels = store.labels(model)
        self._predictions = store.predictions(model)
        self._entries = _named(store, model)

    @property
    def epochs(self) -> tuple[int, int]:
        """The last epoch of the predictions and of the labels."""
        return self._predictions.epoch, self._labels.epoch

    def days(self) -> list[date]:
        """Return the days that have predictions, in order."""
        return self._predictions.days()

    def days_touched(self, predictions: int, labels: int) -> list[date]:
        """Return the days with predictions or labels of later epochs than these."""
        touched = {
            *self._predictions.days_since(predictions),
            *self._labels.days_since(labels),
        }
        return sorted(touched)

    def days_holding(self, entry: ColumnEntry) -> list[date]:
        """Return the days with a value in one column, in order; only its own epochs are read."""
        held = self._predictions.read(["_day", entry.physical], since=entry.epoch - 1)
        if entry.physical not in held.column_names:
            return []  # every row that had it was set aside
        held = held.filter(pc.is_valid(held[entry.physical]))
        return sorted(pc.unique(held["_day"]).to_pylist())

    def read(self, start: int, end: int, names: list[str] | None = None) -> pa.Table:
        """Return the rows of a period with their latest labels and `_delay`.

        Parameters
        ----------
        start, end
            Microseconds since 1970, the end exclusive.
        names
            Columns wanted, by the user's name; all that statistics can read if None.
        """
        wanted = (
            self._entries
            if names is None
            else {n: self._entries[n] for n in names if n in self._entries}
        )
        physical = [entry.physical for entry in wanted.values()]
        rows = self._period(start, end, ["_time", "_version", *OUTCOME_COLUMNS, *physical])
        labels = self._labels.read(
            ["_id", "_day", "_label", "_label_text", "_delay", "_epoch"], days=_days(start, end)
        )
        return join(rows, labels)

    def versions(self, start: int, end: int) -> dict[str, datetime]:
        """Return when each model version was first seen in a period; none where none was logged.

        Parameters
        ----------
        start, end
            Microseconds since 1970, the end exclusive.
        """
        rows = self._period(start, end, ["_version", "_time"])
        rows = rows.filter(pc.is_valid(rows["_version"]))
        first = rows.group_by("_version").aggregate([("_time", "min")])
        return dict(zip(first["_version"].to_pylist(), first["_time_min"].to_pylist(), strict=True))

    def _period(self, start: int, end: int, columns: list[str]) -> pa.Table:
        times = (pa.scalar(at, pa.int64()).cast(ARROW["time"]) for at in (start, end))
        first, last = (pc.field("_time") >= next(times)), (pc.field("_time") < next(times))
        return self._predictions.read(columns, first & last, days=_days(start, end))

    def columns(
        self, rows: pa.Table, names: list[str] | None = None
    ) -> dict[str, tuple[Column, NDArray[np.bool_] | None]]:
        """Return the inputs among a table's columns: name -> (column, mask of nulls or None)."""
        found = {}
        for name, entry in self._entries.items():
            if (names is None or name in names) and entry.physical in rows.column_names:
                array = rows[entry.physical]
                found[name] = (to_column(name, array, derived=entry.derived), nulls(array))
        versions = rows["_version"]
        if VERSION not in found and versions.null_count < len(versions):
            found[VERSION] = (to_column(VERSION, versions), nulls(versions))
        return found


def _days(start: int, end: int) -> set[date]:
    first, last = moment(start).date(), moment(end - 1).date()
    return {first + timedelta(days=i) for i in range((last - first).days + 1)}


def _named(store: StoreFolder, model: str) -> dict[str, ColumnEntry]:
    """Return the readable columns by name; a later kind of the same name says its kind."""
    named: dict[str, ColumnEntry] = {}
    for entry in store.columns(model).entries:
        if entry.kind in _READABLE:
            name = entry.name if entry.name not in named else f"{entry.name} ({entry.kind})"
            named[name] = entry
    return named
