"""Files of artifacts over MLflow's API: taken in as they come, and sent to be saved."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from whence.errors import NotFound
from whence.journal.blobs import Blobs
from whence.server.files import attachment
from whence.server.mlflow.artifact_paths import (
    checked_path,
    folder_at,
    joined,
    paths_at,
    place_of_model,
    place_of_run,
    root_over,
)
from whence.server.mlflow.registry_rules import known_version
from whence.server.mlflow.wire import Refused, answered
from whence.server.uploads import received, refused
from whence.store import artifacts, contents, places

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from starlette.requests import Request

    from whence.server.shared import Shared
    from whence.store.contents import Receiver

__all__ = ["PROXY", "artifact_routes", "sent", "sent_from"]

PROXY = "2.0/mlflow-artifacts"
"""What the paths of the proxy of files begin with, below the prefix."""

_MOST_UPLOADED = 10 * 2**20
"""The longest file that the page of MLflow may upload, in bytes."""


def artifact_routes(shared: Shared) -> list[Route]:
    """Return the routes whose bodies or paths are not those of other calls."""
    put = _putting(shared)
    return [
        *(
            Route(f"/{prefix}/{PROXY}/artifacts/{{artifact_path:path}}", put, methods=["PUT"])
            for prefix in ("api", "ajax-api")
        ),
        Route("/ajax-api/2.0/mlflow/upload-artifact", _calling(shared, _uploaded),
              methods=["POST"]),
        Route("/get-artifact", _calling(shared, _file_of_run)),
        Route("/model-versions/get-artifact", _calling(shared, _file_of_version)),
        Route("/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files",
              _calling(shared, _file_of_model)),
    ]  # fmt: skip


def _calling(
    shared: Shared, call: Callable[[Shared, Request, bytes], Response]
) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(
            answered, request.url.path, lambda: call(shared, request, body)
        )

    return serve


def _putting(shared: Shared) -> Callable[[Request], Any]:
    async def put(request: Request) -> Response:
        where = request.url.path
        try:
            path = _path_to_put(unquote(request.path_params["artifact_path"]))
        except Refused as error:
            return await refused(request, answered(where, _raising(error)))

        def finish(receiver: Receiver) -> Response:
            receiver.put(shared.store, path)
            return Response()

        return await received(
            request,
            Blobs(shared.path / "artifacts"),
            finish,
            lambda error: answered(where, _raising(error)),
        )

    return put


def _raising(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def _path_to_put(path: str) -> str:
    if path.endswith("/") or not path:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Artifact path must include a filename (cannot end with '/').",
        )
    return checked_path(path)


def _uploaded(shared: Shared, request: Request, body: bytes) -> Response:
    """Keep a small file that a page sends."""
    asked = request.query_params
    for name in ("run_uuid", "path"):
        if not asked.get(name):
            raise Refused("INVALID_PARAMETER_VALUE", f"Request must specify {name}.")
    path = checked_path(asked["path"])
    if len(body) > _MOST_UPLOADED:
        raise Refused("INVALID_PARAMETER_VALUE", "Artifact size is too large. Max size is 10MB.")
    if not body:
        raise Refused("INVALID_PARAMETER_VALUE", "Request must specify data.")
    folder = folder_at(place_of_run(shared, asked["run_uuid"]))
    contents.put(shared.store, joined(folder, path), [body])
    return Response(media_type="application/json")


def _file_of_run(shared: Shared, request: Request, _: bytes) -> Response:
    asked = request.query_params
    path = _path_asked(asked.get("path"))
    run = asked.get("run_id") or asked.get("run_uuid")
    own = joined(places.folder_of_run(str(run)), path)
    return sent_from(shared, place_of_run(shared, run), path, own)


def _file_of_version(shared: Shared, request: Request, _: bytes) -> Response:
    asked = request.query_params
    path = _path_asked(asked.get("path"))
    version = known_version(shared, asked.get("name", ""), asked.get("version", ""))
    return sent_from(shared, version.place, path)


def _file_of_model(shared: Shared, request: Request, _: bytes) -> Response:
    path = request.query_params.get("artifact_file_path")
    if not path:
        raise Refused(
            "BAD_REQUEST", 'Request must include the "artifact_file_path" query parameter.'
        )
    place = place_of_model(shared, unquote(request.path_params["model_id"]))
    return sent_from(shared, place, checked_path(path))


def _path_asked(path: str | None) -> str:
    if path is None:
        raise Refused("BAD_REQUEST", 'Request must include the "path" query parameter.')
    return checked_path(path)


def sent_from(shared: Shared, place: str, path: str, *more: str) -> Response:
    """Return a file of a place, to be saved; else the first of further paths that is there."""
    outside = root_over(shared, place)
    if outside is None:
        return sent(shared, *paths_at(shared, place, path, more))
    content = outside.file(place, path)
    if content is not None:
        return attachment(content, path)
    if not any(artifacts.find(shared.store.metadata, one) for one in more):
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"No such artifact: '{path}'")
    return sent(shared, *more)


def sent(shared: Shared, *paths: str) -> Response:
    """Return the first of these files that is there, to be saved."""
    metadata = shared.store.metadata
    for path in paths:
        if path and artifacts.find(metadata, path) is not None:
            try:
                _, content = contents.file_of(shared.store, path)
            except NotFound as error:
                raise Refused("RESOURCE_DOES_NOT_EXIST", str(error)) from error
            return attachment(content, path)
    for path in paths:
        if artifacts.is_folder(metadata, path):
            raise Refused(
                "INVALID_PARAMETER_VALUE",
                f"Artifact path refers to a directory, not a file: '{path}'",
            )
    raise Refused("RESOURCE_DOES_NOT_EXIST", f"No such artifact: '{paths[0]}'")
