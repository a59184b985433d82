"""Where the artifacts of runs and models lie: the folders that are theirs in the store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from whence.errors import BadInput, NotFound
from whence.store import projects
from whence.store.artifacts import find, under
from whence.store.contents import file_of
from whence.types.artifacts import ArtifactRow
from whence.types.paths import safe_path
from whence.types.time import moment

if TYPE_CHECKING:
    from whence.store.artifacts import Artifact
    from whence.store.folder import StoreFolder
    from whence.store.metadata import Metadata

__all__ = [
    "OWN",
    "artifacts_of",
    "file_in",
    "folder_of_run",
    "folders_of_run",
    "inside",
    "resolved",
    "root_of",
]

OWN = "runs"
"""Below this lie the artifacts that programs log to runs of ours, a folder a run."""

_MOST_NAMES = 20

_HERE = {None, ".", "localhost", "127.0.0.1"}
"""What a ``file:`` URI may call this machine."""

_SCHEME = "mlflow-artifacts"
_ROUTE = re.compile(r"/(?:ajax-)?api/2\.0/mlflow-artifacts/artifacts(?:/|$)")


def folder_of_run(run: str) -> str:
    """Return the folder of what programs log to a run of ours."""
    return f"{OWN}/{run}"


def folders_of_run(metadata: Metadata, run: str) -> list[str]:
    """Return the folders in which the artifacts of a run lie, by whichever API they came.

    Raises
    ------
    NotFound
        If there is no such run.
    """
    row = metadata.one("SELECT project FROM runs WHERE id = ?", run)
    if row is None:
        raise NotFound(f"there is no run {run!r}; whence runs lists them")
    project = projects.of_name(metadata, row[0])
    if project is None:
        return [folder_of_run(run)]
    root = root_of(project)
    wire = None if root is None else "/".join(filter(None, (root, run, "artifacts")))
    return [folder_of_run(run), *([] if wire is None else [wire])]


def root_of(project: projects.Project) -> str | None:
    """Return the folder below which the artifacts of a project lie that MLflow's clients sent.

    None if the project keeps them elsewhere than in the store.
    """
    return str(project.id) if project.place is None else inside(project.place)


def artifacts_of(store: StoreFolder, run: str) -> list[ArtifactRow]:
    """Return every file of a run, by path; of one path in two folders the first counts.

    Raises
    ------
    NotFound
        If there is no such run.
    """
    found: dict[str, ArtifactRow] = {}
    for folder in folders_of_run(store.metadata, run):
        for one in under(store.metadata, folder):
            path = one.path[len(folder) + 1 :]
            row = ArtifactRow(path=path, size=one.size, digest=one.digest, logged=moment(one.made))
            found.setdefault(path, row)
    return [found[path] for path in sorted(found)]


def file_in(store: StoreFolder, run: str, path: str) -> tuple[Artifact, Path]:
    """Return a file of a run, and where its content lies; see `file_of`.

    Raises
    ------
    NotFound
        If there is no such run, or it has no such file.
    """
    for folder in folders_of_run(store.metadata, run):
        if find(store.metadata, f"{folder}/{path}") is not None:
            return file_of(store, f"{folder}/{path}")
    names = [one.path for one in artifacts_of(store, run)]
    shown = ", ".join(map(repr, names[:_MOST_NAMES])) if names else "none"
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    raise NotFound(f"run {run} has no artifact {path!r}; it has {shown}{more}")


def inside(place: str) -> str | None:
    """Return the folder of the store that a URI names; None if it names another place.

    Two kinds name folders of a store: ``mlflow-artifacts:/FOLDER``, and the address at which a
    server gives them, ``http://HOST/api/2.0/mlflow-artifacts/artifacts/FOLDER``. The host is not
    looked at: it is the name by which a client reached this server.

    Raises
    ------
    BadInput
        If the folder would lie outside.
    """
    try:
        parts = urlsplit(place)
    except ValueError as error:
        raise BadInput(f"{place[:200]!r} is no URI: {error}") from error
    path = parts.path
    if parts.scheme in {"http", "https"}:
        found = _ROUTE.search(path)
        if found is None:
            return None
        path = path[found.end() :]
    elif parts.scheme != _SCHEME:
        return None
    folder = unquote(path).strip("/")
    return safe_path(folder) if folder else ""


def resolved(place: str) -> str:
    """Return a place as it means the same wherever it is read.

    A path that is relative, alone or behind ``file:``, is one below the folder that this program
    runs in. Other places stay as they are.

    Raises
    ------
    BadInput
        If it names a file of another machine.
    """
    try:
        parts = urlsplit(place)
    except ValueError as error:
        raise BadInput(f"{place[:200]!r} is no URI: {error}") from error
    if parts.scheme not in {"", "file"}:
        return place
    if parts.scheme == "file" and parts.hostname not in _HERE:
        raise BadInput(
            f"{place[:200]} is not a valid remote uri: file: names files of this machine; "
            "use the scheme of what serves them"
        )
    path = unquote(parts.path)
    if path.startswith("/"):
        return place
    absolute = Path.cwd().joinpath(path).as_posix()
    return f"file://{absolute}" if parts.scheme else absolute
