"""OpenTelemetry's traces over HTTP: what any of its exporters sends.

``POST /v1/traces`` in protobuf or JSON, with the experiment's id in the header
``x-mlflow-experiment-id``, and perhaps a run's in ``x-mlflow-run-id``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from whence.errors import BadInput, MissingDependency
from whence.server.mlflow.experiments import experiment
from whence.server.mlflow.rules import check_length, check_name
from whence.server.mlflow.wire import Refused, answered
from whence.store import traces
from whence.store.trace_spans import add_spans

if TYPE_CHECKING:
    from starlette.requests import Request

    from whence.server.mlflow.otlp_spans import Received
    from whence.server.shared import Shared

__all__ = ["otlp_routes"]

_EXPERIMENT, _RUN = "x-mlflow-experiment-id", "x-mlflow-run-id"
_PROTOBUF, _JSON = "application/x-protobuf", "application/json"

_KEY, _TAG, _LONGEST_NAME = 250, 8000, 4096
"""Of tags, in characters; a tag with another key is left out, a longer value is cut."""

_BAD_REQUEST, _UNPROCESSABLE, _NOT_IMPLEMENTED = 400, 422, 501


def otlp_routes(shared: Shared) -> list[Route]:
    """Return the route that takes spans."""

    async def export(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(
            answered, request.url.path, lambda: _export(shared, request, body)
        )

    return [Route("/v1/traces", export, methods=["POST"])]


class _NotTakenError(Exception):
    """What is wrong with a request, as MLflow's server says it."""

    def __init__(self, status: int, detail: object) -> None:
        super().__init__(str(detail))
        self.status = status
        self.detail = detail


def _export(shared: Shared, request: Request, body: bytes) -> Response:
    try:
        of = _experiment_of(request)
        found = _received(_media_of(request), body)
    except _NotTakenError as error:
        content = msgspec.json.encode({"detail": error.detail})
        return Response(content, error.status, media_type=_JSON)
    if found.spans:
        _keep(shared, of, found, request.headers.get(_RUN))
    # An answer without a word is the message of a success.
    return Response(b"", media_type=_PROTOBUF)


def _experiment_of(request: Request) -> str:
    of = request.headers.get(_EXPERIMENT)
    if of is None:
        missing = {"type": "missing", "loc": ["header", _EXPERIMENT], "msg": "Field required"}
        raise _NotTakenError(_UNPROCESSABLE, [missing | {"input": None}])
    return of


def _media_of(request: Request) -> str:
    said = request.headers.get("content-type")
    media = said.split(";")[0].strip() if said else ""
    if media not in {_PROTOBUF, _JSON}:
        raise _NotTakenError(
            _BAD_REQUEST, f"Invalid Content-Type: {said}. Expected: {_PROTOBUF} or {_JSON}"
        )
    return media


def _received(media: str, body: bytes) -> Received:
    try:
        # The messages are loaded with the first spans: most servers never see one.
        from whence.server.mlflow import otlp_spans  # noqa: PLC0415
    except ImportError as error:
        missing = MissingDependency(error.name or "opentelemetry", "server")
        raise _NotTakenError(_NOT_IMPLEMENTED, str(missing)) from error
    try:
        decode = otlp_spans.decode_json if media == _JSON else otlp_spans.decode_protobuf
        message = decode(body)
    except BadInput as error:
        raise _NotTakenError(_BAD_REQUEST, "Invalid OpenTelemetry format") from error
    if not message.resource_spans:
        raise _NotTakenError(_BAD_REQUEST, "Invalid OpenTelemetry format - no spans found")
    try:
        return otlp_spans.received(message)
    except otlp_spans.NoSpan as error:
        what = "Cannot convert OpenTelemetry span to MLflow span"
        raise _NotTakenError(_UNPROCESSABLE, what) from error


def _keep(shared: Shared, of: str, found: Received, run: str | None) -> None:
    metadata = shared.store.metadata
    tags = {trace: _kept_tags(said) for trace, said in found.tags.items()}
    names = {trace: name for trace, name in found.names.items() if len(name) <= _LONGEST_NAME}
    with metadata.transaction():
        project = experiment(shared, of)
        add_spans(metadata, project.id, found.spans, tags, names)
        if run:
            traces.link(metadata, found.rooted, "run", [run])


def _kept_tags(said: dict[str, str]) -> dict[str, str]:
    kept = {}
    for key, value in said.items():
        try:
            check_name(key, "key")
            check_length("key", _KEY, key)
        except Refused:
            continue  # as MLflow does: one odd attribute shall not cost the spans
        kept[key] = value[:_TAG]
    return kept
