"""The rows of several periods on one coding, read from the store a few days at a time."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from whence.profile.spec import is_identifier
from whence.store.outcomes import outcomes
from whence.types.rows import Column, Rows
from whence.types.time import micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from whence.store.history import History
    from whence.types.task import Task
    from whence.types.time import Window
    from whence.why.calendar import Calendar

__all__ = ["read_periods"]

_DAY = 86_400_000_000
"""Microseconds."""

_THURSDAY = 3
"""1970-01-01 was one, counted from Monday as 0."""

_AT_ONCE = 100_000
"""Rows of one read, if a day has no more: 50 columns of them are 40 MB."""

_TOLD = ["_time", "_prediction", "_prediction_text", "_proba", "_label", "_label_text"]
"""What is kept of a day's table beside the inputs."""


def read_periods(
    history: History, periods: Sequence[Window], task: Task, calendar: Calendar, most: int
) -> list[Rows]:
    """Return the rows of each period, all on one coding of levels and classes.

    Columns that name rows are left out. Where a period has more than `most` rows every k-th is
    taken, of all periods alike: their rows a window are compared. What is in memory at a time is
    the columns and the table of a few days.
    """
    stretches = [history.stretches(micros(one.start), micros(one.end), _AT_ONCE) for one in periods]
    sizes = [sum(rows for *_, rows in of_period) for of_period in stretches]
    step = max(1, *(-(-size // most) for size in sizes))
    ends = np.cumsum([0, *(-(-size // step) for size in sizes)])
    inputs = _Inputs(int(ends[-1]))
    told: list[pa.Table] = []
    at = 0
    for of_period in stretches:
        tables = (history.read(start, end) for start, end, _ in of_period)
        for table in _thinned(tables, step):
            inputs.put(at, (column for column, _ in history.columns(table).values()))
            told.append(table.select(_TOLD))
            at += table.num_rows
    everything = _rows(pa.concat_tables(told), inputs.columns(), task, calendar)
    return [_part(everything, slice(start, end)) for start, end in pairwise(ends.tolist())]


def _thinned(tables: Iterable[pa.Table], step: int) -> Iterator[pa.Table]:
    """Yield every `step`-th row of the tables taken together, the first included."""
    seen = 0
    for table in tables:
        first, seen = -seen % step, seen + table.num_rows
        yield table if step == 1 else table.take(np.arange(first, table.num_rows, step))


class _Inputs:
    """Columns of `rows` rows, filled a piece at a time; where none was put, a value is missing.

    Written where they stay: as many fresh pages as the columns have, and no copy of them.
    """

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._columns: dict[str, Column] = {}
        self._codes: dict[str, dict[str, int]] = {}

    def put(self, at: int, columns: Iterable[Column]) -> None:
        """Write a piece's columns from row `at` on; levels are coded in order of first sight."""
        for column in columns:
            if column.name not in self._columns:
                self._columns[column.name] = self._empty(column)
                self._codes[column.name] = {}
            values = column.values
            if column.kind == "category":
                codes = self._codes[column.name]
                known = [codes.setdefault(level, len(codes)) for level in column.levels]
                # Missing is -1: the last of the lookup.
                values = np.array([*known, -1], np.int32)[values]
            self._columns[column.name].values[at : at + len(values)] = values

    def columns(self) -> tuple[Column, ...]:
        """Return them whole, without those that name rows."""
        whole = (
            replace(column, levels=tuple(self._codes[name]))
            for name, column in self._columns.items()
        )
        return tuple(column for column in whole if not is_identifier(column))

    def _empty(self, like: Column) -> Column:
        number = like.kind == "number"
        values = np.full(self._rows, np.nan) if number else np.full(self._rows, -1, np.int32)
        return replace(like, values=values, levels=())


def _rows(told: pa.Table, columns: tuple[Column, ...], task: Task, calendar: Calendar) -> Rows:
    truth = outcomes(told, task)
    times = told["_time"].cast(pa.int64()).to_numpy()
    starts = [micros(start) for start in calendar.starts]
    return Rows(
        task=task,
        window=(np.searchsorted(starts, times, side="right") - 1).astype(np.int32),
        weekday=((times // _DAY + _THURSDAY) % 7).astype(np.int8),
        columns=columns,
        loss=truth.loss,
        label=truth.label,
        prediction=truth.prediction,
        proba=truth.proba,
        classes=truth.classes,
    )


def _part(rows: Rows, where: slice) -> Rows:
    """Return a run of rows as views: no value is copied."""

    def view(values: NDArray) -> NDArray:  # type: ignore[type-arg] # of any kind of number
        return values[where]

    return replace(
        rows,
        window=view(rows.window),
        weekday=view(rows.weekday),
        columns=tuple(replace(one, values=view(one.values)) for one in rows.columns),
        loss=view(rows.loss),
        label=view(rows.label),
        prediction=view(rows.prediction),
        proba=view(rows.proba),
    )
