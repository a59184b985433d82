"""All single and pair slices at once, on coarse bins, as products of one-hot matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.why.coding import MISSING
from whence.why.contrast import FEWEST, LEAST_Z, Sums, contrast, sums_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.why.coding import Coded

__all__ = ["Bin", "Gram", "Pair", "alone", "coarsen", "rows_of"]

_PARTS = 5
"""Coarse bins of a number: the reference's fifths, beside missing, below, above and spikes."""

_MOST_BINS = 600
"""Coarse bins over all columns: the products cost its square."""

_MOST_LEVELS = 20
_FEWEST_LEVELS = 5

_CONSPICUOUS = 2.0
"""A level that changed by itself by this many standard errors goes before more frequent ones."""

_CHUNK = 4096
"""Rows per product: 4096 x 600 float32 are 10 MB, and counts within stay exact in float32."""

_EMPTY = 1e-9

Pair = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""The excess loss of each row, before and after."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The codes from `low` to `high` of column number `column`."""

    column: int
    low: int
    high: int


def rows_of(chosen: tuple[Bin, ...], codes: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """Return the mask of the rows in all these bins, given each column's codes."""
    inside = np.ones(len(codes[0]), bool)
    for one in chosen:
        of = codes[one.column]
        inside &= of == one.low if one.low == one.high else (of >= one.low) & (of <= one.high)
    return inside


@dataclass(frozen=True, slots=True)
class Coarse:
    """The coarse bins, and each row's bin in every column: (n, columns) indices into `bins`.

    The index ``len(bins)`` stands for bins that no slice can be made of: those with fewer
    failing rows than a slice needs, and those of rare levels together.
    """

    bins: list[Bin]
    before: NDArray[np.int32]
    after: NDArray[np.int32]


def coarsen(columns: list[Coded], e: Pair, at: tuple[NDArray[np.intp], NDArray[np.intp]]) -> Coarse:
    """Merge the codes of every column into a few coarse bins, and give those of some rows.

    `e` is the excess loss of all rows, which choose the bins; `at` are the positions, before
    and after, of the rows wanted.
    """
    bins: list[Bin] = []
    lookups, before, after = [], [], []
    most = int(np.clip(_MOST_BINS // max(1, len(columns)), _FEWEST_LEVELS, _MOST_LEVELS))
    for number, column in enumerate(columns):
        groups = _fifths(column) if column.number else _levels(column, most, e)
        before.append(column.before[at[0]])
        after.append(column.after[at[1]])
        failing = np.bincount(after[-1], minlength=column.size)
        lookup = np.full(column.size, -1, np.int32)
        for group in groups:
            if failing[group.start : group.stop].sum() >= FEWEST:
                lookup[group.start : group.stop] = len(bins)
                bins.append(Bin(number, group.start, group.stop - 1))
        lookups.append(lookup)
    lookups = [np.where(lookup < 0, np.int32(len(bins)), lookup) for lookup in lookups]
    return Coarse(
        bins,
        *(
            np.column_stack([lookup[code] for lookup, code in zip(lookups, codes, strict=True)])
            for codes in (before, after)
        ),
    )


def _levels(column: Coded, most: int, e: Pair) -> list[range]:
    """Return missing and single levels: the conspicuous ones, then the most frequent."""
    own = np.arange(column.first, column.size)
    if len(own) > most:
        # Levels are coded by how frequent they are, and a stable sort keeps that order.
        strange = np.abs(alone(column, e)[own]) >= _CONSPICUOUS
        own = own[np.argsort(~strange, kind="stable")][:most]
    return [range(code, code + 1) for code in (MISSING, *own.tolist())]


def alone(column: Coded, e: Pair) -> NDArray[np.float64]:
    """Return the z of every code of a column by itself."""
    before, after = (
        Sums(
            np.bincount(code, minlength=column.size).astype(np.float64),
            np.bincount(code, one, column.size).astype(np.float64),
            np.bincount(code, one**2, column.size).astype(np.float64),
        )
        for code, one in zip((column.before, column.after), e, strict=True)
    )
    return contrast(before, after, *(sums_of(one) for one in e)).z


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

    def __init__(self, coarse: Coarse, e: Pair) -> None:
        self._bins = coarse.bins
        self._codes = (coarse.before, coarse.after)
        self._e = e
        self._pairs = [self._products(period, slice(None)) for period in (0, 1)]
        self._whole = [sums_of(one) for one in e]

    def remove(self, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> None:
        """Take the rows of these masks out, by subtracting their own products."""
        for period, gone in enumerate((before, after)):
            self._pairs[period] = self._pairs[period].without(self._products(period, gone))
            self._whole[period] = self._whole[period].without(sums_of(self._e[period][gone]))

    def strongest(self, most: int, least: float = LEAST_Z) -> list[tuple[Bin, ...]]:
        """Return the slices of largest |z|, at least `least`: at most one per set of columns."""
        z = np.abs(self._scores())
        shown = np.flatnonzero(z >= least)
        order = shown[np.argsort(-z.ravel()[shown], kind="stable")]
        found: dict[frozenset[int], tuple[Bin, ...]] = {}
        for flat in order:
            i, j = np.unravel_index(flat, z.shape)
            if len(found) >= most:
                break
            chosen = (self._bins[i],) if i == j else (self._bins[i], self._bins[j])
            found.setdefault(frozenset(one.column for one in chosen), chosen)
        return list(found.values())

    def totals(self) -> tuple[Sums, Sums]:
        """Return the sums over all remaining rows, before and after."""
        return self._whole[0], self._whole[1]

    def _scores(self) -> NDArray[np.float64]:
        """Return z where a pair of bins is a slice: once, and not two bins of one column."""
        z = contrast(*self._pairs, *self._whole).z
        column = np.array([one.column for one in self._bins])
        same = column[:, None] == column[None, :]
        np.fill_diagonal(same, False)
        z[same | np.tri(len(column), k=-1, dtype=bool)] = 0.0
        return z

    def _products(self, period: int, rows: slice | NDArray[np.bool_]) -> Sums:
        return _products(self._codes[period][rows], self._e[period][rows], len(self._bins))


def _products(code: NDArray[np.int32], e: NDArray[np.float64], size: int) -> Sums:
    """Return H' diag(w) H for w = 1, e and e^2, leaving out the code `size`.

    Each is a matrix times its own transpose, which BLAS does in half the time of a product of
    two: H diag(e - least) H is that of sqrt(e - least) H.
    """
    least = float(e.min(initial=0.0))
    weights = [np.sqrt(e - least).astype(np.float32)[:, None], e.astype(np.float32)[:, None]]
    count, above, square = (np.zeros((size, size)) for _ in range(3))
    for start in range(0, len(code), _CHUNK):
        chunk = code[start : start + _CHUNK]
        one_hot = np.zeros((len(chunk), size + 1), np.float32)
        one_hot[np.arange(len(chunk))[:, None], chunk] = 1
        known = np.ascontiguousarray(one_hot[:, :size])
        root, plain = (known * weight[start : start + _CHUNK] for weight in weights)
        count += known.T @ known
        above += root.T @ root
        square += plain.T @ plain
    return Sums(count, above + least * count, square)
