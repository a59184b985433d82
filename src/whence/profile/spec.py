"""The spec of a profile: every column's bins side by side in one array of counts.

Counts of a window are float64 of shape (bins, 4): rows, labelled rows, sum of loss, sum of
squared loss. Bin 0 is all rows; each column's bins follow at its offset. They merge by addition,
in any order and any batch size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from whence.profile.bins import CategoryBins, NumberBins, fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from whence.types.rows import Column

__all__ = ["ROWS", "ProfiledColumn", "Spec", "fit_spec"]

ROWS, LABELLED, LOSS, LOSS_SQUARED = range(4)

IDENTIFIER_SHARE = 0.5
"""A text column of which more than this share of values is distinct names rows, not a property."""
_FEW_ROWS = 100


@dataclass(frozen=True, slots=True)
class ProfiledColumn:
    """One column's bins and where they lie in the counts."""

    name: str
    bins: NumberBins | CategoryBins
    offset: int
    derived: bool

    @property
    def where(self) -> slice:
        """The column's rows of a counts array."""
        return slice(self.offset, self.offset + self.bins.size)


class _Stored(msgspec.Struct, array_like=True):
    name: str
    derived: bool
    edges: list[float] | None = None
    kept: list[str] = []
    rare: list[str] = []


class Spec:
    """The bins of a model's columns; see the module for the layout of counts.

    Parameters
    ----------
    columns
        (name, bins, derived) in the order of the counts.
    """

    def __init__(self, columns: Iterable[tuple[str, NumberBins | CategoryBins, bool]]) -> None:
        self.columns: tuple[ProfiledColumn, ...] = tuple(_place(columns))
        last = self.columns[-1] if self.columns else None
        self.size = 1 if last is None else last.offset + last.bins.size
        """The number of bins in all."""

    def count(
        self,
        columns: dict[str, tuple[Column, NDArray[np.bool_] | None]],
        loss: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the counts of one window's rows.

        Parameters
        ----------
        columns
            Name -> (column of n rows, mask of its nulls or None). A column of the spec that is
            missing here counts as null in every row.
        loss
            float64 (n,), NaN where unlabelled.
        """
        counts = np.zeros((self.size, 4))
        labelled = np.flatnonzero(~np.isnan(loss))
        known = loss[labelled]
        counts[0] = len(loss), len(known), known.sum(), (known * known).sum()
        for column in self.columns:
            here = counts[column.where]
            found = columns.get(column.name)
            codes = _codes(column.bins, *found) if found else np.zeros(len(loss), np.uint8)
            size = column.bins.size
            here[:, ROWS] = np.bincount(codes, minlength=size)
            if len(known):
                codes = codes[labelled]
                here[:, LABELLED] = np.bincount(codes, minlength=size)
                here[:, LOSS] = np.bincount(codes, known, size)
                here[:, LOSS_SQUARED] = np.bincount(codes, known * known, size)
        return counts

    def encode(self) -> bytes:
        """Return the spec as bytes that `decode` reads."""
        return msgspec.msgpack.encode([_stored(column) for column in self.columns])

    @classmethod
    def decode(cls, data: bytes) -> Spec:
        """Read what `encode` wrote."""
        return cls(
            (one.name, _bins(one), one.derived)
            for one in msgspec.msgpack.decode(data, type=list[_Stored])
        )


def _place(
    columns: Iterable[tuple[str, NumberBins | CategoryBins, bool]],
) -> Iterator[ProfiledColumn]:
    offset = 1
    for name, bins, derived in columns:
        yield ProfiledColumn(name, bins, offset, derived)
        offset += bins.size


def _codes(
    bins: NumberBins | CategoryBins, column: Column, null: NDArray[np.bool_] | None
) -> NDArray[np.int32] | NDArray[np.uint8]:
    if isinstance(bins, NumberBins):
        if column.kind != "number":
            return np.zeros(len(column.values), np.uint8)
        return bins.code(column.values.astype(np.float64, copy=False), null)
    if column.kind != "category":
        return np.zeros(len(column.values), np.uint8)
    return bins.code(column.values.astype(np.int32, copy=False), column.levels)


def _stored(column: ProfiledColumn) -> _Stored:
    if isinstance(column.bins, NumberBins):
        return _Stored(column.name, column.derived, column.bins.edges.tolist())
    bins = column.bins
    return _Stored(column.name, column.derived, None, list(bins.kept), sorted(bins.rare))


def _bins(stored: _Stored) -> NumberBins | CategoryBins:
    if stored.edges is not None:
        return NumberBins(np.array(stored.edges))
    return CategoryBins(tuple(stored.kept), frozenset(stored.rare))


def fit_spec(columns: Sequence[Column]) -> Spec:
    """Return the spec that the reference's columns give; identifiers are left out."""
    return Spec((c.name, fit(c), c.derived) for c in columns if not is_identifier(c))


def is_identifier(column: Column) -> bool:
    """Whether nearly every row has a value of its own, as an id or a path has."""
    if column.kind == "number":
        return False
    known = column.values[column.values >= 0]
    return len(known) > _FEW_ROWS and len(np.unique(known)) > IDENTIFIER_SHARE * len(known)
