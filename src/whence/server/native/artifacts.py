"""The artifacts of a run: what there is, and each file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from whence.errors import WhenceError
from whence.server.files import shown
from whence.server.native.endpoint import PREFIX, Endpoint, failed, status_of
from whence.store.places import artifacts_of, file_in
from whence.types.artifacts import ArtifactRow
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from whence.server.shared import Shared

__all__ = ["ARTIFACTS", "content_route"]


class OfRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run, by its whole id."""

    run: str


def list_artifacts(shared: Shared, given: OfRun, _: None) -> list[ArtifactRow]:
    """Return every file of a run, by path; the content is at the same address with the path."""
    return artifacts_of(shared.store, given.run)


ARTIFACTS = (
    Endpoint("GET", "/runs/{run}/artifacts", list_artifacts, OfRun, gives=list[ArtifactRow]),
)


def content_route(shared: Shared) -> Route:
    """Return the route of each file's content: pictures and texts are shown, others saved."""

    async def get(request: Request) -> Response:
        return await run_in_threadpool(_answered, lambda: _content(shared, request))

    return Route(f"{PREFIX}/runs/{{run}}/artifacts/{{path:path}}", get)


def _content(shared: Shared, request: Request) -> Response:
    run, path = (unquote(request.path_params[name]) for name in ("run", "path"))
    found, content = file_in(shared.store, run, safe_path(path))
    return shown(content, path, found.size)


def _answered(run: Callable[[], Any]) -> Response:
    try:
        answer: Response = run()
    except WhenceError as error:
        return failed(status_of(error), str(error))
    return answer
