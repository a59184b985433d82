"""Slices of values that the reference has not seen: counted together, told apart by their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from whence.profile.bins import CategoryBins
from whence.profile.spec import LABELLED, LOSS, LOSS_SQUARED, ROWS
from whence.store.history import History
from whence.store.outcomes import losses
from whence.types.pages import Level
from whence.types.rows import Column
from whence.types.time import micros
from whence.view.interval import interval
from whence.view.watched import ALL_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn
    from whence.types.slice import Slice
    from whence.types.time import Window
    from whence.view.watched import Watched

    Floats = NDArray[np.float64]

__all__ = ["sums_of", "unseen_levels"]

MOST = 20
"""Unseen values told, the most frequent."""


def unseen_levels(
    watched: Watched, column: ProfiledColumn, period: Window, by_part: Floats, starts: list[int]
) -> Iterator[Level]:
    """Yield a slice for each of the most frequent values that the reference has not seen.

    They have no past of their own, so their points are against all rows of the reference.

    Parameters
    ----------
    by_part
        (parts, bins, 4): counts of the column's bins in the parts of the period.
    starts
        Where the parts begin, in microseconds.
    """
    bins = column.bins
    if not isinstance(bins, CategoryBins) or not by_part[:, bins.UNSEEN, ROWS].any():
        return
    found, sums = _sums(watched, column.name, period, starts)
    known = {*bins.kept, *bins.rare}
    order = np.argsort(-sums[:, :, ROWS].sum(axis=1), kind="stable")
    fresh = [code for code in order if found.levels[code] not in known][:MOST]
    reference = watched.total(watched.state.reference, ALL_ROWS)[0]
    before = reference[LOSS] / reference[LABELLED] if reference[LABELLED] else None
    rows = by_part[:, :, ROWS].sum()
    for code in fresh:
        parts = sums[code]
        total = parts.sum(axis=0)
        after = total[LOSS] / total[LABELLED] if total[LABELLED] else None
        judged = watched.metric is not None and after is not None
        low, high = interval(watched, total) if judged else (None, None)
        share = float(total[ROWS] / max(rows, 1.0))
        yield Level(
            label=found.levels[code],
            where={column.name: found.levels[code]},
            share_before=0.0,
            share=share,
            labelled=int(total[LABELLED]),
            before=None,
            after=watched.value(float(after)) if judged and after is not None else None,
            interval=None if low is None or high is None else (low, high),
            points=None if after is None or before is None else share * float(after - before),
            recent=[
                watched.value(float(one[LOSS] / one[LABELLED]))
                if judged and one[LABELLED]
                else None
                for one in parts
            ],
        )


def sums_of(watched: Watched, where: Slice, period: Window, starts: list[int]) -> Floats | None:
    """Return sums (parts, 4) of the rows with one value of a category; None if there is none.

    Parameters
    ----------
    period
        The rows' time; its parts begin at `starts`, in microseconds.
    """
    if len(where) != 1:
        return None
    ((name, value),) = where.items()
    if not isinstance(value, str) or not isinstance(watched.column(name).bins, CategoryBins):
        return None
    column, sums = _sums(watched, name, period, starts)
    return sums[column.levels.index(value)] if value in column.levels else None


def _sums(watched: Watched, name: str, period: Window, starts: list[int]) -> tuple[Column, Floats]:
    """Return a column's values in a period, and sums (levels, parts, 4) of their rows."""
    history = History(watched.store, watched.model)
    table = history.read(micros(period.start), micros(period.end), [name])
    columns = history.columns(table)
    if name not in columns:
        return Column(name, "category", np.full(table.num_rows, -1)), np.zeros((0, len(starts), 4))
    column, _ = columns[name]
    loss = (
        np.full(table.num_rows, np.nan)
        if watched.state.task is None
        else losses(table, watched.state.task)
    )
    time = table["_time"].cast(pa.int64()).to_numpy()
    part = np.maximum(np.searchsorted(starts, time, side="right") - 1, 0)
    labelled = ~np.isnan(loss)
    loss = np.where(labelled, loss, 0.0)
    seen = column.values >= 0
    size = (len(column.levels), len(starts), 4)
    sums = np.zeros(size)
    place = (column.values[seen].astype(np.intp), part[seen])
    for at, weight in ((ROWS, np.ones(len(loss))), (LABELLED, labelled), (LOSS, loss),
                       (LOSS_SQUARED, loss**2)):  # fmt: skip
        np.add.at(sums[:, :, at], place, weight[seen])
    return column, sums
