"""Columns as the matrix a tree model reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.profile.bins import CategoryBins, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Column, Rows

__all__ = ["VERSION", "Features"]

VERSION = "version"
"""The column of the model's version: it may be a slice or a trigger, never an input."""

_LARGEST = 1e300
"""Infinities become this: trees only compare, but refuse infinities."""


@dataclass(frozen=True, slots=True)
class Features:
    """Which columns a model of the label reads, and how categories are coded.

    `own` adds the served model's prediction and probability. Columns with a single value in
    the reference say nothing about the label there and are left out.
    """

    numbers: tuple[str, ...]
    categories: tuple[tuple[str, CategoryBins], ...]
    own: bool

    @classmethod
    def of(cls, before: Rows, *, own: bool, without: str | None = None) -> Features:
        """Choose from the reference's columns, leaving out the column `without`."""
        numbers, categories = [], []
        for column in before.columns:
            if column.name in {VERSION, without} or not _varies(column):
                continue
            bins = fit(column)
            if isinstance(bins, CategoryBins):
                categories.append((column.name, bins))
            else:
                numbers.append(column.name)
        return cls(tuple(numbers), tuple(categories), own)

    @property
    def categorical(self) -> list[int]:
        """The positions of category columns in the matrix."""
        start = len(self.numbers)
        return list(range(start, start + len(self.categories)))

    def matrix(self, rows: Rows) -> NDArray[np.float64]:
        """Return float64 (n, features); NaN where missing or, for a category, never seen."""
        parts = [
            np.clip(rows.column(name).values.astype(np.float64), -_LARGEST, _LARGEST)
            for name in self.numbers
        ]
        for name, bins in self.categories:
            column = rows.column(name)
            code = bins.code(column.values.astype(np.int32), column.levels).astype(np.float64)
            code[code < bins.RARE] = np.nan
            parts.append(code)
        if self.own:
            prediction = rows.prediction.astype(np.float64)
            if rows.task != "regression":
                prediction[prediction < 0] = np.nan
            parts += [prediction, rows.proba]
        return np.column_stack(parts) if parts else np.empty((len(rows), 0))


def _varies(column: Column) -> bool:
    values = column.values
    if not len(values):
        return False
    if column.kind == "category":
        return bool((values != values[0]).any())
    known = ~np.isnan(values)
    if not known.any():
        return False
    return bool((values[known] != values[known][0]).any() or not known.all())
