"""One endpoint: what it takes, what it answers, and the function between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from whence.errors import BadInput, Busy, NotFound, WhenceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from whence.server.shared import Shared

__all__ = ["PREFIX", "Answer", "Endpoint", "Nothing", "failed", "json", "route", "status_of"]

PREFIX = "/api/v1"

Method = Literal["GET", "POST"]


class Nothing(msgspec.Struct, frozen=True):
    """No parameters; an empty object."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not a struct as JSON with status 200."""

    content: bytes
    kind: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes
    ----------
    method, path
        The path below `PREFIX`, with its parameters in braces.
    run
        Called in a thread with what the server shares, the parameters of path and query, and
        the body; its docstring is what the documentation says.
    takes, body, gives
        Structs of the parameters and the body, and the type of the answer; None for a body that
        there is not, and for an answer that is no JSON.
    """

    method: Method
    path: str
    run: Callable[[Shared, Any, Any], Any]
    takes: type[msgspec.Struct] = Nothing
    body: type[msgspec.Struct] | None = None
    gives: Any = None


def route(shared: Shared, endpoint: Endpoint) -> Route:
    """Return the endpoint as a route of the application."""

    async def serve(request: Request) -> Response:
        body = await request.body() if endpoint.body is not None else b""
        return await run_in_threadpool(_serve, shared, endpoint, request, body)

    return Route(PREFIX + endpoint.path, serve, methods=[endpoint.method])


def _serve(shared: Shared, endpoint: Endpoint, request: Request, body: bytes) -> Response:
    try:
        given = {name: value for name, value in request.query_params.items() if value}
        given |= {name: unquote(value) for name, value in request.path_params.items()}
        takes = _converted(given, endpoint.takes)
        sent = None if endpoint.body is None else _decoded(body, endpoint.body)
        found = endpoint.run(shared, takes, sent)
    except WhenceError as error:
        return failed(status_of(error), str(error))
    if isinstance(found, Answer):
        return Response(found.content, found.status, dict(found.headers), media_type=found.kind)
    return json(found)


def _converted(given: dict[str, str], wanted: type[msgspec.Struct]) -> msgspec.Struct:
    known = {field.encode_name for field in msgspec.structs.fields(wanted)}
    strange = sorted(given.keys() - known)
    if strange:
        raise BadInput(
            f"there is no parameter {strange[0]!r} here; there are: {', '.join(sorted(known))}"
        )
    try:
        return msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"a parameter cannot be used: {error}") from error


def _decoded(body: bytes, wanted: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.json.decode(body, type=wanted)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"the body is not the JSON that is expected here: {error}") from error


def status_of(error: WhenceError) -> int:
    """Return the HTTP status that says what kind of error it is."""
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Busy):
        return 503
    return 400 if isinstance(error, BadInput) else 500


def json(found: object, status: int = 200) -> Response:
    """Return a struct as JSON."""
    content = msgspec.json.encode(found)
    return Response(content, status, {"Cache-Control": "no-store"}, media_type="application/json")


def failed(status: int, message: str) -> Response:
    """Return an error as the API gives it: what, the value, the fix."""
    return json({"error": message}, status)
