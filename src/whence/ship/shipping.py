"""Shipping: what one process does for all that record into a spool."""

from __future__ import annotations

import os
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from whence.journal import alive, journals, lock, read
from whence.journal.header import read_header
from whence.journal.unwritable import unwritable
from whence.ship.deliver import deliver
from whence.ship.server import Away, Refused
from whence.ship.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from whence.ship.server import Server
    from whence.ship.spool import Spool

__all__ = ["Passed", "Shipping", "ship"]

SOONEST, LATEST = 0.1, 1.0
"""Seconds between two looks at the spool: while something moves, and when nothing does."""

FIRST_RETRY, LAST_RETRY = 0.5, 30.0
"""Seconds until a server that is away is tried again: at first, and at most."""

FORGOTTEN = 24 * 3600
"""A journal whose process cannot be asked, for it wrote on another machine or before this one was
last started, is over when it has not grown for so many seconds."""


class Passed(NamedTuple):
    """What one pass over a spool did: bytes sent, journals done with, journals that are left.

    Those that the server refuses are not counted among the last: they wait for a person.
    """

    sent: int
    done: int
    left: int


class _Seen(NamedTuple):
    """A journal, whether it is over, and how long it was before its artifacts were looked for."""

    path: Path
    over: bool
    size: int


class Shipping:
    """Passes over one spool; remembers what the server has and what it refuses.

    Parameters
    ----------
    spool, server
        From where to where.
    tell
        Hears what a person may want to know.
    """

    def __init__(self, spool: Spool, server: Server, tell: Callable[[str], None]) -> None:
        self._spool = spool
        self._server = server
        self._tell = tell
        self._lengths: dict[str, int] = {}
        self._refused: set[str] = set()
        self._uploads = Uploads(spool, server, tell)

    def waiting(self) -> list[Path]:
        """Return the journals that are there and not refused, the oldest first."""
        return [path for path in journals(self._spool.journals) if path.name not in self._refused]

    def once(self) -> Passed:
        """Send artifacts and what all journals have gained; remove what is delivered and over.

        Raises
        ------
        Away, Locked
            If the server takes nothing.
        """
        seen = [self._look(path) for path in self.waiting()]
        try:
            # All that the records seen so far name: a content is there before its record.
            sent, done, left = self._uploads.send(), 0, 0
            for one in filter(None, seen):
                try:
                    gained, over = self._one(one)
                except FileNotFoundError:  # another process has delivered it
                    continue
                except Refused as error:
                    self._refused.add(one.path.name)
                    self._tell(f"the server refuses {one.path.name}, which stays here: {error}")
                    continue
                sent, done, left = sent + gained, done + over, left + (not over)
        except Away:
            self._uploads.ask_again()
            raise
        self._uploads.tidy(self._lengths)
        return Passed(sent, done, left)

    def _look(self, path: Path) -> _Seen | None:
        """Return how a journal stands; None if it is gone."""
        try:
            over = _is_over(path)  # asked first: whoever is dead then has written all it ever will
            return _Seen(path, over, path.stat().st_size)
        except FileNotFoundError:
            return None

    def _one(self, seen: _Seen) -> tuple[int, bool]:
        """Send one journal; return how many bytes that were, and whether it is done with."""
        path, over, size = seen
        if read_header(path) is None and next(read(path), None) is None:
            # Its process was killed, or is about to write, the first bytes.
            if over:
                path.unlink(missing_ok=True)
            return 0, over
        before = self._lengths.get(path.name)
        if before is None:
            before = self._server.length(path.stem)
        length = self._lengths[path.name] = deliver(self._server, path, before, size)
        if over and length >= size and self._end(path, length):
            return length - before, True
        return length - before, False

    def _end(self, path: Path, length: int) -> bool:
        """Say that a journal is over, and remove it when the server has understood."""
        reply = self._server.append(path.stem, length, b"", ended=True)
        self._lengths[path.name] = reply.length
        if reply.taken:
            path.unlink(missing_ok=True)
            del self._lengths[path.name]
        return reply.taken


def _is_over(path: Path) -> bool:
    living = alive(path)
    return not living if living is not None else time.time() - path.stat().st_mtime > FORGOTTEN


def ship(
    spool: Spool,
    server: Server,
    *,
    idle: float | None,
    tell: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Ship a spool until nothing has been in it for a while.

    While a process that records is alive its journal is in the spool, so this goes on.

    Parameters
    ----------
    spool, server
        From where to where.
    idle
        Seconds without journals after which to end; None goes on for ever.
    tell
        Hears what a person may want to know.
    sleep
        Waits.

    Returns
    -------
    bool
        False if another process ships this spool.

    Raises
    ------
    Locked
        If the server lets this client do nothing.
    """
    shipping = Shipping(spool, server, tell)
    while True:
        with _alone(spool.lock) as alone:
            if not alone:
                return False
            _until_idle(shipping, idle, tell, sleep)
        # Who began to record a moment ago has seen the lock held, and relies on this process.
        if not shipping.waiting():
            return True


def _until_idle(
    shipping: Shipping,
    idle: float | None,
    tell: Callable[[str], None],
    sleep: Callable[[float], None],
) -> None:
    pause, retry, still = SOONEST, FIRST_RETRY, 0.0
    away: str | None = None
    while True:
        try:
            passed = shipping.once()
        except Away as error:
            if away is None:
                tell(f"{error}; everything stays here until it does")
            away, still = str(error), 0.0
            # Not all clients at the same moment.
            sleep(retry * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            retry = min(2 * retry, LAST_RETRY)
            continue
        if away is not None:
            tell("the server is back")
        away, retry = None, FIRST_RETRY
        pause = SOONEST if passed.sent or passed.done else min(2 * pause, LATEST)
        still = 0.0 if passed.left else still + pause
        sleep(pause)
        if idle is not None and not passed.left and still >= idle:
            return


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Hold the lock on a file, unless some process does; say whether."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        alone = lock.try_hold(descriptor)
        if alone:
            os.ftruncate(descriptor, 0)
            os.write(descriptor, b"%d\n" % os.getpid())  # for people; the lock is what counts
        yield alone
        if alone:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
