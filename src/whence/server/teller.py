"""Tells people: one thread that composes and sends messages, whenever something may be due.

A thread of its own, because a mail server that does not answer must not keep models unwatched.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whence.errors import WhenceError
from whence.server.live import Change
from whence.store.folder import StoreFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from whence.server.live import Live

__all__ = ["Teller"]

_LOG = logging.getLogger("whence")

LONGEST_WAIT = 60.0
"""Seconds after which it looks in any case: silences and cooldowns end without a sign."""

ENDING = 5.0
"""Seconds that a message at hand has when the server stops; it stays to be sent otherwise."""


class Teller:
    """Sends what is due.

    Parameters
    ----------
    store
        The store's folder.
    live
        Told when a message was made or tried.
    link
        Where people reach the pages.
    """

    def __init__(self, store: Path, live: Live, link: str | None) -> None:
        self._path = store
        self._live = live
        self._link = link
        self._is_pending: Callable[[str, str], bool] = lambda _, __: False
        self._poked = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="teller", daemon=True)

    def start(self, is_pending: Callable[[str, str], bool]) -> None:
        """Begin; `is_pending` says whether a verdict on (model, incident) is being made."""
        self._is_pending = is_pending
        self._thread.start()

    def stop(self) -> None:
        """End after the message at hand, or without it if that takes long."""
        self._stopping.set()
        self._poked.set()
        self._thread.join(ENDING)

    def poke(self) -> None:
        """Have it look now; may be called from any thread."""
        self._poked.set()

    def _run(self) -> None:
        wait = LONGEST_WAIT
        while True:
            self._poked.wait(wait)
            self._poked.clear()
            if self._stopping.is_set():
                return
            wait = LONGEST_WAIT
            try:
                wait = self._round()
            except WhenceError as error:
                _LOG.warning("nobody could be told: %s", error)
            except Exception:  # noqa: BLE001 - logged whole; the next round tries again
                _LOG.exception("nobody could be told")

    def _round(self) -> float:
        """Tell what is due, and return the seconds until something may be due again."""
        from whence.notify.rounds import tell  # noqa: PLC0415 - a server starts without it

        store = StoreFolder(self._path)
        try:
            done = tell(store, link=self._link, is_pending=self._is_pending)
        finally:
            store.metadata.close()
        if done.made or done.sent or done.failed:
            self._live.tell(Change("", "message"))
        if done.next is None:
            return LONGEST_WAIT
        due = (done.next - datetime.now(UTC)).total_seconds()
        return min(max(due, 0.0), LONGEST_WAIT)
