"""The lock that saves two processes from folding at once.

It saves double work and no more: the fence is the table snapshot that an append is pinned to.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, Self

from whence.errors import Unwritable
from whence.store.disk import unwritable_disk

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lease"]


class Lease:
    """An exclusive lock on a file, held inside a ``with`` block; a second process waits.

    Whatever changes a store holds it, so here a full disk becomes `Unwritable`.

    The operating system lets go of it when the process dies, however it dies.
    Works on Linux and macOS; on Windows it is untested.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Unwritable(
                f"cannot lock {self._path}: {error.strerror}; check that the folder is writable"
            ) from error
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        unwritable = None if error is None else unwritable_disk(self._path.parent, error)
        if unwritable is not None:
            raise unwritable from error
