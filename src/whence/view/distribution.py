"""One column in the reference and in a period: shares and losses of its bins; its slices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from whence.profile.bins import NumberBins
from whence.profile.spec import LABELLED, LOSS, ROWS
from whence.types.pages import Bin, Distribution, Level, SliceTable
from whence.view.interval import interval
from whence.view.unseen import unseen_levels
from whence.view.watched import ALL_ROWS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn
    from whence.types.time import Window
    from whence.view.watched import Watched

    Floats = NDArray[np.float64]

__all__ = ["distribution", "slices"]

MOST_LEVELS = 40
"""Slices told of one column."""

MOST_WINDOWS = 60
"""Points of each slice's small line."""

_MILLI = 1000


def distribution(watched: Watched, name: str, period: Window) -> Distribution:
    """Return a column's bins in the reference and in a period; empty ones are left out.

    Raises
    ------
    NotFound
        If no column of that name is counted.
    """
    column = watched.column(name)
    before, now = (watched.total(one, column.where) for one in (watched.state.reference, period))
    all_before, all_now = (float(part[:, ROWS].sum()) for part in (before, now))
    bins = [
        Bin(
            label=column.bins.label(code),
            where={name: column.bins.condition(code)} if column.bins.nameable(code) else None,
            before=float(before[code, ROWS]) / max(all_before, 1.0),
            now=float(now[code, ROWS]) / max(all_now, 1.0),
            loss_before=_loss(before[code]),
            loss=_loss(now[code]),
        )
        for code in range(column.bins.size)
        if before[code, ROWS] or now[code, ROWS]
    ]
    return Distribution(
        column=name,
        kind=_kind(column),
        reference=watched.state.reference,
        period=period,
        rows_before=int(all_before),
        rows=int(all_now),
        bins=bins,
    )


def slices(watched: Watched, name: str, period: Window) -> SliceTable:
    """Return the slices that one column makes, the costliest for all rows first.

    Raises
    ------
    NotFound
        If no column of that name is counted.
    """
    column = watched.column(name)
    before = watched.total(watched.state.reference, column.where)
    starts, by_part = watched.parts(period, MOST_WINDOWS, column.where)
    now = by_part.sum(axis=0)
    everything = _loss(watched.total(watched.state.reference, ALL_ROWS)[0])
    levels = [
        _level(watched, column, code, before, by_part, everything)
        for code in range(column.bins.size)
        if column.bins.nameable(code) and (before[code, ROWS] or now[code, ROWS])
    ]
    levels += unseen_levels(watched, column, period, by_part, [part[0] for part in starts])
    levels.sort(key=lambda level: (-(level.points or 0.0), -level.share))
    return SliceTable(
        column=name,
        metric=watched.metric,
        higher_is_better=watched.higher_is_better,
        reference=watched.state.reference,
        period=period,
        start=[part[0] // _MILLI for part in starts],
        levels=levels[:MOST_LEVELS],
    )


def _level(
    watched: Watched,
    column: ProfiledColumn,
    code: int,
    before: Floats,
    by_part: Floats,
    everything: float | None,
) -> Level:
    """Return one slice; without a past of its own its points are against `everything`."""
    now = by_part.sum(axis=0)
    share = float(now[code, ROWS] / max(now[:, ROWS].sum(), 1.0))
    old, new = _loss(before[code]), _loss(now[code])
    usual = everything if old is None else old
    judged = watched.metric is not None
    low, high = interval(watched, now[code]) if judged else (None, None)
    return Level(
        label=column.bins.label(code),
        where={column.name: column.bins.condition(code)},
        share_before=float(before[code, ROWS] / max(before[:, ROWS].sum(), 1.0)),
        share=share,
        labelled=int(now[code, LABELLED]),
        before=None if old is None or not judged else watched.value(old),
        after=None if new is None or not judged else watched.value(new),
        interval=None if low is None or high is None else (low, high),
        points=None if usual is None or new is None else share * (new - usual),
        recent=[
            None if (loss := _loss(part[code])) is None or not judged else watched.value(loss)
            for part in by_part
        ],
    )


def _loss(sums: Floats) -> float | None:
    return float(sums[LOSS] / sums[LABELLED]) if sums[LABELLED] else None


def _kind(column: ProfiledColumn) -> Literal["number", "category"]:
    return "number" if isinstance(column.bins, NumberBins) else "category"
