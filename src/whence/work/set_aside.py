"""Rows that cannot be stored, as they came, for the quarantine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Rejected", "as_they_came"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be stored, as it came, and why."""

    reason: str
    row: dict[str, Any]


def as_they_came(
    columns: Mapping[str, pa.Array | pa.ChunkedArray | list[Any]], at: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """Return the rows at some positions, or all, a dict a row."""
    chosen = [_chosen(column, at) for column in columns.values()]
    return [dict(zip(columns, values, strict=True)) for values in zip(*chosen, strict=True)]


def _chosen(column: pa.Array | pa.ChunkedArray | list[Any], at: Sequence[int] | None) -> list[Any]:
    if isinstance(column, list):
        return column if at is None else [column[i] for i in at]
    return _values(column if at is None else column.take(pa.array(at, pa.int64())))


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """Return a column as Python values; where Python has none for one, as Arrow prints it.

    Such are times beyond the year 9999, text that is no UTF-8, structs with two fields of a name.
    """
    try:
        return column.to_pylist()  # type: ignore[no-any-return] # pyarrow is untyped
    except (OverflowError, ValueError):
        if len(column) > 1:
            return [value for i in range(len(column)) for value in _values(column.slice(i, 1))]
        return [" ".join(column.to_string().split())]
