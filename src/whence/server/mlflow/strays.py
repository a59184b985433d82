"""Requests that no call of MLflow's API answers: of another method, or to another path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Match, Route

from whence.server.mlflow.wire import Refused, answered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["stray_routes"]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def stray_routes(known: Sequence[Route]) -> list[Route]:
    """Return the routes of what none of the known routes takes; they come after those.

    A path that is known is answered with 405 and its methods, and any other with 404: clients
    tell a server that is too old for a call by it. Slashes in front of a path are one slash.
    """
    stray = _stray(known)
    return [
        *(
            Route(f"{prefix}/{{rest:path}}", stray, methods=_METHODS)
            for prefix in ("/api/2.0", "/api/3.0", "/ajax-api")
        ),
        Route("//{rest:path}", _with_one_slash, methods=_METHODS),
    ]


def _stray(known: Sequence[Route]) -> Callable[[Request], Any]:
    async def stray(request: Request) -> Response:
        methods = {
            method
            for route in known
            if route.matches(request.scope)[0] is Match.PARTIAL
            for method in route.methods or ()
        }
        if methods:
            allowed = {"Allow": ", ".join(sorted(methods))}
            return PlainTextResponse("Method Not Allowed", 405, headers=allowed)
        return answered(request.url.path, lambda: _refuse(request.url.path))

    return stray


def _refuse(path: str) -> None:
    raise Refused("ENDPOINT_NOT_FOUND", f"there is no {path} here; docs/mlflow.md lists what is")


async def _with_one_slash(request: Request) -> Response:
    path = "/" + request.scope["path"].lstrip("/")
    # The whole address: what begins with two slashes, or one and a backslash, names a host.
    return RedirectResponse(str(request.url.replace(path=path)), status_code=308)
