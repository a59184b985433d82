"""Contents that no artifact has any more: found, and deleted.

A program keeps a content before it records who needs it, in the journal or in the database. So it
is decided what is needed while nobody can do so (`Blobs.alone`), when all that was recorded has
been folded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.store.contents import Unneeded, blobs, free, unneeded
from whence.work.fold import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.folder import StoreFolder

__all__ = ["collect", "find_unneeded"]


def find_unneeded(store: StoreFolder, without: Sequence[str] = ()) -> Unneeded:
    """Return the contents that nothing needs; the caller holds the lease.

    `without` are folders of artifacts that count as deleted already: see `whence.work.purge`.
    """
    fold(store)
    with blobs(store).alone():
        fold(store)  # what came meanwhile, which is little: those who log wait
        return unneeded(store, without)


def collect(store: StoreFolder, found: Unneeded) -> Unneeded:
    """Delete contents that were found, and are needed by nothing still; return what went.

    The caller holds the lease.

    Raises
    ------
    Unwritable
        If the disk refuses it.
    """
    fold(store)
    with blobs(store).alone():
        fold(store)
        still = unneeded(store)
        blobs_left, drafts_left = set(still.blobs), set(still.unfinished)
        gone = Unneeded(
            [blob for blob in found.blobs if blob in blobs_left],
            still.awaited,
            [draft for draft in found.unfinished if draft in drafts_left],
        )
        free(store, gone)
    return gone
