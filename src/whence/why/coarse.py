"""All single and pair slices at once, on coarse bins, as products of one-hot matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.why.coding import MISSING, OTHER
from whence.why.contrast import LEAST_Z, Sums, contrast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.why.coding import Coded

__all__ = ["Bin", "Gram", "coarsen"]

_PARTS = 5
"""Coarse bins of a number: the reference's fifths, beside missing, below, above and spikes."""

_MOST_BINS = 600
"""Coarse bins over all columns: the products cost its square."""

_MOST_LEVELS = 20
_FEWEST_LEVELS = 5
_CHUNK = 8192
"""Rows per product: 8192 x 600 float32 are 20 MB, and counts within stay exact in float32."""

_EMPTY = 1e-9


@dataclass(frozen=True, slots=True)
class Bin:
    """The codes from `low` to `high` of column number `column`."""

    column: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Coarse:
    """The coarse bins, and each row's bin in every column: (n, columns) indices into `bins`."""

    bins: list[Bin]
    before: NDArray[np.int32]
    after: NDArray[np.int32]


def coarsen(columns: list[Coded]) -> Coarse:
    """Merge the codes of every column into a few coarse bins."""
    bins: list[Bin] = []
    before, after = [], []
    levels = int(np.clip(_MOST_BINS // max(1, len(columns)), _FEWEST_LEVELS, _MOST_LEVELS))
    for number, column in enumerate(columns):
        groups = _fifths(column) if column.number else _levels(column, levels)
        lookup = np.zeros(column.size, np.int32)
        for group in groups:
            lookup[group.start : group.stop] = len(bins)
            bins.append(Bin(number, group.start, group.stop - 1))
        before.append(lookup[column.before])
        after.append(lookup[column.after])
    return Coarse(bins, np.column_stack(before), np.column_stack(after))


def _levels(column: Coded, most: int) -> list[range]:
    """Return missing, the most frequent levels, and the others together."""
    last = min(column.size, column.first + most)
    own = [range(code, code + 1) for code in (MISSING, OTHER, *range(column.first, last))]
    return [*own, range(last, column.size)] if last < column.size else own


def _fifths(column: Coded) -> list[range]:
    """Return missing, infinities, below, fifths of the reference, above, and spikes."""
    counts = np.bincount(column.before, minlength=column.size).astype(np.float64)
    news = np.bincount(column.after, minlength=column.size)
    groups = [range(code, code + 1) for code in range(column.first)]
    share = counts[column.first :].cumsum() / max(1.0, counts[column.first :].sum())
    start, fifth = column.first, 0
    for offset, reached in enumerate(share):
        code = column.first + offset
        new_bin = counts[code] == 0 and news[code] > 0
        if new_bin and start < code:
            groups.append(range(start, code))
            start = code
        full = reached >= (fifth + 1) / _PARTS - _EMPTY
        last = code == column.size - 1
        if new_bin or full or last:
            groups.append(range(start, code + 1))
            start = code + 1
            fifth = int(reached * _PARTS + _EMPTY)
    return groups


class Gram:
    """Counts and sums of the excess loss for every pair of coarse bins, in both periods.

    The sums over all pairs of bins are H' diag(w) H with H the one-hot matrix of the rows, for
    w = 1, e and e^2; a single bin is its pair with itself. BLAS does the work.
    """

    def __init__(
        self,
        coarse: Coarse,
        e_before: NDArray[np.float64],
        e_after: NDArray[np.float64],
    ) -> None:
        self._coarse = coarse
        self._e = (e_before, e_after)
        self._before = _products(coarse.before, e_before, len(coarse.bins))
        self._after = _products(coarse.after, e_after, len(coarse.bins))

    def remove(self, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> None:
        """Take the rows of these masks out, by subtracting their own products."""
        size = len(self._coarse.bins)
        gone = _products(self._coarse.before[before], self._e[0][before], size)
        self._before = self._before.without(gone)
        gone = _products(self._coarse.after[after], self._e[1][after], size)
        self._after = self._after.without(gone)

    def strongest(self, most: int) -> list[tuple[Bin, ...]]:
        """Return the strongest slices that changed: at most one per set of columns, in order."""
        strength = self._scores()
        order = np.argsort(-np.abs(strength), axis=None)
        found: dict[frozenset[int], tuple[Bin, ...]] = {}
        bins = self._coarse.bins
        for flat in order:
            i, j = np.unravel_index(flat, strength.shape)
            if strength[i, j] == 0 or len(found) >= most:
                break
            chosen = (bins[i],) if i == j else (bins[i], bins[j])
            found.setdefault(frozenset(one.column for one in chosen), chosen)
        return list(found.values())

    def _scores(self) -> NDArray[np.float64]:
        tested = contrast(self._before, self._after, *self.totals())
        strength = np.where(np.abs(tested.z) >= LEAST_Z, tested.strength, 0.0)
        column = np.array([one.column for one in self._coarse.bins])
        same = column[:, None] == column[None, :]
        np.fill_diagonal(same, False)
        strength[same | np.tri(len(column), k=-1, dtype=bool)] = 0.0
        mixed = np.array([one.low == OTHER for one in self._coarse.bins])
        strength[mixed] = 0.0
        strength[:, mixed] = 0.0
        return strength

    def totals(self) -> tuple[Sums, Sums]:
        """Return the sums over all remaining rows, before and after."""
        first = np.array([one.column == 0 for one in self._coarse.bins])
        return _total(self._before, first), _total(self._after, first)


def _total(pairs: Sums, first: NDArray[np.bool_]) -> Sums:
    """Sum the diagonal over one column's bins: every row is in one of them."""
    return Sums(*(np.diag(part)[first].sum() for part in (pairs.count, pairs.total, pairs.square)))


def _products(code: NDArray[np.int32], e: NDArray[np.float64], size: int) -> Sums:
    count, total, square = (np.zeros((size, size)) for _ in range(3))
    narrow = e.astype(np.float32)[:, None]
    for start in range(0, len(code), _CHUNK):
        chunk = code[start : start + _CHUNK]
        one_hot = np.zeros((len(chunk), size), np.float32)
        one_hot[np.arange(len(chunk))[:, None], chunk] = 1
        count += one_hot.T @ one_hot
        weighted = one_hot * narrow[start : start + _CHUNK]
        total += one_hot.T @ weighted
        square += weighted.T @ weighted
    return Sums(count, total, square)
