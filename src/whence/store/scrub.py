"""The database rewritten so that nothing of deleted rows is left in its files."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from whence.errors import StoreError

if TYPE_CHECKING:
    from whence.store.metadata import Metadata

__all__ = ["empty_log", "scrub"]


def empty_log(metadata: Metadata) -> bool:
    """Bring what is in the write-ahead log into the database; return whether all of it was."""
    (busy, *_) = metadata.one("PRAGMA wal_checkpoint(TRUNCATE)") or (1,)
    return not busy


def scrub(metadata: Metadata) -> None:
    """Rewrite the database without its free pages, and empty its write-ahead log.

    A deleted row stays in the free pages of the file, and in the log, until they are used again.

    Raises
    ------
    StoreError
        If another program keeps a transaction open, so that it cannot be done now.
    """
    try:
        metadata.run("VACUUM")
        emptied = empty_log(metadata)
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"cannot rewrite the store's database: {error}; if its disk has room, close the "
            "program that has it open, and run any whence command to finish"
        ) from error
    if not emptied:
        raise StoreError(
            "another program reads the store's database, so what was deleted is still in its "
            "log, whence.db-wal; close that program, and run any whence command to finish"
        )
