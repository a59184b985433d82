"""Records erased from a journal in place, also while its process goes on writing.

A writer only ever appends, so what lies before the end may be overwritten under it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from whence.journal import frame
from whence.journal.header import parse
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["erase"]

_PIECE = 2**20
_LONGEST_HEADER = 4096
"""More bytes than a header has."""


def erase(path: Path, until: int) -> None:
    """Overwrite a journal's records up to an offset with zeros; its length and header stay.

    Whoever reads from `until` on sees no difference. On return the zeros are on the disk.

    Parameters
    ----------
    path
        The journal.
    until
        An `end` that a reading gave: nothing before it is needed any more.

    Raises
    ------
    Unwritable
        If it cannot be written.
    """
    try:
        with path.open("r+b") as file:
            position = _header_end(file.read(_LONGEST_HEADER))
            file.seek(position)
            while position < until:
                length = min(_PIECE, until - position)
                file.write(bytes(length))
                position += length
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error) from error


def _header_end(start: bytes) -> int:
    first = frame.decode(memoryview(start), 0)
    return first.end if first is not None and parse(first.payload) is not None else 0
