"""A model's predictions with their labels, read by period."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from whence.profile.arrow import nulls, raw_column, to_column
from whence.store.kinds import ARROW, as_text
from whence.store.outcomes import OUTCOME_COLUMNS, join, join_day
from whence.types.time import micros, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from whence.store.columns import ColumnEntry
    from whence.store.folder import StoreFolder
    from whence.types.rows import Column

__all__ = ["VERSION", "History"]

VERSION = "version"
"""The name under which the model version is an input like any other."""

_LABEL_COLUMNS = ["_id", "_day", "_label", "_label_text", "_delay", "_epoch"]

_DAY = 86_400_000_000
"""Microseconds."""

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

    def read(
        self, start: int, end: int, names: list[str] | None = None, *, ids: bool = False
    ) -> pa.Table:
        """Return the rows of a period with their latest labels and `_delay`.

        Parameters
        ----------
        start, end
            Microseconds since 1970, the end exclusive.
        names
            Columns wanted, by the user's name; all that statistics can read if None.
        ids
            Whether the ids are wanted too, and not only to find labels by.
        """
        wanted = (
            self._entries
            if names is None
            else {n: self._entries[n] for n in names if n in self._entries}
        )
        physical = [entry.physical for entry in wanted.values()]
        labels = self._labels.read(_LABEL_COLUMNS, days=_days(start, end))
        # Ids are large: where there is nothing to find by them they are not worth reading.
        ids = ids or labels.num_rows > 0
        outcome = [name for name in OUTCOME_COLUMNS if ids or name != "_id"]
        rows = self._period(start, end, ["_time", "_version", *outcome, *physical])
        return join(rows, labels)

    def stretches(self, start: int, end: int, most: int) -> list[tuple[int, int, int]]:
        """Part a period into stretches (start, end, rows) of at most `most` rows, or of one day.

        They are in order and hold all rows of the period; `start` and `end` are microseconds.
        """
        held = self._period(start, end, ["_day"])["_day"].value_counts()
        of_day = {one["values"]: one["counts"] for one in held.to_pylist()}
        found: list[tuple[int, int, int]] = []
        for day in sorted(of_day):
            first = micros(datetime.combine(day, time(), UTC))
            here = max(start, first), min(end, first + _DAY), of_day[day]
            if found and found[-1][2] + here[2] <= most:
                found[-1] = found[-1][0], here[1], found[-1][2] + here[2]
            else:
                found.append(here)
        return found

    def pieces(self, day: date, names: list[str]) -> Iterator[pa.Table]:
        """Yield a day's rows with their latest labels and `_delay`, in pieces of bounded size.

        Columns of text come as dictionaries; `names` are the columns wanted, by the user's name.
        """
        wanted = [self._entries[name] for name in names if name in self._entries]
        coded = [entry.physical for entry in wanted if entry.kind == "text"]
        physical = {entry.physical for entry in wanted}
        labels = self._labels.read(_LABEL_COLUMNS, days={day})
        columns = {"_time", "_version", *OUTCOME_COLUMNS, *physical}
        if not labels.num_rows:
            columns.remove("_id")  # nothing to find by it
        for piece in self._predictions.pieces(columns, day, [*coded, "_version"]):
            yield join_day(piece, labels)

    def count(self, start: int, end: int) -> int:
        """Return how many rows `read` gives; for whole days no row is read for it."""
        if start % _DAY == 0 and end % _DAY == 0:
            return self._predictions.rows_of(_days(start, end))
        return int(self._period(start, end, ["_time"]).num_rows)

    def rows_until(self, epoch: int) -> int:
        """Return how many rows lie in files without any of a later epoch."""
        return self._predictions.rows_until(epoch)

    def versions(self, start: int, end: int) -> dict[str, datetime]:
        """Return when each model version was first seen in a period; none where none was logged.

        Parameters
        ----------
        start, end
            Microseconds since 1970, the end exclusive.
        """
        return _first_seen(self._period(start, end, ["_version", "_time"]))

    def versions_since(self, epoch: int) -> dict[str, datetime]:
        """Return when each model version was first seen in the rows of later epochs than one."""
        return _first_seen(self._predictions.read(["_version", "_time"], since=epoch))

    def _period(self, start: int, end: int, columns: list[str]) -> pa.Table:
        if start % _DAY == 0 and end % _DAY == 0:
            return self._predictions.read(columns, days=_days(start, end))
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

    def named(self, rows: pa.Table) -> pa.Table:
        """Return rows that `read` gave with all columns, under the user's names.

        The roles begin with an underscore: `_id`, `_time`, `_prediction`, `_proba`, `_label`,
        `_version`; predictions and labels that are texts are in the same column as numbers.
        """
        of_prediction, of_label = (_either(rows, name) for name in ("_prediction", "_label"))
        roles = {
            "_id": rows["_id"] if "_id" in rows.column_names else None,
            "_time": rows["_time"],
            "_prediction": of_prediction,
            "_proba": rows["_proba"],
            "_label": of_label,
            "_version": rows["_version"],
        }
        named = {name: rows[entry.physical] for name, entry in self._entries.items()
                 if entry.physical in rows.column_names}  # fmt: skip
        found = {**{name: column for name, column in roles.items() if column is not None}, **named}
        return pa.table({name: column for name, column in found.items() if not _is_empty(column)})

    def countable(
        self, piece: pa.Table, names: list[str]
    ) -> dict[str, tuple[Column, NDArray[np.bool_] | None]]:
        """Return the inputs among a piece's columns as `columns` does, for `Spec.count` alone."""
        found = {
            name: raw_column(name, piece[self._entries[name].physical])
            for name in names
            if name in self._entries and self._entries[name].physical in piece.column_names
        }
        if VERSION not in found and VERSION in names:
            found[VERSION] = raw_column(VERSION, piece["_version"])
        return found


def _first_seen(rows: pa.Table) -> dict[str, datetime]:
    rows = rows.filter(pc.is_valid(rows["_version"]))
    first = rows.group_by("_version").aggregate([("_time", "min")])
    return dict(zip(first["_version"].to_pylist(), first["_time_min"].to_pylist(), strict=True))


def _either(rows: pa.Table, name: str) -> pa.ChunkedArray:
    """Return the texts of an outcome where it has any, else its numbers."""
    texts = rows[f"{name}_text"]
    if texts.null_count == len(texts):
        return rows[name]
    return pc.coalesce(texts, as_text("number", rows[name].combine_chunks()))


def _is_empty(column: pa.ChunkedArray) -> bool:
    return bool(column.null_count == len(column))


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
