"""Ways in which a column arrives wrong, and how to undo them: found from the inputs alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from whence.causes.features import VERSION
from whence.causes.membership import members
from whence.causes.support import outside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from whence.types.rows import Column, Rows
    from whence.types.slice import Slice

__all__ = ["Repair", "candidates"]

_QUANTILES = np.arange(1, 20) / 20
_MOVED = 0.1
"""A column has moved when its quantiles did, on average, by this much of its spread."""

_RESTORED = 0.5
"""A repair must undo at least this share of the move."""

_SIMPLE = 0.05
"""A known unit is preferred to a free fit unless that fits better by this much of the spread."""

_NEWLY = 0.02
"""The least rise of a column's missing or constant rows that is worth a test."""

_LARGEST = 1e150
"""Squares of larger values overflow: infinities, and what stands for "missing" in some systems."""

_VISIBLE = 0.2
"""The strength (share of rows, or of spread) from which a fault needs no labels to be seen."""

_TENFOLD = 10.0

_FEWEST = 30
"""With fewer rows, quantiles are no basis for a repair."""

_UNITS: dict[float, str] = {
    1000.0: "multiplied by 1000",
    100.0: "multiplied by 100",
    10.0: "multiplied by 10",
    60.0: "multiplied by 60 (hours or minutes)",
    3600.0: "multiplied by 3600 (hours and seconds)",
    24.0: "multiplied by 24 (days and hours)",
    7.0: "multiplied by 7 (weeks and days)",
    12.0: "multiplied by 12 (years and months)",
    2.54: "multiplied by 2.54 (inches and centimetres)",
    2.20462: "multiplied by 2.205 (kilograms and pounds)",
    1.609344: "multiplied by 1.609 (miles and kilometres)",
    1e6: "multiplied by 1,000,000",
    1024.0: "multiplied by 1024",
}
_FAHRENHEIT = (1.8, 32.0)


@dataclass(frozen=True, slots=True)
class Repair:
    """One way to undo one fault.

    "affine" undoes x = factor t + offset in `column`; "swap" exchanges `column` and `other`;
    "drop" forgets `column`, whose values say nothing (missing or constant); "output" forgets
    the served model's own prediction. `scope` says which rows it concerns: all, those outside
    the column's support, those where it is missing, those where it is `stuck`, or a slice.
    """

    kind: Literal["affine", "swap", "drop", "output"]
    column: str
    story: str
    strength: float
    scope: Literal["all", "outside", "missing", "stuck"] | Slice = "all"
    factor: float = 1.0
    offset: float = 0.0
    stuck: float = np.nan
    other: str = ""

    @property
    def unmistakable(self) -> bool:
        """Whether the inputs alone show a fault: missing, stuck, or another unit in many rows.

        A shift, or a stretch by less than ten, may be a population that moved.
        """
        factor = max(self.factor, 1 / self.factor)
        known = self.offset == 0.0 and factor in _UNITS and factor >= _TENFOLD
        plain = self.kind == "drop" or (self.kind == "affine" and known)
        return plain and self.strength >= _VISIBLE

    def concerns(self, rows: Rows, before: Rows) -> NDArray[np.bool_]:
        """Return the mask (n,) of the rows the fault is in; `before` gives the support."""
        if isinstance(self.scope, dict):
            return members(rows, self.scope)
        if self.scope == "all":
            return np.ones(len(rows), bool)
        column = rows.column(self.column)
        if self.scope == "outside":
            return outside(column, before.column(self.column))
        if self.scope == "missing":
            return _missing(column.values)
        return np.asarray(column.values == self.stuck)

    def apply(self, rows: Rows, before: Rows) -> Rows:
        """Return the rows with the fault undone wherever it is."""
        chosen = self.concerns(rows, before)
        columns = tuple(self._mend(rows, column, chosen) for column in rows.columns)
        return replace(rows, columns=columns)

    def _mend(self, rows: Rows, column: Column, chosen: NDArray[np.bool_]) -> Column:
        if column.name not in {self.column, self.other} or self.kind == "output":
            return column
        values = column.values.copy()
        if self.kind == "affine":
            values[chosen] = (values[chosen] - self.offset) / self.factor
        elif self.kind == "drop":
            values[chosen] = -1 if column.kind == "category" else np.nan
        else:
            name = self.other if column.name == self.column else self.column
            values[chosen] = rows.column(name).values[chosen]
        return replace(column, values=values)


def candidates(before: Rows, after: Rows, slices: Sequence[Slice]) -> list[Repair]:
    """Return repairs worth a test, the most telling first.

    `slices` may be broken while the other rows are not; all rows, and the rows outside a
    column's support, are always tried.
    """
    found: list[Repair] = []
    scopes: list[Literal["all", "outside"] | Slice] = ["all", "outside", *slices]
    for column in after.columns:
        if column.name == VERSION:
            continue
        seen = before.column(column.name)
        found += _emptied(column, seen)
        if column.kind == "number":
            for scope in scopes:
                found += _rescaled(column, seen, scope, _rows(after, before, column, scope))
    found += _swapped(before, after)
    return sorted(found, key=lambda repair: -repair.strength)


def _rows(
    after: Rows, before: Rows, column: Column, scope: Literal["all", "outside"] | Slice
) -> NDArray[np.bool_]:
    return Repair("affine", column.name, "", 0.0, scope).concerns(after, before)


