"""The blobs of clients: what their artifacts hold, sent before the records that name them.

``PUT /artifacts/{digest}`` takes a file with that SHA-256 and answers ``{"size": n}`` when it is
on the disk; ``HEAD`` says whether it is there, 200 or 404. Either keeps it for a day, in which the
record that names it comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from whence.errors import BadInput, WhenceError
from whence.journal.blobs import Blobs
from whence.server.uploads import received, refused
from whence.store.contents import offered

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from whence.store.contents import Receiver

__all__ = ["blob_routes"]

_BAD_REQUEST, _NOT_FOUND, _FAILED = 400, 404, 500


def blob_routes(store: Path, prefix: str) -> list[Route]:
    """Return the routes that take clients' blobs into a store, below a prefix of the path."""
    kept = Blobs(store / "artifacts")

    async def put(request: Request) -> Response:
        digest = request.path_params["digest"]
        try:
            kept.path(digest)
        except BadInput as error:
            return await refused(request, _failed(error))

        def finish(receiver: Receiver) -> Response:
            return _answer(200, size=receiver.offer(digest).size)

        return await received(request, kept, finish, _failed)

    async def head(request: Request) -> Response:
        return await run_in_threadpool(_there, kept, request.path_params["digest"])

    path = f"{prefix}/artifacts/{{digest}}"
    return [Route(path, put, methods=["PUT"]), Route(path, head, methods=["HEAD"])]


def _there(kept: Blobs, digest: str) -> Response:
    try:
        size = offered(kept, digest)
    except WhenceError as error:
        return _failed(error)
    return _answer(_NOT_FOUND, error="there is no such blob") if size is None else _answer(200)


def _failed(error: WhenceError) -> Response:
    return _answer(_BAD_REQUEST if isinstance(error, BadInput) else _FAILED, error=str(error))


def _answer(status: int, **said: object) -> Response:
    return Response(msgspec.json.encode(said), status, media_type="application/json")
