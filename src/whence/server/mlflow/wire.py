"""How MLflow's clients speak: requests into structs, answers and errors into JSON.

The requests are messages of MLflow's proto files as JSON, or as query parameters; the answers
leave out what is not set, and every error is an `error_code` and a `message`. Each call is under
two prefixes, `/api/` for programs and `/ajax-api/` for pages.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_origin

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from whence.errors import BadInput, Busy, NotFound, WhenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from msgspec.structs import FieldInfo
    from starlette.requests import Request

    from whence.server.shared import Shared

__all__ = ["Call", "Message", "Refused", "answered", "number", "required", "routes_of"]

_LOG = logging.getLogger("whence")

Code = Literal[
    "BAD_REQUEST",
    "ENDPOINT_NOT_FOUND",
    "INTERNAL_ERROR",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "NOT_IMPLEMENTED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_CONFLICT",
    "RESOURCE_DOES_NOT_EXIST",
    "TEMPORARILY_UNAVAILABLE",
]

_STATUS: dict[str, int] = {
    "BAD_REQUEST": 400,
    "ENDPOINT_NOT_FOUND": 404,
    "INTERNAL_ERROR": 500,
    "INVALID_PARAMETER_VALUE": 400,
    "INVALID_STATE": 500,
    "NOT_IMPLEMENTED": 501,
    "RESOURCE_ALREADY_EXISTS": 400,
    "RESOURCE_CONFLICT": 409,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "TEMPORARILY_UNAVAILABLE": 503,
}
"""HTTP status by error code, as MLflow's server answers."""

_INVALID, _BROKEN = "KAM00", "XXM00"
"""SQLSTATEs: what the caller did wrong, and what the server did."""

_CLASS: dict[str, tuple[str, str]] = {
    "BAD_REQUEST": (_INVALID, "INVALID_PARAMETER_VALUE"),
    "ENDPOINT_NOT_FOUND": (_INVALID, "RESOURCE_NOT_FOUND"),
    "INTERNAL_ERROR": (_BROKEN, "CLIENT_INTERNAL_ERROR"),
    "INVALID_PARAMETER_VALUE": (_INVALID, "INVALID_PARAMETER_VALUE"),
    "INVALID_STATE": (_BROKEN, "CLIENT_INTERNAL_ERROR"),
    "RESOURCE_ALREADY_EXISTS": (_INVALID, "RESOURCE_ALREADY_EXISTS"),
    "RESOURCE_DOES_NOT_EXIST": (_INVALID, "RESOURCE_NOT_FOUND"),
    "TEMPORARILY_UNAVAILABLE": (_BROKEN, "CLIENT_INTERNAL_ERROR"),
}
"""SQLSTATE and class by error code, for those codes that have them."""

_SEE = " See the API docs for more information about request parameters."


