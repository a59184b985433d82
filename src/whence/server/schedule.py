"""Watches every model again and again, and makes the verdicts that are missing.

One thread, which has a process beside it do the work: folding, counting and diagnosing take turns
there, as they do at the command line, and the store's lease keeps them apart from other processes.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whence.errors import WhenceError
from whence.server.live import Change, Live
from whence.server.news import News
from whence.server.worker import Worker
from whence.store import registry, runs, verdicts, watches
from whence.store.folder import StoreFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    after
        Called after each look and each verdict.
    """

    def __init__(self, store: Path, live: Live, every: float, after: Callable[[], None]) -> None:
        self._path = store
        self._live = live
        self._every = every
        self._after = after
        self._worker = Worker(store)
        self._news = News(store)
        self._asked: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._pending: set[tuple[str, str]] = set()
        self._seen: dict[str, tuple[object, ...]] = {}
        self._runs: tuple[object, ...] = ()
        self._registry = 0
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End, in the middle of the work at hand: a change is made whole or not at all."""
        self._stopping.set()
        self._asked.put(None)
        self._worker.end()
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
                self._after()
                due = time.monotonic() + self._every
                continue
            if asked is not None:
                self._diagnose(*asked)
                self._after()

    def _look(self) -> None:
        if not self._news.came():
            return
        with self._said("the store cannot be folded"):
            models = self._worker.models()
            self._tell_of_records()
            for model in models:
                if self._stopping.is_set():
                    return
                with self._said(f"model {model!r} cannot be watched"):
                    self._watch(model)
        self._news.looked()

    def _tell_of_records(self) -> None:
        store = StoreFolder(self._path)
        try:
            found, registered = runs.standing(store), registry.standing(store.metadata)
        finally:
            store.metadata.close()
        if found != self._runs:
            self._runs = found
            self._live.tell(Change("", "runs"))
        if registered != self._registry:
            self._registry = registered
            self._live.tell(Change("", "registry"))

    def _watch(self, model: str) -> None:
        self._worker.watch(model)
        store = StoreFolder(self._path)
        try:
            incidents = watches.incidents(store, model)
            seen = (watches.load(store, model), tuple(incidents))
            missing = [
                one.id
                for one in incidents
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
        with self._said(f"no verdict on incident {incident!r} of model {model!r}"):
            self._worker.why(model, incident)
        self._pending.discard((model, incident))
        self._live.tell(Change(model, "why"))

    @contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Log what went wrong and go on: one model's trouble must not end the work on others."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - logged whole; the other models go on
            if self._stopping.is_set():
                return  # the work was broken off on purpose
            self._news.again()
            if isinstance(error, WhenceError):
                _LOG.warning("%s: %s", what, error)
            else:
                _LOG.exception("%s", what)
