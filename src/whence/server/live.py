"""Server-sent events: what changed, told to every page that is open."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Change", "Live"]

HEARTBEAT = 15.0
"""Seconds after which an idle connection gets a comment, so that no proxy takes it for dead."""

MOST_WAITING = 100
"""Changes that a slow reader may be behind; it is cut off then, and reads all when it returns."""


class Change(msgspec.Struct, frozen=True):
    """Something changed: a watch, a verdict, words, runs, the registry, silences, messages."""

    model: str
    what: str


class Live:
    """Hands changes from any thread to all open streams."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: set[asyncio.Queue[Change | None]] = set()

    def start(self) -> None:
        """Begin, in the loop that serves the streams."""
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """End all streams."""
        for queue in self._streams:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)

    def tell(self, change: Change) -> None:
        """Tell every open page; may be called from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._hand_out, change)

    def _hand_out(self, change: Change) -> None:
        for queue in list(self._streams):
            try:
                queue.put_nowait(change)
            except asyncio.QueueFull:
                self._streams.discard(queue)

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the events of one connection until it or the server ends."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(MOST_WAITING)
        self._streams.add(queue)
        try:
            yield b": open\n\n"
            while queue in self._streams:
                try:
                    change = await asyncio.wait_for(queue.get(), HEARTBEAT)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                if change is None:
                    return
                yield b"event: changed\ndata: " + msgspec.json.encode(change) + b"\n\n"
        finally:
            self._streams.discard(queue)
