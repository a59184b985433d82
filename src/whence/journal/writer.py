"""The writer of a process: one journal, in files of 64 MB, that survives threads and forks."""

from __future__ import annotations

import os
import threading
import weakref
from itertools import count
from typing import TYPE_CHECKING

from whence.errors import JournalClosed
from whence.journal import frame
from whence.journal.identity import uuid7
from whence.journal.segment import Segment
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SUFFIX", "Writer"]

SUFFIX = ".wj"


class Writer:
    """Appends frames to a journal of its own.

    An append is one system call, without a lock and without a thread; any number of threads may
    append. The file is made at the first append. After a fork the child goes on in a journal
    of its own; after a failed write the process goes on in a new file.

    Parameters
    ----------
    folder
        The folder of journals; made when absent.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._name = uuid7()
        self._numbers = count()
        self._segment: Segment | None = None
        self._closed = False
        self._unsynced: set[Path] = set()
        self._changing = _new_lock()
        _WRITERS.add(self)

    @property
    def path(self) -> Path | None:
        """The file that was last appended to; None before the first append and after a fork."""
        segment = self._segment
        return None if segment is None else segment.path

    def append(self, payload: bytes) -> None:
        """Append one frame; on return this host's kernel has it.

        Raises
        ------
        JournalClosed
            After `close`.
        Unwritable
            If it could not be written; the next append tries a new file.
        """
        self.segment().write(frame.encode(payload))

    def segment(self) -> Segment:
        """Return the file to write to now, for users that must write twice to the same file.

        Raises
        ------
        JournalClosed
            After `close`.
        Unwritable
            If a new file is due and cannot be made.
        """
        segment = self._segment
        if segment is not None and segment.room > 0:
            return segment
        return self._next()

    def flush(self) -> None:
        """Wait until all that was appended is on the disk.

        Raises
        ------
        Unwritable
            If the disk reports an error.
        """
        with self._changing:
            for path in sorted(self._unsynced):
                _sync(path)
            self._unsynced.clear()
            if self._segment is not None:
                self._segment.sync()
                _sync(self.folder)

    def close(self) -> None:
        """Let go of the file; threads in the middle of an append finish it."""
        with self._changing:
            self._closed = True
            self._segment = None

    def _next(self) -> Segment:
        with self._changing:
            if self._closed:
                raise JournalClosed(
                    f"the journal in {self.folder} is closed; open a new one to record more"
                )
            segment = self._segment
            if segment is not None:
                if segment.room > 0:  # another thread was here first
                    return segment
                self._unsynced.add(segment.path)
                self._segment = None
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise unwritable(self.folder, error) from error
            name = f"{self._name}-{next(self._numbers):06d}{SUFFIX}"
            self._segment = Segment(self.folder / name)
            return self._segment

    def _forked(self) -> None:
        """Become a writer of the child: the parent's files and lock are not its own."""
        self._changing = _new_lock()  # a thread that is not in the child may hold the old one
        self._unsynced = set()
        self._name, self._numbers = uuid7(), count()
        self._segment = None


# The same thread may come back: a signal's handler that records while a file is being changed.
_new_lock = threading.RLock

_WRITERS: weakref.WeakSet[Writer] = weakref.WeakSet()


def _leave_parent() -> None:
    for writer in _WRITERS:
        writer._forked()  # noqa: SLF001 - the module's own class


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_parent)


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    if os.name == "nt":  # pragma: no cover - Windows cannot open folders, and syncs by handle
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # folded and removed in the meantime
        return
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        os.close(descriptor)
