"""The contents of artifacts to their server, each before the records that name it.

What is sent stays in the spool until the journals are delivered as far as they were long then: so
far reach the records that name it, and should the connection be cut in between, the server is
asked for it once more. Meanwhile it lies beside the others, so that a program that logs the same
content again finds none, and writes it anew.

::

    <spool>/artifacts/
      ab/cdef...      what was logged: see `whence.journal.blobs`
      .sent/abcdef... what the server has, and whose records are on their way
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from whence.journal import journals
from whence.journal.blobs import Blobs
from whence.journal.unwritable import unwritable
from whence.ship.server import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from whence.ship.server import Server
    from whence.ship.spool import Spool

__all__ = ["Uploads"]

AT_ONCE = 4
"""Contents that are sent side by side: each waits for the server's disk."""

ASKED_FROM = 64 * 1024
"""Bytes from which on the server is asked first whether it has a content: less is sent as fast."""

TOLD_EVERY = 10.0
"""Seconds between two words on how far it is."""

_SENT = ".sent"


class _Waiting(NamedTuple):
    digest: str
    path: Path
    size: int


class Uploads:
    """The contents of one spool, on their way to its server; for one thread.

    Parameters
    ----------
    spool, server
        From where to where.
    tell
        Hears how far it is.
    """

    def __init__(self, spool: Spool, server: Server, tell: Callable[[str], None]) -> None:
        self._spool = spool
        self._blobs = Blobs(spool.folder / "artifacts")
        self._server = server
        self._tell = tell
        self._there: set[str] = set()
        self._refused: set[str] = set()
        self._leaving: list[tuple[dict[str, int], list[Path]]] = []

    def send(self) -> int:
        """Send what the server is not known to have; return how many bytes that were.

        Raises
        ------
        Away, Locked
            If the server takes nothing.
        """
        waiting = [
            one
            for one in self._here()
            if one.digest not in self._there and one.digest not in self._refused
        ]
        if not waiting:
            return 0
        queue: SimpleQueue[_Waiting] = SimpleQueue()
        for one in waiting:
            queue.put(one)
        progress = _Progress(waiting, self._tell)
        workers = min(AT_ONCE, len(waiting))
        with ThreadPoolExecutor(workers) as pool:
            running = [pool.submit(self._work, queue, progress) for _ in range(workers)]
        for future in running:
            future.result()
        return progress.sent

    def ask_again(self) -> None:
        """Take nothing for granted that the server said: it may have been long ago."""
        self._there.clear()

    def tidy(self, lengths: Mapping[str, int]) -> None:
        """Delete what the server has with all records that name it.

        Parameters
        ----------
        lengths
            How many bytes of each journal are delivered; those that are gone are not among them.

        Raises
        ------
        Unwritable
            If the spool cannot be written.
        """
        sent = [one for one in self._here() if one.digest in self._there]
        if sent:
            with self._blobs.alone():  # who keeps a content has appended what names it
                ends = {path.name: _size(path) for path in journals(self._spool.journals)}
                self._leaving.append((ends, [self._set_aside(one) for one in sent]))
                for path in self._blobs.abandoned():
                    path.unlink(missing_ok=True)
        there = {path.name for path in journals(self._spool.journals)}
        still = []
        for ends, paths in self._leaving:
            if any(lengths.get(name, 0) < end for name, end in ends.items() if name in there):
                still.append((ends, paths))
                continue
            for path in paths:
                path.unlink(missing_ok=True)
                self._there.discard(path.name)
        self._leaving = still

    def _here(self) -> list[_Waiting]:
        leaving = {path for _, paths in self._leaving for path in paths}
        found = [
            _Waiting(blob.digest, self._blobs.path(blob.digest), blob.size)
            for blob in self._blobs.all()
        ]
        # Those that a shipping process of before has set aside: it may have been killed.
        found += [
            _Waiting(path.name, path, _size(path))
            for path in sorted((self._blobs.folder / _SENT).glob("*"))
            if path not in leaving or path.name not in self._there
        ]
        return found

    def _work(self, queue: SimpleQueue[_Waiting], progress: _Progress) -> None:
        with closing(self._server.another()) as server:
            while True:
                try:
                    one = queue.get_nowait()
                except Empty:
                    return
                try:
                    self._deliver(server, one, progress)
                except FileNotFoundError:  # another process has sent it
                    continue
                except Refused as error:
                    self._refused.add(one.digest)
                    self._tell(f"the server refuses {one.path}, which stays here: {error}")

    def _deliver(self, server: Server, one: _Waiting, progress: _Progress) -> None:
        known = one.size >= ASKED_FROM and server.has(one.digest)
        if not known:
            server.send(one.digest, one.path)
        self._there.add(one.digest)
        progress.add(one.size, sent=not known)

    def _set_aside(self, one: _Waiting) -> Path:
        path = self._blobs.folder / _SENT / one.digest
        try:
            path.parent.mkdir(exist_ok=True)
            one.path.replace(path)
        except FileNotFoundError:  # another process did so
            pass
        except OSError as error:
            raise unwritable(path, error) from error
        return path


class _Progress:
    """Says now and then how far the contents of one pass are."""

    def __init__(self, waiting: list[_Waiting], tell: Callable[[str], None]) -> None:
        self._number = len(waiting)
        self._bytes = sum(one.size for one in waiting)
        self._tell = tell
        self._next = time.monotonic() + TOLD_EVERY
        self._done = self._done_bytes = 0
        self.sent = 0

    def add(self, size: int, *, sent: bool) -> None:
        """Count one; of threads that count at once a word may come twice, which does no harm."""
        self._done += 1
        self._done_bytes += size
        self.sent += size if sent else 0
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + TOLD_EVERY
            self._tell(
                f"{self._done:,} of {self._number:,} artifacts are there, "
                f"{self._done_bytes:,} of {self._bytes:,} bytes"
            )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
