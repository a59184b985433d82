"""Arrow columns of a store -> numpy columns that bins and statistics read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from whence.types.rows import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nulls", "raw_column", "to_column"]


def to_column(name: str, array: pa.ChunkedArray, *, derived: bool = False) -> Column:
    """Return an Arrow column of numbers, booleans or text as a numpy column.

    Booleans become the levels ``false`` and ``true``. Levels come in order of first sight.
    """
    if pa.types.is_floating(array.type):
        return Column(name, "number", array.to_numpy().astype(np.float64), derived=derived)
    texts = array.cast(pa.string()) if pa.types.is_boolean(array.type) else array
    coded = _whole(pc.dictionary_encode(texts))
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    levels = tuple(coded.dictionary.to_pylist())
    return Column(name, "category", codes.astype(np.int32, copy=False), levels, derived)


def raw_column(name: str, array: pa.ChunkedArray) -> tuple[Column, NDArray[np.bool_] | None]:
    """Return a column of numbers, booleans or text and the mask of its nulls, for counting.

    As `to_column`, but numbers are not copied: where the mask says null, the value is anything.
    """
    if not pa.types.is_float64(array.type) or not len(array):
        return to_column(name, array), None
    whole = _whole(array)
    bits, data = whole.buffers()
    start, stop = whole.offset, whole.offset + len(whole)
    column = Column(name, "number", np.frombuffer(data, np.float64)[start:stop])
    if not whole.null_count:
        return column, None
    valid = np.unpackbits(np.frombuffer(bits, np.uint8), count=stop, bitorder="little")
    return column, valid[start:] == 0


def _whole(array: pa.ChunkedArray) -> pa.Array:
    """Return an array in one piece, its dictionaries made one."""
    return array.chunk(0) if array.num_chunks == 1 else array.unify_dictionaries().combine_chunks()


def nulls(array: pa.ChunkedArray) -> NDArray[np.bool_] | None:
    """Return which values are null (as opposed to NaN), or None when none is."""
    if not array.null_count:
        return None
    return array.is_null().to_numpy()  # type: ignore[no-any-return] # pyarrow is untyped
