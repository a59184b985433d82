"""Where MLflow's API is reached: its code is loaded when the first request for it comes.

A server that no client of MLflow talks to starts in half the time, and without it in memory.
"""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.routing import Route, Router

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from whence.server.shared import Shared

__all__ = ["PLACES", "mlflow_door"]

PLACES = (
    "/api/2.0/{rest:path}",
    "/api/3.0/{rest:path}",
    "/ajax-api/{rest:path}",
    "/get-artifact",
    "/model-versions/get-artifact",
    "/v1/traces",
    "/version",
    "//{rest:path}",
)
"""The paths that `whence.server.mlflow` answers."""


def mlflow_door(shared: Shared) -> list[Route]:
    """Return routes that take every request for MLflow's API."""
    inside = _Inside(shared)
    return [Route(place, inside) for place in PLACES]


class _Inside:
    """The API itself, behind the door."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._loading = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "_router" not in vars(self):
            await run_in_threadpool(self._load)
        await self._router(scope, receive, send)

    def _load(self) -> None:
        with self._loading:
            self._router  # noqa: B018 - kept from its first use on

    @cached_property
    def _router(self) -> Router:
        from whence.server.mlflow import mlflow_routes  # noqa: PLC0415 - as said above

        return Router(mlflow_routes(self._shared))
