"""Paths of artifacts as MLflow's clients write them, and the folders that they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from whence.errors import BadInput
from whence.server.mlflow.experiments import base_of
from whence.server.mlflow.wire import Refused
from whence.store import artifacts, places, projects, run_edits
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.artifact_root import ArtifactRoot
    from whence.server.shared import Shared

__all__ = [
    "checked_path",
    "folder_at",
    "joined",
    "paths_at",
    "place_of_model",
    "place_of_run",
    "root_over",
]


def checked_path(path: str) -> str:
    """Return a path as the store takes it; refuse one that could lead elsewhere.

    It was decoded once, and that counts. But one that would lead elsewhere if it were decoded
    again is refused too: a proxy in front may have done so, or may do so.
    """
    again, once_more = path, unquote(path)
    _refuse_outside(again)
    while once_more != again:
        again, once_more = once_more, unquote(once_more)
        _refuse_outside(again)
    return _without_gaps(path)


def _refuse_outside(path: str) -> None:
    plain = _without_gaps(path)
    try:
        if path.startswith("/") or path.lower().startswith("file:") or "#" in path:
            raise Refused("INVALID_PARAMETER_VALUE", "Invalid path")
        if plain:
            safe_path(plain)
    except BadInput:
        raise Refused("INVALID_PARAMETER_VALUE", "Invalid path") from None


def _without_gaps(path: str) -> str:
    return joined(*(name for name in path.split("/") if name != "."))


def place_of_run(shared: Shared, run: str | None) -> str:
    """Return the URI of a run's artifacts, be the run deleted."""
    metadata = shared.store.metadata
    head = run_edits.head(metadata, run) if run else None
    project = None if head is None else projects.of_name(metadata, head.project)
    if head is None or project is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Run with id={run} not found")
    return f"{base_of(project)}/{head.id}/artifacts"


def place_of_model(shared: Shared, model: str) -> str:
    """Return the URI of a logged model's artifacts."""
    metadata = shared.store.metadata
    row = metadata.one("SELECT project FROM logged_models WHERE id = ? AND deleted IS NULL", model)
    project = None if row is None else projects.of_name(metadata, row[0])
    if project is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Logged model with ID '{model}' not found.")
    return f"{base_of(project)}/models/{model}/artifacts"


def folder_at(place: str) -> str:
    """Return the folder of the store at a URI; refuse a place that this server does not keep."""
    folder = places.inside(place)
    if folder is None:
        raise Refused(
            "NOT_IMPLEMENTED",
            f"The artifacts lie at {place}, where this server keeps none; read and write them "
            "there, or use an experiment that lies at mlflow-artifacts:/.",
        )
    return folder


def paths_at(shared: Shared, place: str, path: str, more: Sequence[str]) -> list[str]:
    """Return the paths in the store that something at a place may have.

    Parameters
    ----------
    more
        Further paths that it may have; of a place elsewhere they are all, and one must be there.
    """
    metadata = shared.store.metadata
    if places.inside(place) is None and any(
        artifacts.find(metadata, one) or artifacts.is_folder(metadata, one) for one in more
    ):
        return [*more]
    return [joined(folder_at(place), path), *more]


def root_over(shared: Shared, place: str) -> ArtifactRoot | None:
    """Return the operator's root of artifacts if a place is a folder of this machine below it."""
    root = shared.artifact_root
    return None if root is None or root.below(place) is None else root


def joined(*parts: str) -> str:
    """Return names as a path, without those that are empty."""
    return "/".join(part for part in parts if part)