class Refused(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    code
        One of MLflow's error codes.
    message
        What its clients show.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


class Message(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A message of the proto files; what is not set is left out of the JSON.

    A field without a default is one the call cannot do without.
    """


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one path.

    Attributes
    ----------
    method
        ``"GET"``, ``"POST"``, ...
    path
        Below the prefix, with its version and with parameters in braces:
        ``"2.0/mlflow/runs/get"``.
    run
        Called in a thread with what the server shares and the request; returns what the answer's
        JSON holds, a `Response`, or None for an empty answer.
    takes
        What the request is; its fields are those of the message and of the path.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    run: Callable[[Shared, Any], object]
    takes: type[Message] = Message


def routes_of(shared: Shared, calls: Iterable[Call]) -> list[Route]:
    """Return the calls as routes of the application."""
    return [
        Route(f"/{prefix}/{call.path}", _serve(shared, call), methods=[call.method])
        for call in calls
        for prefix in ("api", "ajax-api")
    ]


def _serve(shared: Shared, call: Call) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, shared, call, request, body)

    return serve


def _answer(shared: Shared, call: Call, request: Request, body: bytes) -> Response:
    def run() -> object:
        if not {*call.takes.__struct_fields__} <= request.path_params.keys():
            _check_kind(request)  # a call that reads nothing but its path has no body to check
        return call.run(shared, _read(_said(call, request, body), call.takes))

    return answered(request.url.path, run)


def _check_kind(request: Request) -> None:
    """Refuse a body that is not said to be JSON."""
    if request.method != "GET" or not request.query_params:
        kind = request.headers.get("content-type")
        if kind is None and request.method not in {"GET", "DELETE"}:
            raise Refused("INVALID_PARAMETER_VALUE", "Bad Request. Content-Type header is missing.")
        if kind is not None and kind.partition(";")[0].strip() != "application/json":
            raise Refused(
                "INVALID_PARAMETER_VALUE",
                "Bad Request. Content-Type must be one of ['application/json'].",
            )


def answered(path: str, run: Callable[[], object]) -> Response:
    """Return what a call says as an answer, and what it refuses as an error.

    Parameters
    ----------
    path
        What was asked for; the log names it.
    run
        Returns what `Call.run` does.
    """
    try:
        found = run()
    except Refused as refused:
        return _failed(refused.code, str(refused))
    except WhenceError as error:
        code = _code(error)
        if code == "INTERNAL_ERROR":
            _LOG.warning("%s: %s", path, error)
        return _failed(code, str(error))
    if isinstance(found, Response):
        return found
    return Response(
        msgspec.json.encode({} if found is None else found), media_type="application/json"
    )


def _code(error: WhenceError) -> Code:
    if isinstance(error, NotFound):
        return "RESOURCE_DOES_NOT_EXIST"
    if isinstance(error, BadInput):
        return "INVALID_PARAMETER_VALUE"
    return "TEMPORARILY_UNAVAILABLE" if isinstance(error, Busy) else "INTERNAL_ERROR"


def _failed(code: Code, message: str) -> Response:
    said = {"error_code": code, "message": message}
    if code in _CLASS:
        said["sqlstate"], said["error_class"] = _CLASS[code]
    content = msgspec.json.encode(said)
    return Response(content, _STATUS[code], media_type="application/json")


def _said(call: Call, request: Request, body: bytes) -> dict[str, Any]:
    """Return the fields of a request as they were sent."""
    given: dict[str, Any] = {}
    if call.method == "GET" and request.query_params:
        lists = _lists(call.takes)
        for name in request.query_params:
            several = request.query_params.getlist(name)
            given[name] = several if name in lists else several[-1]
    elif body:
        given = _decoded(body)
    return given | request.path_params


def _decoded(body: bytes) -> dict[str, Any]:
    """Return the JSON of a body; what is none counts as nothing said, as it does for MLflow."""
    try:
        found = json.loads(body)  # not msgspec: clients send NaN and Infinity as they are
        if isinstance(found, str):  # old clients encode it twice
            found = json.loads(found)
    except ValueError:
        return {}
    if _HALF in body.lower():
        _check_text(found)
    return found if isinstance(found, dict) else {}


_HALF = b"\\ud"
"""How JSON escapes begin that may be half a character."""


def _check_text(found: object) -> None:
    """Refuse texts that no encoding can hold: halves of characters that JSON may escape."""
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"A text of the request cannot be kept: {error.reason}.",
        ) from None


@cache
def _lists(kind: type[Message]) -> frozenset[str]:
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(kind)
        if get_origin(field.type) is list
    )


def _read(given: dict[str, Any], kind: type[Message]) -> Message:
    """Return the request, or refuse it in MLflow's words."""
    given = {name: value for name, value in given.items() if value is not None}
    try:
        found = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        for field in _fields(kind):
            _check_field(given.get(field.encode_name), field, error)
        raise Refused("INVALID_PARAMETER_VALUE", f"{error}.{_SEE}") from error
    for field in _fields(kind):
        # Absent texts are empty ones to a proto, so an empty one is no value.
        if field.required:
            required(given[field.encode_name], field.encode_name)
    return found


@cache
def _fields(kind: type[Message]) -> tuple[FieldInfo, ...]:
    """Return the fields in the order in which they are declared, those of bases first."""
    bases = [base for base in reversed(kind.__mro__) if issubclass(base, Message)]
    order = list(dict.fromkeys(name for base in bases for name in base.__struct_fields__))
    return tuple(sorted(msgspec.structs.fields(kind), key=lambda field: order.index(field.name)))


def _check_field(value: object, field: FieldInfo, wrong: Exception) -> None:
    """Refuse a field that is missing, or of another kind."""
    if field.required:
        required(value, field.encode_name)
    if value is None:
        return
    try:
        msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError:
        shown = json.dumps(value, sort_keys=True, separators=(",", ":"))
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {shown} for parameter '{field.encode_name}' supplied: "
            f" Hint: Value was of type '{type(value).__name__}'.{_SEE}",
        ) from wrong


def required(value: object, name: str) -> None:
    """Refuse a request that lacks a value."""
    if value is None or value == "":
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Missing value for required parameter '{name}'.{_SEE}",
        )


def number(value: float | None) -> float | str:
    """Return a metric's value as JSON can hold it: None is what is no number."""
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
