"""What reading artifacts, and deleting them and runs, needs: the store opened, the job run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.jobs import reading
from whence.errors import BadInput, NotFound
from whence.journal import find_folder
from whence.journal.unwritable import unwritable
from whence.ship.spool import refuse_spool
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from whence.store.artifacts import Freed
    from whence.store.contents import Unneeded
    from whence.store.folder import StoreFolder
    from whence.types.artifacts import ArtifactRow
    from whence.types.runs import DeletedRun
    from whence.work.purge import Purge

__all__ = [
    "artifact",
    "artifacts",
    "delete_artifact",
    "delete_run",
    "deleted",
    "free",
    "purge",
    "restore_run",
    "save_artifacts",
    "unneeded",
]

# The rooms below need the extra `app`, so each job loads its own when it runs.
# ruff: noqa: PLC0415


def artifacts(store: Path, run: str) -> list[ArtifactRow]:
    """Return the files of a run; see `StoredRun.artifacts`."""
    opened = reading(store)
    from whence.store.places import artifacts_of

    return artifacts_of(opened, run)


def artifact(store: Path, run: str, path: str) -> Path:
    """Return where a file of a run lies; see `StoredRun.artifact`."""
    opened = reading(store)
    from whence.store.places import file_in

    return file_in(opened, run, safe_path(path))[1]


def save_artifacts(store: Path, run: str, to: Path, folder: str) -> list[Path]:
    """Copy files of a run; see `StoredRun.save_artifacts`."""
    opened = reading(store)
    from whence.store.places import artifacts_of, file_in

    inside = f"{safe_path(folder)}/" if folder else ""
    chosen = [
        one.path
        for one in artifacts_of(opened, run)
        if one.path == folder or one.path.startswith(inside)
    ]
    if folder and not chosen:
        raise NotFound(f"run {run} has no artifact and no folder {folder!r}")
    saved = []
    for path in chosen:
        copy = to / path
        if not copy.resolve().is_relative_to(to.resolve()):
            raise BadInput(f"{copy} leads out of {to} by a link; choose an empty folder")
        _, content = file_in(opened, run, path)
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(content, copy)
        except OSError as error:
            raise unwritable(copy, error) from error
        saved.append(copy)
    return saved


def delete_artifact(store: Path, run: str, path: str, *, dry_run: bool) -> Freed:
    """Delete a file or folder of a run; see `StoredRun.delete_artifact`."""
    opened = reading(store)
    from whence.store.artifacts import Freed, freed_by
    from whence.store.holders import delete, refuse_held
    from whence.store.places import folders_of_run

    places = [f"{folder}/{safe_path(path)}" for folder in folders_of_run(opened.metadata, run)]
    for place in places:
        refuse_held(opened.metadata, place)
    act = freed_by if dry_run else delete
    done = [act(opened.metadata, place) for place in places]
    total = Freed(*map(sum, zip(*done, strict=True)))
    if not total.paths:
        raise NotFound(f"run {run} has no artifact and no folder {path!r}")
    return total


def deleted(store: Path) -> Purge:
    """Return the runs and logged models that were deleted, and can go for good."""
    opened = _changing(store)
    from whence.work.purge import find_deleted

    with opened.lease():
        return find_deleted(opened)


def purge(store: Path, found: Purge) -> Purge:
    """Take out for good what `deleted` found and can go still; return what went and what stays."""
    opened = _changing(store)
    from whence.work.purge import purge

    with opened.lease():
        return purge(opened, found)


def unneeded(store: Path, without: Sequence[str] = ()) -> Unneeded:
    """Return the contents that no artifact has, after a fold; none of folders that will go."""
    opened = _changing(store)
    from whence.work.collect import find_unneeded

    with opened.lease():
        return find_unneeded(opened, without)


def free(store: Path, found: Unneeded) -> Unneeded:
    """Delete contents that `unneeded` found and nothing needs still; return what went."""
    opened = _changing(store)
    from whence.work.collect import collect

    with opened.lease():
        return collect(opened, found)


def delete_run(store: Path, run: str) -> DeletedRun:
    """Mark a run as deleted; see `StoredRun.delete`."""
    opened = reading(store)
    from whence.store.deleted_runs import delete

    return delete(opened, run)


def restore_run(store: Path, run: str) -> None:
    """Bring a deleted run back; see `StoredRun.restore`."""
    from whence.store.deleted_runs import restore

    restore(_changing(store), run)


def _changing(store: Path) -> StoreFolder:
    """Open a store that is there, to change it."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder

    return StoreFolder(find_folder(store))
