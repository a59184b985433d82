"""Every column of both periods as codes on one set of bins, fixed by the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.profile.bins import MOST_LEVELS, QUANTILE_BINS, NumberBins, fit_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column, Rows

__all__ = ["Coded", "code"]

MISSING = 0
OTHER = 1
"""The code of levels too rare to have one of their own."""

_MOST_NEW = 20
"""Bins of their own for at most this many values that the reference does not have."""

_SPIKE = 0.01
"""A value that this share of the failing rows takes, and few reference rows, has its own bin."""

_SPIKE_GROWTH = 10.0

_ENOUGH = 50_000
"""Rows on which quantiles and single frequent values are looked for: a twentieth of the rows is
then known to .1 points, and whatever 1 % of all rows share shows; sorting them all is slow."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One column's codes: uint8, `before` (n_before,) and `after` (n_after,), below `size`.

    Codes from `first` on are in the order of the values for a number; for a category each is a
    level. Code `MISSING` is a missing value.
    """

    name: str
    number: bool
    derived: bool
    size: int
    first: int
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


def code(before: Rows, after: Rows) -> list[Coded]:
    """Return every column's codes on bins of the reference, unseen values apart."""
    return [_code(before.column(column.name), column) for column in after.columns]


def _code(seen: Column, column: Column) -> Coded:
    if column.kind == "number":
        old, new = (np.asarray(one.values, np.float64) for one in (seen, column))
        bins = _number_bins(old, new)
        return Coded(
            column.name,
            True,
            column.derived,
            bins.size,
            bins.FIRST,
            _shrink(bins, old),
            _shrink(bins, new),
        )
    levels = len(column.levels)
    counts = _level_counts(seen, levels) / max(1, len(seen.values))
    counts += _level_counts(column, levels) / max(1, len(column.values))
    kept = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    lookup = np.full(levels + 1, OTHER, np.uint8)
    lookup[kept] = np.arange(len(kept)) + OTHER + 1
    lookup[-1] = MISSING
    return Coded(
        column.name,
        False,
        column.derived,
        len(kept) + OTHER + 1,
        OTHER + 1,
        lookup[seen.values],
        lookup[column.values],
    )


def _level_counts(column: Column, levels: int) -> NDArray[np.float64]:
    return np.bincount(column.values[column.values >= 0], minlength=levels).astype(np.float64)


def _shrink(bins: NumberBins, values: NDArray[np.float64]) -> NDArray[np.uint8]:
    codes = bins.code(values).astype(np.uint8)
    codes[codes == bins.NAN] = MISSING
    return codes


def _thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return about `_ENOUGH` of the values, the least and the largest finite one among them."""
    step = 1 + len(values) // _ENOUGH
    if step == 1:
        return values
    ends = np.array([np.fmin.reduce(values), np.fmax.reduce(values)])
    if np.isinf(ends).any():
        finite = values[np.isfinite(values)]
        ends = np.array([finite.min(), finite.max()]) if len(finite) else finite
    return np.append(values[::step], ends)


def _number_bins(old: NDArray[np.float64], new: NDArray[np.float64]) -> NumberBins:
    """Return the reference's bins with bins added for single values that are new and frequent."""
    old, new = _thinned(old), _thinned(new)
    edges = fit_number(old).edges
    finite = new[np.isfinite(new)]
    seen = np.unique(old[np.isfinite(old)])
    if not len(finite) or not len(seen):
        return NumberBins(edges)
    values, times = np.unique(finite, return_counts=True)
    if len(seen) <= QUANTILE_BINS:
        chosen = ~np.isin(values, seen)
    else:
        chosen = times >= max(2.0, _SPIKE * len(new))
        chosen[chosen] = [
            times_now > _SPIKE_GROWTH * len(new) * (old == value).mean()
            for value, times_now in zip(values[chosen], times[chosen], strict=True)
        ]
    most = np.argsort(-times[chosen], kind="stable")[:_MOST_NEW]
    added = values[chosen][most]
    added = added[(added > seen[0]) & (added < seen[-1])]
    return NumberBins(np.unique(np.concatenate((edges, added, np.nextafter(added, np.inf)))))
