"""Named arrays as bytes, with a version: how a detector is kept between two ticks."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from whence.errors import NewerStore, StoreError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

_VERSION = "version"


def pack(version: int, arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return the arrays as one npz archive (a zip with a checksum for each array)."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{_VERSION: np.array(version)}, **arrays)
    return buffer.getvalue()


def unpack(version: int, data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays that `pack` was given.

    Raises
    ------
    NewerStore
        If they were packed with a later version.
    StoreError
        If the bytes are damaged, or were packed with an earlier version.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        found = int(arrays.pop(_VERSION))
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
        raise StoreError(
            f"the kept state of a detector ({len(data)} bytes) cannot be read; "
            "delete it, and the next tick judges the windows anew"
        ) from error
    if found > version:
        raise NewerStore(
            f"the kept state of a detector has version {found}, this Whence reads {version}; "
            "upgrade whence"
        )
    if found < version:
        raise StoreError(
            f"the kept state of a detector has version {found}, this Whence reads {version}; "
            "delete it, and the next tick judges the windows anew"
        )
    return arrays
