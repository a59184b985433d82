"""Rows of a slice and a period, a page at a time, with the photos they were about."""

from __future__ import annotations

import math
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from whence.errors import BadInput
from whence.profile.spec import LABELLED, LOSS
from whence.store.history import VERSION, History
from whence.store.outcomes import losses
from whence.types.pages import RowPage
from whence.types.time import micros
from whence.view.photos import permitted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from whence.types.rows import Column
    from whence.types.slice import Condition, Slice
    from whence.types.time import Window
    from whence.view.watched import Watched

__all__ = ["MOST_ROWS", "holds", "photo_column", "row_page"]

MOST_ROWS = 500
"""Rows of one page."""

_ONE_HALF = 0.5
"""Between a loss of 0 and one of 1."""

_ROLES = ("_id", "_time", "_prediction", "_proba", "_label", "_version")
_DAY = timedelta(days=1)


def row_page(
    watched: Watched,
    period: Window,
    where: Slice,
    *,
    wrong: bool | None = None,
    outside: bool = False,
    roots: tuple[Path, ...] = (),
    offset: int = 0,
    limit: int = 100,
) -> RowPage:
    """Return a page of the rows that a slice holds in a period, the oldest first.

    Parameters
    ----------
    where
        The slice; all rows if empty.
    wrong
        True for rows that were answered wrongly, False for those answered rightly, None for
        all. Of losses that are no 0/1, those above the reference's mean are wrong. Rows without
        a label are neither.
    outside
        The rows that the slice does not hold instead.
    roots
        The folders below which photos may be shown.
    offset, limit
        The page; at most `MOST_ROWS` rows.

    Raises
    ------
    BadInput
        If the page makes no sense, or a column of the slice is not known.
    """
    if offset < 0 or not 0 < limit <= MOST_ROWS:
        raise BadInput(
            f"offset {offset} and limit {limit} give no page; offset is at least 0 and limit "
            f"from 1 to {MOST_ROWS}"
        )
    search = _Search(watched, where, wrong=wrong, outside=outside)
    total, taken = 0, []
    for start, end in _days(search.history, period):
        found = search.rows(start, end)
        first = max(offset - total, 0)
        last = min(offset + limit - total, len(found))
        if first < last:
            taken.append(search.whole(start, end, found[first:last]))
        total += len(found)
    return _page(watched, taken, total, offset, roots)


class _Search:
    """Finds the rows of a slice a day at a time, reading no more columns than it needs."""

    def __init__(
        self, watched: Watched, where: Slice, *, wrong: bool | None, outside: bool
    ) -> None:
        self.history = History(watched.store, watched.model)
        self._watched = watched
        self._where = where
        self._wrong = wrong
        self._outside = outside

    def rows(self, start: int, end: int) -> NDArray[np.intp]:
        """Return the positions of a day's rows."""
        if not self._where and not self._outside and self._wrong is None:
            return np.arange(self.history.count(start, end), dtype=np.intp)
        table = self.history.read(start, end, [name for name in self._where if name != VERSION])
        found = np.ones(table.num_rows, np.bool_)
        columns = self.history.columns(table) if self._where else {}
        for name, condition in self._where.items():
            if name not in columns and name != VERSION:
                self._watched.column(name)  # one that is nowhere is an error, not no row
            found &= holds(columns[name], condition) if name in columns else condition is None
        if self._outside:
            found = ~found
        if self._wrong is not None:
            task = self._watched.state.task
            if task is None:
                return np.empty(0, np.intp)  # without labels nothing is known to be wrong, or right
            loss = losses(table, task)
            found &= (loss > self._line) if self._wrong else (loss <= self._line)
        return np.flatnonzero(found)

    @cached_property
    def _line(self) -> float:
        """The loss beyond which an answer is wrong: of losses that are no 0/1, the usual one."""
        if self._watched.higher_is_better:
            return _ONE_HALF
        healthy = self._watched.total(self._watched.state.reference)[0]
        return float(healthy[LOSS] / max(healthy[LABELLED], 1.0))

    def whole(self, start: int, end: int, chosen: NDArray[np.intp]) -> pa.Table:
        """Return some of a day's rows with all their columns, under the user's names."""
        table = self.history.read(start, end, ids=True).take(pa.array(chosen))
        return self.history.named(table)


def holds(
    found: tuple[Column, NDArray[np.bool_] | None], condition: Condition
) -> NDArray[np.bool_]:
    """Return which rows a condition holds, (n,)."""
    column, null = found
    values = column.values
    if column.kind == "category":
        if condition is None:
            return np.asarray(values < 0)
        text = _text(condition)
        return np.asarray(values == (column.levels.index(text) if text in column.levels else -2))
    missing = np.isnan(values) if null is None else null | np.isnan(values)
    if condition is None:
        return np.asarray(missing)
    if isinstance(condition, str):
        return np.zeros(len(values), np.bool_)
    low, high = condition if isinstance(condition, tuple) else (condition, condition)
    return np.asarray(~missing & (values >= low) & (values <= high))


def _text(condition: Condition) -> str:
    return str(condition).lower() if isinstance(condition, bool) else str(condition)


def _days(history: History, period: Window) -> Iterator[tuple[int, int]]:
    """Yield the parts of a period by day, those with rows, in microseconds."""
    for day in history.days():
        midnight = datetime.combine(day, time(), UTC)
        start, end = max(midnight, period.start), min(midnight + _DAY, period.end)
        if start < end:
            yield micros(start), micros(end)


def photo_column(watched: Watched) -> str | None:
    """Return the column that holds the paths of photos: the one that facts are derived from."""
    for column in watched.spec.columns:
        if column.derived:
            return column.name.rpartition(".")[0]
    return None


def _page(
    watched: Watched, taken: list[pa.Table], total: int, offset: int, roots: tuple[Path, ...]
) -> RowPage:
    if not taken:
        return RowPage(columns=[], rows=[], photos=[], total=total, offset=offset)
    table = pa.concat_tables(taken, promote_options="default")
    inputs = [name for name in table.column_names if name not in _ROLES]
    names = [name for name in _ROLES if name in table.column_names] + inputs
    columns = [[_plain(value) for value in table[name].to_pylist()] for name in names]
    photo = photo_column(watched)
    photos = table[photo].to_pylist() if photo in table.column_names else []
    return RowPage(
        columns=names,
        rows=[list(row) for row in zip(*columns, strict=True)],
        photos=[_shown(path, roots) for path in photos],
        total=total,
        offset=offset,
    )


def _plain(value: object) -> str | float | bool | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value if isinstance(value, (str, bool, int)) or value is None else str(value)


def _shown(path: str | None, roots: tuple[Path, ...]) -> str | None:
    """Return a photo's path if it lies below a root that the server was told of."""
    return path if path is not None and permitted(path, roots) is not None else None
