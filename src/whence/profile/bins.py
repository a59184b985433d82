"""Bins of a column, fixed by the reference: the one coding that counts and statistics share.

A number column has about 20 bins between reference quantiles, one below and one above all the
reference has seen, and one each for null, NaN, -inf and +inf. A category column has a bin for
each level the reference has seen (the most frequent `MOST_LEVELS`), one for its rarer levels
together, one for levels it has not seen, and one for null. No row is ever without a bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column
    from whence.types.slice import Condition

__all__ = ["CategoryBins", "NumberBins", "fit", "fit_category", "fit_number"]

QUANTILE_BINS = 20
MOST_LEVELS = 100
_PIECE = 40_000
"""Values compared at a time: they and 20 comparisons of each stay in the cache."""

NULL = 0
"""The bin of missing values, in every column."""


@dataclass(frozen=True, slots=True)
class NumberBins:
    """Bins of a number column.

    ``edges`` is increasing; value x falls into bin ``FIRST + (number of edges <= x)``. The first
    edge is the reference's minimum and the last lies just above its maximum, so bin ``FIRST``
    holds what is below the reference's support and the last bin what is above.
    """

    edges: NDArray[np.float64]

    NULL = NULL
    NAN = 1
    MINUS_INFINITY = 2
    PLUS_INFINITY = 3
    FIRST = 4

    @property
    def size(self) -> int:
        """The number of bins."""
        return self.FIRST + len(self.edges) + 1

    def code(
        self, values: NDArray[np.float64], null: NDArray[np.bool_] | None = None
    ) -> NDArray[np.uint8]:
        """Return the bin of each value; `null` marks nulls that are not NaN (shape (n,))."""
        codes = np.empty(len(values), np.uint8)
        reached = np.empty((len(self.edges), min(len(values), _PIECE)), np.bool_)
        # Adding comparisons is five times faster than searching.
        for start in range(0, len(values), _PIECE):
            piece = values[start : start + _PIECE]
            code, beyond = codes[start : start + _PIECE], reached[:, : len(piece)]
            np.greater_equal(piece, self.edges[:, np.newaxis], out=beyond)
            np.add.reduce(beyond.view(np.uint8), axis=0, out=code)
            code += self.FIRST
            if not np.isfinite(piece).all():
                code[np.isnan(piece)] = self.NAN
                code[piece == -np.inf] = self.MINUS_INFINITY
                code[piece == np.inf] = self.PLUS_INFINITY
        if null is not None:
            codes *= ~null  # the bin of nulls is 0
        return codes

    def nameable(self, code: int) -> bool:  # noqa: ARG002 - every bin of numbers is a condition
        """Whether a bin is a condition that `condition` can give."""
        return True

    def label(self, code: int) -> str:
        """Return what a person calls a bin: ``2.5 to 3.1``, ``missing``."""
        if code < self.FIRST:
            return ("missing", "not a number", "-infinity", "+infinity")[code]
        position = code - self.FIRST
        if not len(self.edges):
            return "any number"
        if position == 0:
            return f"below {self.edges[0]:.4g}"
        if position == len(self.edges):
            return f"{self.edges[-1]:.4g} and more"
        low, high = self.edges[position - 1], self.edges[position]
        if np.nextafter(high, -np.inf) == low:
            return f"{low:.4g}"
        return f"{low:.4g} to {high:.4g}"

    def unseen(self) -> NDArray[np.int32]:
        """Return the bins that lie outside the reference's range."""
        # Without an edge, in a reference without a number, the two are one.
        return np.unique(np.array([self.FIRST, self.size - 1], np.int32))

    def condition(self, code: int) -> Condition:
        """Return what a bin means as a condition of a slice."""
        if code in {self.NULL, self.NAN}:
            return None
        if code == self.MINUS_INFINITY:
            return (-np.inf, -np.inf)
        if code == self.PLUS_INFINITY:
            return (np.inf, np.inf)
        position = code - self.FIRST
        low = -np.inf if position == 0 else float(self.edges[position - 1])
        high = np.inf if position == len(self.edges) else float(self.edges[position])
        return (low, float(np.nextafter(high, -np.inf)) if np.isfinite(high) else high)


@dataclass(frozen=True, slots=True)
class CategoryBins:
    """Bins of a category column: ``kept`` levels have one each, ``rare`` seen ones share one."""

    kept: tuple[str, ...]
    rare: frozenset[str]

    NULL = NULL
    UNSEEN = 1
    RARE = 2
    FIRST = 3

    @property
    def size(self) -> int:
        """The number of bins."""
        return self.FIRST + len(self.kept)

    def code(self, values: NDArray[np.int32], levels: tuple[str, ...]) -> NDArray[np.int32]:
        """Return the bin of each code into `levels`, -1 being null (shape (n,))."""
        position = {level: self.FIRST + i for i, level in enumerate(self.kept)}
        lookup = np.fromiter(
            (
                position.get(level, self.RARE if level in self.rare else self.UNSEEN)
                for level in levels
            ),
            np.int32,
            len(levels),
        )
        # Nulls are coded -1: the last of the lookup.
        return np.take(np.append(lookup, np.int32(NULL)), values)

    def nameable(self, code: int) -> bool:
        """Whether a bin is a condition that `condition` can give: one level, or null."""
        return code == self.NULL or code >= self.FIRST

    def label(self, code: int) -> str:
        """Return what a person calls a bin: its level, or ``missing``."""
        if code < self.FIRST:
            return ("missing", "unseen values", "rare values")[code]
        return self.kept[code - self.FIRST] or "(empty)"

    def unseen(self) -> NDArray[np.int32]:
        """Return the bins that lie outside the reference's support."""
        return np.array([self.UNSEEN], np.int32)

    def condition(self, code: int) -> Condition:
        """Return what a bin means as a condition of a slice; None for null.

        Raises
        ------
        KeyError
            For the bins of rare and unseen levels, which are no single value.
        """
        if code == self.NULL:
            return None
        if code < self.FIRST:
            raise KeyError(code)
        return self.kept[code - self.FIRST]


def fit_number(values: NDArray[np.float64]) -> NumberBins:
    """Return bins from a reference's values; non-finite ones are ignored.

    With at most `QUANTILE_BINS` distinct values each has a bin of its own; otherwise the edges
    are the reference's quantiles. A column without a finite value has one bin for all numbers.
    """
    finite = values[np.isfinite(values)]
    if not len(finite):
        return NumberBins(np.empty(0))
    distinct = np.unique(finite)
    if len(distinct) > QUANTILE_BINS:
        inner = np.quantile(
            finite, np.arange(1, QUANTILE_BINS) / QUANTILE_BINS, method="inverted_cdf"
        )
        lower = np.concatenate(([distinct[0]], inner))
    else:
        lower = distinct
    return NumberBins(np.unique(np.append(lower, np.nextafter(distinct[-1], np.inf))))


def fit_category(levels: tuple[str, ...], counts: NDArray[np.int64]) -> CategoryBins:
    """Return bins from a reference's levels and how often each was seen (shape (levels,))."""
    order = np.argsort(-counts, kind="stable")
    seen = [levels[i] for i in order if counts[i] > 0]
    return CategoryBins(tuple(seen[:MOST_LEVELS]), frozenset(seen[MOST_LEVELS:]))


def fit(column: Column) -> NumberBins | CategoryBins:
    """Return the bins that a reference column gives."""
    if column.kind == "number":
        return fit_number(column.values.astype(np.float64))
    known = column.values[column.values >= 0]
    return fit_category(column.levels, np.bincount(known, minlength=len(column.levels)))
