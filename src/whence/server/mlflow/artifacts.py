"""Artifacts: MLflow's proxy of files, and what lies in the folders of runs and models."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from whence.server.mlflow.artifact_files import PROXY, sent
from whence.server.mlflow.artifact_paths import (
    checked_path,
    joined,
    paths_at,
    place_of_model,
    place_of_run,
    root_over,
)
from whence.server.mlflow.wire import Call, Message, Refused, required
from whence.store import artifacts, holders, places

if TYPE_CHECKING:
    from starlette.responses import Response

    from whence.server.shared import Shared
    from whence.store.artifacts import Entry

__all__ = ["ARTIFACTS"]

_LONGEST_EXPIRATION = 604_800
"""Seconds: a week, which is what stores of objects allow."""

_DEFAULT_EXPIRATION = 900


class List(Message):
    """A folder."""

    path: str = ""


class ListOfRun(List):
    """A folder of a run; `run_uuid` is what old clients say."""

    run_id: str = ""
    run_uuid: str = ""


class ListOfModel(Message):
    """A folder of a logged model."""

    model_id: str
    artifact_directory_path: str = ""


class OfPath(Message):
    """A file or folder, by the path in the URL."""

    artifact_path: str = ""


class Multipart(OfPath, kw_only=True):
    """A file in several parts."""

    path: str
    num_parts: int = 0
    upload_id: str = ""


class Parts(Multipart, kw_only=True):
    """The parts of a file that were sent."""

    parts: list[object]


class Upload(Message):
    """An address to send a file to, of a run or a logged model."""

    path: str
    run_id: str = ""
    model_id: str = ""
    expiration: int = _DEFAULT_EXPIRATION


class Download(Message):
    """An address to fetch a file of a run from."""

    run_id: str
    path: str
    expiration: int = _DEFAULT_EXPIRATION


class FileInfo(Message):
    """A file or folder."""

    path: str
    is_dir: bool
    file_size: int | msgspec.UnsetType = msgspec.UNSET


class Files(Message):
    """What lies in a folder, and the URI of the run or model that it is of."""

    root_uri: str | msgspec.UnsetType = msgspec.UNSET
    files: list[FileInfo] = msgspec.field(default_factory=list)


def _list(shared: Shared, asked: List) -> Files:
    folder = checked_path(asked.path)
    return Files(files=[_file(one) for one in artifacts.entries(shared.store.metadata, folder)])


def _list_run(shared: Shared, asked: ListOfRun) -> Files:
    required(asked.run_id or asked.run_uuid, "run_id")
    folder = checked_path(asked.path)
    run = asked.run_id or asked.run_uuid
    return _listed(shared, place_of_run(shared, run), folder, places.folder_of_run(run))


def _list_model(shared: Shared, asked: ListOfModel) -> Files:
    folder = checked_path(asked.artifact_directory_path)
    return _listed(shared, place_of_model(shared, asked.model_id), folder)


def _listed(shared: Shared, place: str, folder: str, *more: str) -> Files:
    """Return what lies in a folder of a place, and in the same folder of further roots."""
    found: dict[str, Entry] = {}
    paths = [joined(root, folder) for root in more]
    outside = root_over(shared, place)
    if outside is not None:
        found = {one.name: one for one in outside.entries(place, folder)}
    else:
        paths = paths_at(shared, place, folder, paths)
    for path in paths:
        for one in artifacts.entries(shared.store.metadata, path):
            found.setdefault(one.name, one)
    return Files(root_uri=place, files=[_file(found[name], folder) for name in sorted(found)])


def _file(one: Entry, folder: str = "") -> FileInfo:
    size = msgspec.UNSET if one.size is None else one.size
    return FileInfo(path=joined(folder, one.name), is_dir=one.is_dir, file_size=size)


def _get(shared: Shared, asked: OfPath) -> Response:
    return sent(shared, checked_path(unquote(asked.artifact_path)))


def _delete(shared: Shared, asked: OfPath) -> None:
    path = checked_path(unquote(asked.artifact_path))
    if not path:
        raise Refused("ENDPOINT_NOT_FOUND", "name what to delete; the root cannot be deleted")
    holders.delete(shared.store.metadata, path)


def _multipart(_: Shared, asked: Multipart) -> None:
    checked_path(unquote(asked.artifact_path))
    raise Refused(
        "NOT_IMPLEMENTED", "Multipart upload is not supported for the current artifact repository"
    )


def _presigned(_: Shared, asked: OfPath) -> None:
    checked_path(unquote(asked.artifact_path))
    raise Refused(
        "NOT_IMPLEMENTED", "Multipart download is not supported for the current artifact repository"
    )


def _upload_address(shared: Shared, asked: Upload) -> None:
    if bool(asked.run_id) == bool(asked.model_id):
        raise Refused(
            "INVALID_PARAMETER_VALUE", "Exactly one of run_id and model_id must be provided."
        )
    checked_path(asked.path)
    place = (
        place_of_run(shared, asked.run_id)
        if asked.run_id
        else place_of_model(shared, asked.model_id)
    )
    _refuse_presigning(place, "upload", "", "direct cloud storage artifact URI")


def _download_address(shared: Shared, asked: Download) -> None:
    checked_path(asked.path)
    if not 1 <= asked.expiration <= _LONGEST_EXPIRATION:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"expiration must be between 1 and {_LONGEST_EXPIRATION} seconds "
            f"(got {asked.expiration}).",
        )
    place = place_of_run(shared, asked.run_id)
    _refuse_presigning(
        place, "download", "runs with ", "run with a direct cloud storage artifact URI"
    )


def _refuse_presigning(place: str, what: str, whose: str, needed: str) -> None:
    scheme = place.partition(":")[0]
    if places.inside(place) is None:
        raise Refused(
            "NOT_IMPLEMENTED", f"Presigned {what} is not supported for the current artifact "
            "repository",
        )  # fmt: skip
    raise Refused(
        "INVALID_PARAMETER_VALUE",
        f"Presigned {what} is not supported for {whose}proxied artifact storage (artifact URI "
        f"scheme: {scheme}). This endpoint requires a {needed}.",
    )


ARTIFACTS = (
    Call("GET", "2.0/mlflow/artifacts/list", _list_run, ListOfRun),
    Call("POST", "2.0/mlflow/artifacts/presigned-upload-url", _upload_address, Upload),
    Call("POST", "2.0/mlflow/artifacts/presigned-download-url", _download_address, Download),
    Call("GET", "2.0/mlflow/logged-models/{model_id}/artifacts/directories", _list_model,
         ListOfModel),
    Call("GET", f"{PROXY}/artifacts", _list, List),
    Call("GET", f"{PROXY}/artifacts/{{artifact_path:path}}", _get, OfPath),
    Call("DELETE", f"{PROXY}/artifacts/{{artifact_path:path}}", _delete, OfPath),
    Call("POST", f"{PROXY}/mpu/create/{{artifact_path:path}}", _multipart, Multipart),
    Call("POST", f"{PROXY}/mpu/complete/{{artifact_path:path}}", _multipart, Parts),
    Call("POST", f"{PROXY}/mpu/abort/{{artifact_path:path}}", _multipart, Multipart),
    Call("GET", f"{PROXY}/presigned/{{artifact_path:path}}", _presigned, OfPath),
)  # fmt: skip
