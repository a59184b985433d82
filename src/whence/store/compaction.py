"""Small files of a day merged into one, and files that no version needs deleted.

Merging writes the same rows into fewer files and says so in one entry of the table's log: the
rows, their epochs and the last epoch the table holds stay as they were. The files it replaces
stay on the disk for a while, for readers that stand on an earlier version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from whence.store.snapshot import open_log

if TYPE_CHECKING:
    from datetime import timedelta

    from whence.store.tables import Table

__all__ = ["Merged", "merge", "sweep"]

_SECONDS_AN_HOUR = 3600


class Merged(NamedTuple):
    """How many files became how many; both 0 where there was nothing to merge."""

    removed: int
    added: int


def merge(table: Table) -> Merged:
    """Merge the small files of each day, in one entry of the log; the caller holds the lease.

    A process killed at any moment leaves the table at the version before or after, and at
    worst files that no version names.
    """
    delta = open_log(table.folder)
    if delta is None or all(files == 1 for files in table.files_of_days().values()):
        return Merged(0, 0)
    # One at a time: the memory of a merge is that of its largest day, not of all cores' days.
    done = delta.optimize.compact(writer_properties=table.properties(), max_concurrent_tasks=1)
    return Merged(done["numFilesRemoved"], done["numFilesAdded"])


def sweep(table: Table, keep: timedelta) -> int:
    """Delete files that no version younger than `keep` names; return how many.

    Also those that a killed process wrote and no version ever named. The caller holds the lease.
    """
    delta = open_log(table.folder)
    if delta is None:
        return 0
    gone = delta.vacuum(
        retention_hours=int(keep.total_seconds()) // _SECONDS_AN_HOUR,
        dry_run=False,
        enforce_retention_duration=False,
        full=True,
    )
    return len(gone)
