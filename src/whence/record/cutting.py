"""Batches that nanoarrow cannot write, made plain and cut to size by pyarrow.

Dictionaries and views are written as plain values: a dictionary would be repeated in every
record, and a slice of a view takes its whole memory along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import types

from whence.errors import BadInput
from whence.record.encoding import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nanoarrow.c_array_stream import (  # type: ignore[import-untyped]  # ships no types
        CArrayStream,
    )

__all__ = ["cut_stream"]


def cut_stream(source: CArrayStream, columns: list[str]) -> Iterator[tuple[bytes, int]]:
    """Yield IPC streams of at most 8 MB and their numbers of rows, with these columns only.

    Raises
    ------
    BadInput
        If a row is larger.
    """
    for batch in pa.RecordBatchReader.from_stream(source):
        if batch.num_rows:
            yield from _cut(_plain(batch.select(columns)))


def _cut(batch: pa.RecordBatch) -> Iterator[tuple[bytes, int]]:
    rows = batch.num_rows
    if batch.nbytes <= MOST_BYTES:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        ipc = sink.getvalue().to_pybytes()
        if len(ipc) <= MOST_BYTES:
            yield ipc, rows
            return
    if rows == 1:
        raise BadInput(
            f"a row has {batch.nbytes:,} bytes, a record holds {MOST_BYTES:,}; log a path or URL "
            "in place of large values"
        )
    step = min(max(1, rows * MOST_BYTES // (2 * batch.nbytes)), rows - 1)
    for start in range(0, rows, step):
        yield from _cut(batch.slice(start, step))


def _plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    fields = [field.with_type(_plain_type(field.type)) for field in batch.schema]
    columns = [
        _plain_column(column, field.type)
        for column, field in zip(batch.columns, fields, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def _plain_type(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - one line for each kind
    """Return the type with dictionaries, views and run-end encoding taken out at every depth."""
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    if types.is_string_view(kind):
        return pa.large_string()
    if types.is_struct(kind):
        return pa.struct([part.with_type(_plain_type(part.type)) for part in kind])
    if types.is_map(kind):
        return pa.map_(_plain_type(kind.key_type), _plain_type(kind.item_type))
    if types.is_fixed_size_list(kind):
        return pa.list_(_plain_item(kind), kind.list_size)
    if types.is_list(kind) or types.is_list_view(kind):
        return pa.list_(_plain_item(kind))
    if types.is_large_list(kind) or types.is_large_list_view(kind):
        return pa.large_list(_plain_item(kind))
    return kind


def _plain_item(kind: pa.DataType) -> pa.Field:
    return kind.value_field.with_type(_plain_type(kind.value_type))


def _plain_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if types.is_dictionary(column.type):
        return _plain_column(column.dictionary, kind).take(column.indices)
    if column.type == kind:
        return column
    if _holds_list_view(column.type):  # pyarrow 25 loses the last list when it casts them
        return pa.array(column.to_pylist(), kind)
    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:  # such as a dictionary of views inside a list
        return pa.array(column.to_pylist(), kind)


def _holds_list_view(kind: pa.DataType) -> bool:
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        return True
    return any(_holds_list_view(kind.field(i).type) for i in range(kind.num_fields))
