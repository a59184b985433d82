"""What a full or read-only disk does to the store, said as `Unwritable` that names its folder."""

from __future__ import annotations

import errno
import os
import re
import shutil
from typing import TYPE_CHECKING

from whence.errors import WhenceError
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from whence.errors import Unwritable

__all__ = ["require_room", "unwritable_disk"]

_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
_SAID_BY_DELTA = re.compile(r"\(os error (\d+)\)")

_BYTES_A_COLUMN = 400
"""What a Parquet file has for each of its columns beside the values: header, statistics, footer.
Files of a few rows and 16 columns have 5 to 6 kB."""


def unwritable_disk(folder: Path, error: BaseException) -> Unwritable | None:
    """Return the error to raise if this one says that a disk cannot be written, else None.

    The library of the tables says it in words only.
    """
    if isinstance(error, WhenceError):
        return None  # it has been said
    said = _SAID_BY_DELTA.search(str(error))
    number = error.errno if isinstance(error, OSError) else None
    number = int(said[1]) if number is None and said else number
    if number not in _OF_THE_DISK:
        return None
    return unwritable(folder, OSError(number, os.strerror(number)))


def require_room(folder: Path, rows: pa.Table) -> None:
    """Do nothing if the disk has room for some rows, a file a day.

    Asked before they are written: the library of the tables meets a full disk with a page of
    words for every file.

    Raises
    ------
    Unwritable
        If it has less than the rows have in memory.
    """
    days = len(rows["_day"].unique())
    needed = rows.nbytes + days * rows.num_columns * _BYTES_A_COLUMN
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    if free < needed:
        full = OSError(
            errno.ENOSPC,
            f"{os.strerror(errno.ENOSPC)} ({needed:,} bytes are needed, {free:,} are free)",
        )
        raise unwritable(folder, full)
