"""Arrow columns of a store -> numpy columns that bins and statistics read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from whence.types.rows import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["nulls", "to_column"]


def to_column(name: str, array: pa.ChunkedArray, *, derived: bool = False) -> Column:
    """Return an Arrow column of numbers, booleans or text as a numpy column.

    Booleans become the levels ``false`` and ``true``. Levels come in order of first sight.
    """
    if pa.types.is_floating(array.type):
        return Column(name, "number", array.to_numpy().astype(np.float64), derived=derived)
    texts = array.cast(pa.string()) if pa.types.is_boolean(array.type) else array
    coded = pc.dictionary_encode(texts).combine_chunks()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    levels = tuple(coded.dictionary.to_pylist())
    return Column(name, "category", codes.astype(np.int32), levels, derived)


def nulls(array: pa.ChunkedArray) -> NDArray[np.bool_] | None:
    """Return which values are null (as opposed to NaN), or None when none is."""
    if not array.null_count:
        return None
    return array.is_null().to_numpy()  # type: ignore[no-any-return] # pyarrow is untyped
