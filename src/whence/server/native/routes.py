"""Every route of our own API, below its prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse
from starlette.routing import Route

from whence.server.blobs import blob_routes
from whence.server.journals import journal_routes
from whence.server.native.artifacts import content_route
from whence.server.native.endpoint import PREFIX, failed, json, route
from whence.server.native.endpoints import ENDPOINTS
from whence.server.native.openapi import describe_api

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from whence.server.shared import Shared

__all__ = ["native_routes"]


def native_routes(shared: Shared) -> list[Route]:
    """Return them; the last says of any other path that there is no such thing."""

    async def stream(_: Request) -> Response:
        return StreamingResponse(shared.live.stream(), media_type="text/event-stream", headers={
            "Cache-Control": "no-store", "X-Accel-Buffering": "no"})  # fmt: skip

    return [
        *(route(shared, one) for one in ENDPOINTS),
        content_route(shared),
        *journal_routes(shared.path, PREFIX),
        *blob_routes(shared.path, PREFIX),
        Route(f"{PREFIX}/live", stream),
        Route(f"{PREFIX}/openapi.json", _description),
        Route("/api/{rest:path}", _nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]


async def _description(_: Request) -> Response:
    return json(describe_api(ENDPOINTS))


async def _nothing(request: Request) -> Response:
    return failed(404, f"there is no {request.url.path}; see {PREFIX}/openapi.json")
