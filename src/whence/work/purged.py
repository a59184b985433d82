"""The points of runs that were taken out for good: removed, also where a process was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from whence.store import purged
from whence.store.points import day_of
from whence.store.removal import erase_past, remove_ids

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["finish"]


def finish(store: StoreFolder) -> None:
    """Remove the points of runs that are taken out already; the caller holds the lease."""
    runs = purged.unfinished(store.metadata)
    if not runs:
        return
    if (store.path / "points").exists():
        days = {day_of(run) for run in runs}
        remove_ids(store.points(), pa.array(runs, pa.string()), days, column="run")
        erase_past(store.points())
    purged.pointless(store.metadata, runs)