def _emptied(column: Column, seen: Column) -> Iterator[Repair]:
    """Yield the repair of a column that became missing, or stuck at one value, in some rows."""
    values, old = column.values, seen.values
    if not len(values) or not len(old):
        return
    missing, was = _missing(values), _missing(old)
    rise = float(missing.mean() - was.mean())
    if rise > _NEWLY:
        yield Repair("drop", column.name, f"`{column.name}` is missing", rise, "missing")
    distinct, times = np.unique(values[~missing], return_counts=True)
    if not len(distinct):
        return
    most = distinct[times.argmax()]
    rise = float((values == most).mean() - (old == most).mean())
    # A category that is often one level is a mix, a number that often repeats is a default.
    least = _NEWLY if column.kind == "number" and len(np.unique(old)) > len(_QUANTILES) else 0.5
    if rise > least:
        said = f"{most:g}" if column.kind == "number" else repr(column.levels[int(most)])
        story = f"`{column.name}` is stuck at {said}"
        yield Repair("drop", column.name, story, rise, "stuck", stuck=float(most))


def _missing(values: NDArray[np.float64] | NDArray[np.int32]) -> NDArray[np.bool_]:
    return np.asarray(values == -1 if values.dtype.kind == "i" else np.isnan(values))


def _finite(values: NDArray[np.float64] | NDArray[np.int32]) -> NDArray[np.float64]:
    return np.asarray(values[np.abs(values) < _LARGEST], np.float64)


def _rescaled(
    column: Column,
    seen: Column,
    scope: Literal["all", "outside"] | Slice,
    rows: NDArray[np.bool_],
) -> Iterator[Repair]:
    """Yield the simplest affine map that explains how the column moved on these rows."""
    now, old = _finite(column.values[rows]), _finite(seen.values)
    if min(len(now), len(old)) < _FEWEST:
        return
    now, old = np.quantile(now, _QUANTILES), np.quantile(old, _QUANTILES)
    spread = _spread(old)
    if spread == 0:
        return
    moved = float(np.abs(now - old).mean()) / spread
    if moved < _MOVED:
        return
    tried = [(*fault, _left(now, old, spread, fault)) for fault in _faults(now, old)]
    limit = min(left for *_, left in tried) + _SIMPLE
    factor, offset, left = next(fault for fault in tried if fault[2] <= limit)
    if left > (1 - _RESTORED) * moved:
        return
    story = f"`{column.name}` looks {_say(factor, offset)}"
    weight = float(rows.mean()) * min(moved, 1.0) * (1 - left / moved)
    yield Repair("affine", column.name, story, weight, scope, factor, offset)


def _faults(now: NDArray[np.float64], old: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    """Yield (factor, offset) from the simplest to the freest."""
    for unit in _UNITS:
        yield unit, 0.0
        yield 1 / unit, 0.0
    yield -1.0, 0.0
    scale, shift = _FAHRENHEIT
    yield scale, shift
    yield 1 / scale, -shift / scale
    middle = len(old) // 2
    yield 1.0, float(now[middle] - old[middle])
    width = _spread(now) / _spread(old)
    if width > 0:
        yield width, float(now[middle] - width * old[middle])
        yield -width, float(now[middle] + width * old[middle])


def _left(
    now: NDArray[np.float64],
    old: NDArray[np.float64],
    spread: float,
    fault: tuple[float, float],
) -> float:
    factor, offset = fault
    back = (now - offset) / factor
    return float(np.abs(np.sort(back) - old).mean()) / spread


def _spread(quantiles: NDArray[np.float64]) -> float:
    """Return the middle half's width, or the whole's where that is 0."""
    quarter = len(quantiles) // 4
    middle = float(quantiles[-1 - quarter] - quantiles[quarter])
    return middle or float(quantiles[-1] - quantiles[0])


def _say(factor: float, offset: float) -> str:
    if (factor, offset) == _FAHRENHEIT:
        return "turned from Celsius into Fahrenheit"
    if factor == 1:
        return f"shifted by {offset:.4g}"
    return _scaled(factor) + (f" and shifted by {offset:.4g}" if offset else "")


def _scaled(factor: float) -> str:
    if factor in _UNITS:
        return _UNITS[factor]
    if 1 / factor in _UNITS:
        return _UNITS[1 / factor].replace("multiplied", "divided", 1)
    return "turned to its negative" if factor == -1 else f"multiplied by {factor:.4g}"


def _swapped(before: Rows, after: Rows) -> Iterator[Repair]:
    """Yield pairs of number columns that each look like the other did."""
    names, now, old = [], [], []
    for column in after.columns:
        seen = before.column(column.name)
        if column.kind != "number":
            continue
        new_values, old_values = _finite(column.values), _finite(seen.values)
        if min(len(new_values), len(old_values)) >= _FEWEST:
            names.append(column.name)
            now.append(np.quantile(new_values, _QUANTILES))
            old.append(np.quantile(old_values, _QUANTILES))
    for i, first in enumerate(names):
        for j in range(i + 1, len(names)):
            spread = min(_spread(old[i]), _spread(old[j]))
            if spread == 0:
                continue
            kept = float(np.abs(now[i] - old[i]).mean() + np.abs(now[j] - old[j]).mean())
            crossed = float(np.abs(now[i] - old[j]).mean() + np.abs(now[j] - old[i]).mean())
            if kept > 2 * _MOVED * spread and crossed < (1 - _RESTORED) * kept:
                story = f"`{first}` and `{names[j]}` look exchanged"
                weight = min(kept / spread, 1.0) * (1 - crossed / kept)
                yield Repair("swap", first, story, weight, other=names[j])
