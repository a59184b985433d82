"""One open journal file, its lock held by this process."""

from __future__ import annotations

import os
import weakref
from typing import TYPE_CHECKING, Any

from whence.errors import Unwritable
from whence.journal import frame, lock
from whence.journal.header import new_header
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SEGMENT_BYTES", "Segment"]

SEGMENT_BYTES = 64 * 2**20
"""A journal goes on in a new file after this many bytes: a reader holds a file in memory."""

# Windows would turn line feeds into two bytes and hand the file on to child processes.
_FLAGS = (
    os.O_WRONLY
    | os.O_APPEND
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
_MODE = 0o666  # the process's umask decides


class Segment:
    """A new journal file.

    The descriptor is closed when nobody refers to the segment any more, so a thread in the
    middle of a write can never find the number of its descriptor given to another file.

    Attributes
    ----------
    path
        The file.
    room
        About how many bytes until the next file; 0 after a failed write.
    memo
        What the user of the journal has said in this file, for the user to keep.

    Raises
    ------
    Unwritable
        If the file cannot be made.
    """

    __slots__ = ("__weakref__", "_descriptor", "memo", "path", "room")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.room = SEGMENT_BYTES
        self.memo: dict[Any, Any] = {}
        self._descriptor = -1
        _OPEN.add(self)
        try:
            self._descriptor = os.open(path, _FLAGS, _MODE)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            # First the lock, then the header: a journal with a header has had its lock taken.
            lock.hold(self._descriptor)
            self.write(frame.encode(new_header()))
        except OSError as error:
            path.unlink(missing_ok=True)
            raise error if isinstance(error, Unwritable) else unwritable(path, error) from error

    def write(self, frames: bytes) -> None:
        """Append whole frames with one system call.

        Raises
        ------
        Unwritable
            If not all of it was written; what was, readers skip. The segment has no room then.
        """
        try:
            written = os.write(self._descriptor, frames)
        except OSError as error:
            self.room = 0
            raise unwritable(self.path, error) from error
        if written != len(frames):
            self.room = 0
            raise Unwritable(
                f"cannot write {self.path}: {written:,} of {len(frames):,} bytes were taken, so "
                "the disk is full or a limit reached; free space, and the next record begins a "
                "new journal"
            )
        self.room -= written

    def sync(self) -> None:
        """Wait until all of it is on the disk.

        Raises
        ------
        Unwritable
            If the disk reports an error.
        """
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            self.room = 0
            raise unwritable(self.path, error) from error

    # The default argument: at the interpreter's exit the module may be gone before the object.
    def __del__(self, close: Any = os.close) -> None:  # noqa: ANN401 - the type of a builtin
        if self._descriptor >= 0:
            close(self._descriptor)


_OPEN: weakref.WeakSet[Segment] = weakref.WeakSet()


def _leave_to_parent() -> None:
    """Close a forked child's copies, which would hold the parent's locks when it is dead.

    All of them, also those that only a thread knew that is not in the child.
    """
    for segment in _OPEN:
        descriptor, segment._descriptor = segment._descriptor, -1  # noqa: SLF001 - our own class
        if descriptor >= 0:
            os.close(descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
