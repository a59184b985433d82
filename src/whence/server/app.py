"""The application: every route over one store."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from whence.server.blobs import blob_routes
from whence.server.guard import MOST_FILE_BYTES, Guard, guarded
from whence.server.journals import journal_routes
from whence.server.live import Live
from whence.server.metrics import KIND, metrics
from whence.server.mlflow_door import mlflow_door
from whence.server.native.artifacts import content_route
from whence.server.native.endpoint import PREFIX, Nothing, failed, json, route
from whence.server.native.endpoints import ENDPOINTS, health
from whence.server.native.openapi import describe_api
from whence.server.page import serve_page
from whence.server.schedule import Schedule
from whence.server.shared import Shared
from whence.server.teller import Teller
from whence.store.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from whence.server.hosts import Hosts

__all__ = ["Application", "application"]


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
    """
    live = Live()
    teller = Teller(store, live, link)
    schedule = Schedule(store, live, every, teller.poke)
    shared = Shared(store, photos, live, schedule, teller)
    shared.store  # noqa: B018 - a store that cannot be opened is an error now, not at a request

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        live.start()
        schedule.start()
        teller.start(schedule.is_pending)
        yield
        await run_in_threadpool(schedule.stop)
        await run_in_threadpool(teller.stop)

    async def stream(_: Request) -> Response:
        return StreamingResponse(live.stream(), media_type="text/event-stream", headers={
            "Cache-Control": "no-store", "X-Accel-Buffering": "no"})  # fmt: skip

    async def root_health(_: Request) -> Response:
        return json(health(shared, Nothing(), None))

    async def root_metrics(_: Request) -> Response:
        return PlainTextResponse(
            await run_in_threadpool(lambda: metrics(shared.store)), media_type=KIND
        )

    async def description(_: Request) -> Response:
        return json(describe_api(ENDPOINTS))

    routes = [
        *(route(shared, one) for one in ENDPOINTS),
        content_route(shared),
        *journal_routes(store, PREFIX),
        *blob_routes(store, PREFIX),
        Route(f"{PREFIX}/live", stream),
        Route(f"{PREFIX}/openapi.json", description),
        *mlflow_door(shared),
        Route("/api/{rest:path}", _nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/health", root_health),
        Route("/metrics", root_metrics),
        Route("/{rest:path}", serve_page),
    ]
    app = _RawPaths(
        Starlette(routes=routes, lifespan=lifespan, exception_handlers={Exception: _broken})
    )
    guard = Guard(hosts=hosts, keys=Tokens(store), most_file_bytes=most_file_bytes)
    return Application(guarded(app, guard), live.stop)


async def _nothing(request: Request) -> Response:
    return failed(404, f"there is no {request.url.path}; see {PREFIX}/openapi.json")


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
