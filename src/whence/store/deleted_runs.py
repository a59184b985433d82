"""Runs marked as deleted, and brought back; whoever marks one hears what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import NotFound
from whence.store import holders, places, run_edits
from whence.store.artifacts import freed_by
from whence.types.runs import DeletedRun

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.store.run_edits import Head

__all__ = ["delete", "restore"]


def delete(store: StoreFolder, run: str) -> DeletedRun:
    """Mark a run as deleted; it is listed no more, and nothing of it is lost.

    Raises
    ------
    NotFound
        If there is no such run.
    """
    metadata = store.metadata
    with metadata.transaction():
        found = _known(store, run)
        if found.deleted is None:
            run_edits.delete(metadata, run)
        folders = places.folders_of_run(metadata, run)
        freed = [freed_by(metadata, folder) for folder in folders]
        by = holders.Holders(holders.versions_near(metadata, run)).of_run(run, folders)
    return DeletedRun(
        run=run,
        name=found.name,
        files=sum(one.paths for one in freed),
        bytes=sum(one.bytes for one in freed),
        held=[one.name for one in by],
    )


def restore(store: StoreFolder, run: str) -> None:
    """Bring a run back that was marked as deleted; one that was not stays as it is.

    Raises
    ------
    NotFound
        If there is no such run.
    """
    with store.metadata.transaction():
        if _known(store, run).deleted is not None:
            run_edits.restore(store.metadata, run)


def _known(store: StoreFolder, run: str) -> Head:
    found = run_edits.head(store.metadata, run)
    if found is None:
        raise NotFound(f"the store {store.path} has no run {run!r}; whence runs lists them")
    return found
