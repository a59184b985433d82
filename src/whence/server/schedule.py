"""Watches every model again and again, and makes the verdicts that are missing.

One thread: folding, counting and diagnosing take turns, as they do at the command line, and the
store's lease keeps them apart from other processes.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whence.api import jobs
from whence.errors import WhenceError
from whence.server.live import Change, Live
from whence.store import verdicts, watches
from whence.store.folder import StoreFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Schedule"]

_LOG = logging.getLogger("whence")


class Schedule:
    """The work that a server does by itself.

    Parameters
    ----------
    store
        The store's folder.
    live
        Told of what changed.
    every
        Seconds between two looks; 0 never looks, and only makes verdicts that are asked for.
    """

    def __init__(self, store: Path, live: Live, every: float) -> None:
        self._path = store
        self._live = live
        self._every = every
        self._asked: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._pending: set[tuple[str, str]] = set()
        self._seen: dict[str, tuple[object, ...]] = {}
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step at hand and end."""
        self._stopping.set()
        self._asked.put(None)
        self._thread.join()

    def ask(self, model: str, incident: str) -> None:
        """Have a verdict made on an incident; asking again while it waits changes nothing."""
        if (model, incident) not in self._pending:
            self._pending.add((model, incident))
            self._asked.put((model, incident))

    def is_pending(self, model: str, incident: str) -> bool:
        """Whether a verdict is being made, or waits for its turn."""
        return (model, incident) in self._pending

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            wait = max(due - time.monotonic(), 0.0) if self._every else None
            try:
                asked = self._asked.get(timeout=wait)
            except queue.Empty:
                self._look()
                due = time.monotonic() + self._every
                continue
            if asked is not None:
                self._diagnose(*asked)

    def _look(self) -> None:
        with _said("the store cannot be folded"):
            for model in jobs.models(self._path):
                if self._stopping.is_set():
                    return
                with _said(f"model {model!r} cannot be watched"):
                    self._watch(model)

    def _watch(self, model: str) -> None:
        report = jobs.watch(self._path, model)
        store = StoreFolder(self._path)
        try:
            seen = (watches.load(store, model), tuple(report.incidents))
            missing = [
                one.id
                for one in report.incidents
                if one.ended is None and verdicts.load(store, model, one.id) is None
            ]
        finally:
            store.metadata.close()
        if self._seen.get(model) != seen:
            self._seen[model] = seen
            self._live.tell(Change(model, "watch"))
        for incident in missing:
            self.ask(model, incident)

    def _diagnose(self, model: str, incident: str) -> None:
        # Where it fails the next look finds the verdict missing, and asks again.
        with _said(f"no verdict on incident {incident!r} of model {model!r}"):
            jobs.why(self._path, model, incident=incident)
        self._pending.discard((model, incident))
        self._live.tell(Change(model, "why"))


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Log what went wrong and go on: one model's trouble must not end the work on all others."""
    try:
        yield
    except WhenceError as error:
        _LOG.warning("%s: %s", what, error)
    except Exception:  # noqa: BLE001 - logged whole; the other models go on
        _LOG.exception("%s", what)
