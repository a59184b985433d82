"""The metric over time, with what is normal and how much speaks for a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput
from whence.profile.bins import NumberBins
from whence.profile.spec import LABELLED, LOSS, ROWS
from whence.store import watches
from whence.types.pages import Series
from whence.types.time import Window, micros, moment
from whence.view.interval import interval, ordered
from whence.view.unseen import sums_of
from whence.watch.proportion import normal_quantile

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from whence.types.slice import Slice
    from whence.view.watched import Counted, Watched

    Floats = NDArray[np.float64]

__all__ = ["MOST_POINTS", "bin_of", "series"]

MOST_POINTS = 1000
"""Of one line; with the extremes of each bucket a chart draws at most twice as many."""

_MILLI = 1000
_Z = normal_quantile(0.95)


def series(
    watched: Watched,
    start: datetime | None = None,
    end: datetime | None = None,
    where: Slice | None = None,
) -> Series:
    """Return a model's metric over time, in at most `MOST_POINTS` buckets.

    Parameters
    ----------
    start, end
        Only windows that start there; all if None.
    where
        One condition on one column, a bin of its own; all rows if empty.

    Raises
    ------
    BadInput
        If `where` is not one bin of a column.
    """
    chosen = [
        one
        for one in watched.windows
        if (start is None or one.start >= micros(start))
        and (end is None or one.start < micros(end))
    ]
    sums = np.array(
        [(one.facts.rows, one.facts.labelled, one.facts.loss, one.facts.loss_squared)
         for one in chosen], np.float64,
    ).reshape(-1, 4)  # fmt: skip
    if where and chosen:
        sums = _of_slice(watched, where, chosen)
    begun = np.array([one.start for one in chosen], np.int64)
    parts = np.array_split(np.arange(len(chosen)), min(len(chosen), MOST_POINTS) or 1)
    return _drawn(watched, begun, sums, [part for part in parts if len(part)], overall=not where)


def _of_slice(watched: Watched, where: Slice, chosen: list[Counted]) -> Floats:
    """Return sums (windows, 4) of a slice's rows: from counts, or from rows where it was unseen."""
    period = Window(moment(chosen[0].start), moment(chosen[-1].end))
    try:
        position = bin_of(watched, where)
    except BadInput:
        found = sums_of(watched, where, period, [one.start for one in chosen])
        if found is None:
            raise
        return found
    here = slice(position, position + 1)
    counts = {start: found[0] for start, found in watched.counts(period, here)}
    nothing = np.zeros(4)
    return np.array([counts.get(one.start, nothing) for one in chosen])


def _drawn(
    watched: Watched,
    start: NDArray[np.int64],
    sums: Floats,
    parts: list[NDArray[np.intp]],
    *,
    overall: bool,
) -> Series:
    judged = {one.start: one for one in watches.judgements(watched.store, watched.model)}
    named = watched.metric is not None
    age = round((watched.state.horizon or 0.0) * 1e6)
    line: dict[str, list[float | None]] = {
        name: [] for name in ("value", "smallest", "largest", "low", "high", "normal_low",
                              "normal_high", "line", "evidence")
    }  # fmt: skip
    for part in parts:
        values = _values(watched, sums[part]) if named else []
        total = sums[part].sum(axis=0)
        line["value"].append(_mean(watched, total) if named else None)
        line["smallest"].append(min(values, default=None))
        line["largest"].append(max(values, default=None))
        low, high = interval(watched, total) if named else (None, None)
        line["low"].append(low)
        line["high"].append(high)
        here = [judged[int(at)] for at in start[part] if overall and int(at) in judged]
        last = here[-1] if here else None
        bounds: tuple[float | None, float | None] = (None, None)
        if last is not None:
            reach = _Z * last.sd / len(here) ** 0.5
            bounds = ordered(watched, last.expected - reach, last.expected + reach)
        line["normal_low"].append(bounds[0])
        line["normal_high"].append(bounds[1])
        line["line"].append(None if last is None else watched.value(last.line))
        line["evidence"].append(max((one.evidence for one in here), default=None))
    return Series(
        metric=watched.metric,
        higher_is_better=watched.higher_is_better,
        start=[int(start[part[0]]) // _MILLI for part in parts],
        rows=[int(sums[part, ROWS].sum()) for part in parts],
        labelled=[int(sums[part, LABELLED].sum()) for part in parts],
        provisional=[_is_provisional(watched, int(start[part[-1]]), age) for part in parts],
        **line,
    )


def _is_provisional(watched: Watched, start: int, age: int) -> bool:
    return start > watched.state.judged and start >= micros(watched.state.reference.end) and age > 0


def _values(watched: Watched, sums: Floats) -> list[float]:
    return [value for one in sums if (value := _mean(watched, one)) is not None]


def _mean(watched: Watched, sums: Floats) -> float | None:
    """Return the metric of one row of sums (rows, labelled, loss, squared loss)."""
    return watched.value(float(sums[LOSS] / sums[LABELLED])) if sums[LABELLED] else None


def bin_of(watched: Watched, where: Slice) -> int:
    """Return the position in the counts of the bin that a condition names.

    Raises
    ------
    BadInput
        If it names none.
    """
    if len(where) != 1:
        raise BadInput(
            f"a series is of all rows or of one condition; {where} has {len(where)} conditions"
        )
    ((name, condition),) = where.items()
    column = watched.column(name)
    for code in range(column.bins.size):
        if column.bins.nameable(code) and _same(column.bins.condition(code), condition):
            return column.offset + code
    kind = "range" if isinstance(column.bins, NumberBins) else "value"
    raise BadInput(f"{name} = {condition!r} is no {kind} that is counted apart; ask for the slices")


def _same(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return bool(np.allclose(one, other, rtol=1e-12, atol=0.0))
    return one == other
