"""From a coarse slice to its exact edges, on the fine bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.why.contrast import LEAST_Z, Sums, contrast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.why.coarse import Bin
    from whence.why.coding import Coded

__all__ = ["Candidate", "refine"]

_CONDITION_COST = 20.0
"""What a second condition must add to strength^2: about 2 log of the pairs that were looked at."""

_EDGE_COST = 8.0
"""What a cut must add to strength^2: about 2 log of the edges that could have been cut at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A slice as code ranges (column, low, high), its z, and its strength^2 less its costs."""

    ranges: tuple[tuple[int, int, int], ...]
    z: float
    worth: float

    def rows(self, codes: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
        """Return the mask of the rows inside, given each column's codes."""
        inside = np.ones(len(codes[0]), bool)
        for column, low, high in self.ranges:
            inside &= (codes[column] >= low) & (codes[column] <= high)
        return inside


def refine(
    columns: list[Coded],
    chosen: tuple[Bin, ...],
    e: tuple[NDArray[np.float64], NDArray[np.float64]],
    left: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> Candidate | None:
    """Return the best slice on the columns of `chosen`, over all intervals of their fine bins.

    `e` and `left` are the excess loss and the mask of remaining rows, before and after. A
    category keeps its level; a number may take any run of bins, at a cost for each cut and each
    condition, so that a cut must pay for the freedom to choose it.
    """
    sizes = tuple(columns[one.column].size for one in chosen)
    tables = [
        _table(sizes, e[0][left[0]], [columns[one.column].before[left[0]] for one in chosen]),
        _table(sizes, e[1][left[1]], [columns[one.column].after[left[1]] for one in chosen]),
    ]
    axes = [_runs(columns[one.column], one) for one in chosen]
    before, after = (_rectangles(table, axes) for table in tables)
    tested = contrast(before, after, *(_whole(table) for table in tables))
    worth = tested.strength**2 - _CONDITION_COST * (len(chosen) - 1)
    for axis, runs in enumerate(axes):
        shape = [1] * len(axes)
        shape[axis] = len(runs)
        cuts = [_cuts(columns[chosen[axis].column], run) for run in runs]
        worth = worth - _EDGE_COST * np.array(cuts).reshape(shape)
    worth = np.where(np.abs(tested.z) >= LEAST_Z, worth, -np.inf)
    best = np.unravel_index(int(worth.argmax()), worth.shape)
    if not np.isfinite(worth[best]):
        return None
    ranges = tuple((one.column, *axes[axis][best[axis]]) for axis, one in enumerate(chosen))
    return Candidate(ranges, float(tested.z[best]), float(worth[best]))


def _runs(column: Coded, one: Bin) -> list[tuple[int, int]]:
    if not column.number or one.low < column.first:
        return [(one.low, one.high)]
    last = column.size
    return [(low, high) for low in range(column.first, last) for high in range(low, last)]


def _cuts(column: Coded, run: tuple[int, int]) -> int:
    """Return how many ends of a run lie inside the reference's range."""
    if not column.number or run[0] < column.first:
        return 1
    inner_low, inner_high = column.first + 1, column.size - 2
    return int(run[0] > inner_low) + int(run[1] < inner_high)


def _table(shape: tuple[int, ...], e: NDArray[np.float64], codes: list[NDArray[np.uint8]]) -> Sums:
    flat = np.ravel_multi_index(tuple(codes), shape)
    size = int(np.prod(shape))
    return Sums(
        *(
            np.asarray(np.bincount(flat, weights=weight, minlength=size), np.float64).reshape(shape)
            for weight in (np.ones(len(e)), e, e**2)
        )
    )


def _rectangles(table: Sums, axes: list[list[tuple[int, int]]]) -> Sums:
    return Sums(*(_summed(part, axes) for part in (table.count, table.total, table.square)))


def _summed(part: NDArray[np.float64], axes: list[list[tuple[int, int]]]) -> NDArray[np.float64]:
    """Sum a table over every run of every axis, by differences of cumulative sums."""
    for axis, runs in enumerate(axes):
        low = np.array([run[0] for run in runs])
        high = np.array([run[1] for run in runs])
        padding = [(1, 0) if at == axis else (0, 0) for at in range(part.ndim)]
        running = np.pad(part.cumsum(axis=axis), padding)
        part = running.take(high + 1, axis=axis) - running.take(low, axis=axis)
    return part


def _whole(table: Sums) -> Sums:
    return Sums(*(np.asarray(part.sum()) for part in (table.count, table.total, table.square)))
