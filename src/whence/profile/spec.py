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
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from whence.types.rows import Column

__all__ = ["ROWS", "ProfiledColumn", "Spec", "fit_spec"]

ROWS, LABELLED, LOSS, LOSS_SQUARED = range(4)

_STATES = 3
"""What a row's label says where losses are 0 or 1: nothing, no loss, a loss."""


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
        columns: Mapping[str, tuple[Column, NDArray[np.bool_] | None]],
        loss: NDArray[np.float64],
        window: NDArray[np.intp] | None = None,
        windows: int = 1,
    ) -> NDArray[np.float64]:
        """Return the counts of some rows by window, (windows, bins, 4).

        Parameters
        ----------
        columns
            Name -> (column of n rows, mask of its nulls or None; what a column holds where the
            mask says null does not matter). A column of the spec that is missing here counts as
            null in every row.
        loss
            float64 (n,), NaN where unlabelled.
        window
            (n,): the window of each row, from 0 up to `windows`; None puts all into the first.
        """
        counts = np.zeros((windows, self.size, 4))
        most = max((column.bins.size for column in self.columns), default=1)
        cells = _Cells(loss, window, windows, most)
        counts[:, 0] = cells.count(np.zeros(len(loss), np.uint8), 1)[:, 0]
        for column in self.columns:
            found = columns.get(column.name)
            codes = _codes(column.bins, *found) if found else np.zeros(len(loss), np.uint8)
            counts[:, column.where] = cells.count(codes, column.bins.size)
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


class _Cells:
    """Counts one column after another of the same rows: a cell is a window and a state.

    `most` is the largest number of bins that a column has.
    """

    def __init__(
        self,
        loss: NDArray[np.float64],
        window: NDArray[np.intp] | None,
        windows: int,
        most: int,
    ) -> None:
        labelled = ~np.isnan(loss)
        self._windows = windows
        self._window = np.zeros(len(loss), np.intp) if window is None else window
        self._at = np.flatnonzero(labelled)
        self._known = loss[self._at]
        # Losses of 0 and 1 are counted with the rows, which is exact, and one pass of four.
        self._plain = bool(((self._known == 0.0) | (self._known == 1.0)).all())
        state = labelled.astype(np.intp)
        if self._plain:
            state[self._at] += self._known.astype(np.intp)
        cell = self._window * _STATES + state
        self._cell = cell.astype(np.min_scalar_type(windows * _STATES * most))

    def count(self, codes: NDArray[np.uint8] | NDArray[np.int32], size: int) -> NDArray[np.float64]:
        """Return (windows, size, 4) of rows with bins `codes`, from 0 up to `size`."""
        keys = self._cell * size
        keys += codes.astype(keys.dtype, copy=False)
        flat = np.bincount(keys, minlength=self._windows * _STATES * size)
        unlabelled, right, wrong = flat.reshape(self._windows, _STATES, size).transpose(1, 0, 2)
        labelled = right + wrong
        rows = unlabelled + labelled
        if self._plain:
            return np.stack((rows, labelled, wrong, wrong), axis=-1).astype(np.float64)
        where = self._window[self._at] * size + codes[self._at]
        sums = (
            np.bincount(where, weights, self._windows * size).reshape(self._windows, size)
            for weights in (self._known, self._known * self._known)
        )
        return np.stack((rows, labelled, *sums), axis=-1)


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
