"""What an Arrow schema says, read from its format strings (Arrow C data interface)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput, NaiveTime
from whence.record.said import check_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nanoarrow.c_schema import CSchema  # type: ignore[import-untyped]  # ships no types

__all__ = ["check_times", "columns_of", "nanoarrow_writes"]

_STRUCT = "+s"
_TIMESTAMPS = ("tss:", "tsm:", "tsu:", "tsn:")
_BYTES = ("z", "Z", "vz", "w:")
_VIEWS = frozenset({"vu", "+vl", "+vL", "+r"})
"""String views, list views and run-end encoding: nanoarrow 0.9 reads them only."""
_SHORT_DECIMALS = (",32", ",64")
"""Decimals in 32 and 64 bits (``d:9,2,32``), which nanoarrow 0.9 cannot size."""


def columns_of(schema: CSchema) -> list[str]:
    """Return a frame's columns.

    Raises
    ------
    BadInput
        If it is no frame, if two columns share a name, or a column holds bytes.
    """
    if schema.format != _STRUCT:
        raise BadInput(
            f"the frame is a single column (Arrow format {schema.format!r}); give a frame "
            "with named columns"
        )
    columns = [child.name for child in schema.children]
    check_columns(columns, ())
    for child in schema.children:
        if any(part.format.startswith(_BYTES) for part in _parts(child)):
            raise BadInput(
                f"column {child.name!r} holds bytes, which are not recorded; log a path or URL, "
                "text, or drop the column"
            )
    return columns


def check_times(schema: CSchema, column: str | None, tz: str | None) -> None:
    """Raise NaiveTime if the times in a column have no zone and `tz` gives none."""
    for child in schema.children:
        if tz is None and child.name == column and child.format in _TIMESTAMPS:
            raise NaiveTime(
                f"column {column!r} has times without zone; give times with one, or "
                "tz='Europe/Berlin'"
            )


def nanoarrow_writes(schema: CSchema) -> bool:
    """Return whether nanoarrow can write all the columns as an IPC stream."""
    return not any(
        part.format in _VIEWS
        or part.dictionary is not None
        or (part.format.startswith("d:") and part.format.endswith(_SHORT_DECIMALS))
        for part in _parts(schema)
    )


def _parts(schema: CSchema) -> Iterator[CSchema]:
    """Yield a type and all the types it is made of."""
    yield schema
    for child in schema.children:
        yield from _parts(child)
    if schema.dictionary is not None:
        yield from _parts(schema.dictionary)
