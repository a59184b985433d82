"""The application: every route over one store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from whence.server.deferred import deferred
from whence.server.guard import MOST_FILE_BYTES, Guard, guarded
from whence.server.live import Live
from whence.server.metrics import KIND, metrics
from whence.server.native.endpoint import failed, json
from whence.server.native.health import health
from whence.server.page import serve_page
from whence.server.schedule import Schedule
from whence.server.shared import Shared
from whence.server.teller import Teller
from whence.store.projects import place_default
from whence.store.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from whence.server.artifact_root import ArtifactRoot
    from whence.server.hosts import Hosts

__all__ = ["MLFLOW", "Application", "application"]

MLFLOW = (
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


class Application(NamedTuple):
    """An ASGI application, and what ends its streams, which would go on for ever."""

    serve: ASGIApp
    end_streams: Callable[[], None]


def application(
    store: Path,
    hosts: Hosts,
    *,
    photos: tuple[Path, ...] = (),
    every: float = 60.0,
    link: str | None = None,
    most_file_bytes: int = MOST_FILE_BYTES,
    artifact_root: ArtifactRoot | None = None,
) -> Application:
    """Return the application over a store, behind its guard.

    Parameters
    ----------
    store
        The store's folder; made when absent.
    hosts
        What it is bound to, and the names it is reached by.
    photos
        The folders below which photos may be shown.
    every
        Seconds between two looks at what is new; 0 never looks.
    link
        Where people reach it: what messages link to.
    most_file_bytes
        The longest artifact that it takes.
    artifact_root
        Below which new experiments of MLflow's clients have their artifacts; None for the store.
    """
    live = Live()
    teller = Teller(store, live, link)
    schedule = Schedule(store, live, every, teller.poke)
    shared = Shared(store, photos, live, schedule, teller, artifact_root)
    opened = shared.store  # one that cannot be opened is an error now, not at a request
    if artifact_root is not None:
        artifact_root.check_apart(store)
        place_default(opened.metadata, artifact_root.uri)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        live.start()
        schedule.start()
        teller.start(schedule.is_pending)
        yield
        await run_in_threadpool(schedule.stop)
        await run_in_threadpool(teller.stop)

    async def root_metrics(_: Request) -> Response:
        return PlainTextResponse(
            await run_in_threadpool(lambda: metrics(shared.store)), media_type=KIND
        )

    routes = [
        *deferred(MLFLOW, partial(_mlflow, shared)),
        *deferred(["/api/{rest:path}"], partial(_native, shared)),
        Route("/health", _health),
        Route("/metrics", root_metrics),
        Route("/{rest:path}", serve_page),
    ]
    app = _RawPaths(
        Starlette(routes=routes, lifespan=lifespan, exception_handlers={Exception: _broken})
    )
    guard = Guard(hosts=hosts, keys=Tokens(store), most_file_bytes=most_file_bytes)
    return Application(guarded(app, guard), live.stop)


def _mlflow(shared: Shared) -> list[Route]:
    from whence.server.mlflow import mlflow_routes  # noqa: PLC0415 - a server starts without it

    return mlflow_routes(shared)


def _native(shared: Shared) -> list[Route]:
    from whence.server.native.routes import native_routes  # noqa: PLC0415 - the same

    return native_routes(shared)


async def _health(_: Request) -> Response:
    return json(health())


async def _broken(request: Request, error: Exception) -> Response:
    what = f"{request.url.path} failed: {type(error).__name__}"
    return failed(500, f"{what}; the server's log says where")


class _RawPaths:
    """Routes by the path as it was sent, so that a model's name may hold a slash (%2F)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            scope = {**scope, "path": scope["raw_path"].decode("latin-1").split("?")[0]}
        await self._app(scope, receive, send)
