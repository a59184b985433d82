"""Frames as records that hold an Arrow IPC stream of at most 8 MB.

nanoarrow, which every install has, writes what it can: whole batches of plain types. For
dictionaries (categoricals), views (polars' text), slices and larger batches pyarrow is used
where it can be imported; else the rows are recorded as dicts, which takes longer and says the
same.
"""

from __future__ import annotations

import io
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import nanoarrow as na  # type: ignore[import-untyped]  # ships no types
from nanoarrow.ipc import StreamWriter  # type: ignore[import-untyped]  # ships no types
from nanoarrow.iterator import iter_py  # type: ignore[import-untyped]  # ships no types

from whence.record.encoding import MOST_BYTES, encode, now
from whence.record.rows import record_rows
from whence.record.said import check_columns
from whence.record.schema import check_times, columns_of, nanoarrow_writes
from whence.types.records import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nanoarrow.c_array import CArray  # type: ignore[import-untyped]  # ships no types
    from nanoarrow.c_array_stream import (  # type: ignore[import-untyped]  # ships no types
        CArrayStream,
    )

    from whence.journal import Writer
    from whence.record.said import Said

__all__ = ["Piece", "pieces", "record_frame", "stream_of"]

_ROWS_AT_A_TIME = 10_000
"""Rows held as dicts at once where a frame is recorded as dicts."""


class Piece(NamedTuple):
    """Some rows of a frame: an IPC stream that fits into a record, or dicts."""

    rows: int
    data: bytes | list[dict[str, Any]]


def record_frame(writer: Writer, said: Said, frame: Any) -> int:  # noqa: ANN401 - any library's frame
    """Record a frame and return how many rows; its schema is checked before any is written.

    Raises
    ------
    BadInput
        If its columns cannot be used, or a row is larger than a record.
    MissingColumn
        If a role names a column that is not there.
    NaiveTime
        If the times have no zone and `tz` is not given.
    Unwritable
        If the journal cannot be written; the pieces before stand.
    """
    said.check()
    source = stream_of(frame)
    if isinstance(source, list):
        return record_rows(writer, said, source)
    schema = source.get_schema()
    columns = columns_of(schema)
    roles, version = said.resolve(columns)
    check_times(schema, said.time, said.tz)
    logged = now()
    recorded = 0
    for piece in pieces(source, columns):
        if isinstance(piece.data, bytes):
            batch = Batch(said.model, roles, logged, piece.data, version, said.tz)
            writer.append(encode(batch))
        else:
            record_rows(writer, said, piece.data)
        recorded += piece.rows
    return recorded


def stream_of(frame: Any) -> CArrayStream | list[dict[str, Any]]:  # noqa: ANN401 - any library's frame
    """Return a frame as an Arrow stream; as dicts where pandas cannot give one.

    That is without pyarrow, and where a column mixes types. An unnamed index is left out: it
    numbers the rows, or what is left of them after a filter.

    Raises
    ------
    BadInput
        If a column's name in pandas is no text, or comes twice.
    """
    is_pandas = type(frame).__module__.partition(".")[0] == "pandas"
    if not is_pandas or not hasattr(frame, "columns"):
        return na.c_array_stream(frame)
    check_columns(list(frame.columns), ())
    if all(name is None for name in frame.index.names):
        frame = frame.reset_index(drop=True)
    try:
        return na.c_array_stream(frame)
    except (ImportError, ValueError, TypeError, OverflowError):
        # NaN is pandas' word for missing, in text too, as it is on the way through Arrow.
        return list(frame.astype(object).where(frame.notna(), None).to_dict("records"))


def pieces(source: CArrayStream, columns: Sequence[str]) -> Iterator[Piece]:
    """Yield the rows of a stream, in order, with these columns only.

    Raises
    ------
    BadInput
        If a row is larger than a record.
    """
    schema = source.get_schema()
    if not nanoarrow_writes(schema):
        yield from _other_pieces(source, columns)
        return
    positions = [
        position for position, child in enumerate(schema.children) if child.name in columns
    ]
    for array in source:
        if array.length == 0:
            continue
        if _is_whole(array.view()) and _size(array.view()) <= MOST_BYTES:
            ipc = _write(array, positions)
            if len(ipc) <= MOST_BYTES:
                yield Piece(array.length, ipc)
                continue
        yield from _other_pieces(na.c_array_stream(array), columns)


def _other_pieces(source: CArrayStream, columns: Sequence[str]) -> Iterator[Piece]:
    """Yield the rows of a stream that nanoarrow cannot write."""
    try:
        # Loaded here, because few need it and it takes half a second; the base install is without.
        from whence.record.cutting import cut_stream  # noqa: PLC0415
    except ImportError:
        rows = iter_py(source)
        while some := list(islice(rows, _ROWS_AT_A_TIME)):
            yield Piece(len(some), [{name: row[name] for name in columns} for row in some])
    else:
        for ipc, count in cut_stream(source, list(columns)):
            yield Piece(count, ipc)


def _write(array: CArray, positions: list[int]) -> bytes:
    schema = array.schema
    if len(positions) < array.n_children:
        kept = {schema.child(i).name: na.Schema(schema.child(i)) for i in positions}
        array = na.c_array_from_buffers(
            na.c_schema(na.struct(kept)),
            array.length,
            buffers=[None],
            children=[array.child(i) for i in positions],
        )
    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_array(array)
    return out.getvalue()


def _is_whole(view: Any) -> bool:  # noqa: ANN401 - nanoarrow ships no types
    """Return whether no part of an array is a slice, which nanoarrow 0.9 cannot write."""
    return view.offset == 0 and all(map(_is_whole, view.children))


def _size(view: Any) -> int:  # noqa: ANN401 - nanoarrow ships no types
    own: int = sum(buffer.size_bytes for buffer in view.buffers)
    return own + sum(map(_size, view.children))
