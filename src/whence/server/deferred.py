"""Routes whose code is loaded when the first request for one of them comes.

So a server starts in half the time, and keeps in memory only what somebody asks for.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route, Router

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.types import Receive, Scope, Send

__all__ = ["deferred"]


def deferred(places: Iterable[str], load: Callable[[], list[Route]]) -> list[Route]:
    """Return routes that take every request for some paths.

    Parameters
    ----------
    places
        The paths, as Starlette writes them: all that `load` answers.
    load
        Returns the routes that answer; called once.
    """
    answering = _Deferred(load)
    return [Route(place, answering) for place in places]


class _Deferred:
    """The application of the routes."""

    def __init__(self, load: Callable[[], list[Route]]) -> None:
        self._routes = load
        self._loading = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "_router" not in vars(self):
            await run_in_threadpool(self._load)
        # The parameters of the path are those of the routes that answer.
        await self._router({**scope, "path_params": {}}, receive, send)

    def _load(self) -> None:
        with self._loading:
            self._router  # noqa: B018 - kept from its first use on

    @cached_property
    def _router(self) -> Router:
        return Router(self._routes())
