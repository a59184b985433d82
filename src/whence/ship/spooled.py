"""Recording for a server: into the spool, as into a store, and somebody ships it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from whence.errors import StoreError
from whence.journal import Writer
from whence.record import writers
from whence.ship.deliver import deliver
from whence.ship.server import Away, Locked, Refused, Server
from whence.ship.spool import spool_for
from whence.ship.start import is_shipped, start
from whence.ship.uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path

    from whence.journal import Segment
    from whence.ship.spool import Spool

__all__ = ["SpooledWriter", "record_for"]

LOOK_EVERY = 30.0
"""Seconds between two looks whether the shipping process is there."""

FLUSH_SECONDS = 60.0
"""How long `flush` waits for a server that is away."""

_SOONEST, _LATEST = 0.05, 1.0
"""Seconds until `flush` tries again: at first, and at most."""


def record_for(server: str) -> Path:
    """Return the folder in which this process records for a server; nothing is made yet.

    Raises
    ------
    BadInput
        If it is no address of a server.
    """
    spool = spool_for(server)
    writers.use(spool.folder, partial(SpooledWriter, spool))
    return spool.folder


class SpooledWriter(Writer):
    """A writer that sees to it that its journal is shipped.

    An append waits for the network as little as it does for a store's folder: each new journal,
    and an append now and then, looks whether a lock is held.

    Parameters
    ----------
    spool
        Where to; made when absent.

    Raises
    ------
    NewerStore, StoreError, Unwritable
        If the spool cannot be used.
    """

    def __init__(self, spool: Spool) -> None:
        spool.make()
        super().__init__(spool.journals)
        self._spool = spool
        self._seen: Path | None = None  # no segment: who holds one keeps its journal alive
        self._look_at = 0.0

    def segment(self) -> Segment:
        """Return the file to write to now; see `Writer.segment`."""
        segment = super().segment()
        now = time.monotonic()
        if segment.path is not self._seen or now >= self._look_at:
            # Noted first: other threads need not look too. The file is there before the look, so
            # a process that is about to end sees it.
            self._seen, self._look_at = segment.path, now + LOOK_EVERY
            if not is_shipped(self._spool):
                start(self._spool)
        return segment

    def flush(self) -> None:
        """Wait until all that was appended is on this machine's disk, and the server has it.

        Raises
        ------
        Unwritable
            If the disk reports an error.
        StoreError
            If the server does not take it, or not in time.
        """
        super().flush()
        server = Server(self._spool.server, seconds=FLUSH_SECONDS)
        try:
            self._deliver(server, time.monotonic() + FLUSH_SECONDS)
        except Away as error:
            raise StoreError(
                f"{error}; after {FLUSH_SECONDS:g} seconds not all of what this process recorded "
                f"is there. It stays in {self._spool.folder} and is sent when the server is back"
            ) from error
        except (Locked, Refused) as error:
            raise StoreError(
                f"the server did not take what this process recorded, which stays in "
                f"{self._spool.folder}: {error}"
            ) from error
        finally:
            server.close()

    def _deliver(self, server: Server, deadline: float) -> None:
        """Send what is in this writer's journals, whoever else may be sending it."""
        pause = _SOONEST
        uploads = Uploads(self._spool, server, _silent)
        for path in sorted(self.folder.glob(f"{self._name}-*")):
            while True:
                try:
                    end = path.stat().st_size
                    uploads.send()
                    deliver(server, path, server.length(path.stem), end)
                except FileNotFoundError:  # delivered, and removed
                    break
                except Away:
                    uploads.ask_again()
                    if time.monotonic() + pause > deadline:
                        raise
                else:
                    break
                time.sleep(pause)
                pause = min(2 * pause, _LATEST)


def _silent(_: str) -> None:
    """Say nothing of how far it is: who waits for a flush sees that."""
