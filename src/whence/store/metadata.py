"""The store's small facts in SQLite: models, columns, epochs, events, windows, incidents.

One connection a thread, opened late. Every change of one job is one transaction, so a killed
process leaves either all of it or none.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whence.errors import NewerStore, StoreError, Unwritable
from whence.store.layouts import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Metadata", "Statement"]

Statement = tuple[str, tuple[object, ...]]
"""SQL, and the values of its question marks."""

_PRIMARY = 0xFF
"""The part of SQLite's error code that names the kind (https://sqlite.org/rescode.html)."""

_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

VERSION = len(LAYOUTS)
"""The layout that this Whence writes; a store of a larger number is refused."""


class Metadata:
    """The SQLite database of one store.

    Parameters
    ----------
    path
        The database file; created with its tables when absent.
    reading
        Whether nothing will be changed, so that a folder that cannot be written will do.

    Raises
    ------
    NewerStore
        If a newer Whence made it.
    StoreError
        If it is damaged.
    Unwritable
        If it cannot be opened for writing; later calls raise it too, on a disk that is full.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        self._path = path
        with self._speaking():
            where, is_uri = _as_it_stands(path) if reading else (str(path), False)
            self._db = sqlite3.connect(where, timeout=60, isolation_level=None, uri=is_uri)
            self._prepare(path)

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn what SQLite says of the disk or of a damaged file into an error that names it."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            kind = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
            if kind in _UNWRITABLE:
                raise Unwritable(
                    f"cannot write the store's database {self._path}: {error}; "
                    "check that its folder is writable and its disk is not full"
                ) from error
            if kind in _DAMAGED:
                raise StoreError(
                    f"the store's database {self._path} is damaged: {error}; restore it from a "
                    "backup; the journals and tables beside it are not affected"
                ) from error
            raise

    def _prepare(self, path: Path) -> None:
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found > VERSION:
            self._db.close()
            raise NewerStore(
                f"{path} has layout {found}, this Whence knows up to {VERSION}; "
                "upgrade with: pip install -U whence"
            )
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        if found < VERSION:
            with self.transaction():
                (again,) = self._db.execute("PRAGMA user_version").fetchone()
                for layout in LAYOUTS[again:]:
                    for statement in layout.split(";"):
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {max(again, VERSION):d}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that happens inside one change: all of it stays, or on an error none."""
        with self._speaking():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite may have rolled back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def all(self, query: str, *values: object) -> list[tuple]:  # type: ignore[type-arg] # rows differ by query
        """Return every row of a query."""
        with self._speaking():
            return self._db.execute(query, values).fetchall()

    def one(self, query: str, *values: object) -> tuple | None:  # type: ignore[type-arg] # as above
        """Return the first row of a query, or None."""
        with self._speaking():
            return self._db.execute(query, values).fetchone()  # type: ignore[no-any-return] # sqlite3 is untyped

    def run(self, statement: str, *values: object) -> None:
        """Execute one statement."""
        with self._speaking():
            self._db.execute(statement, values)

    def run_many(self, statement: str, rows: list[tuple]) -> None:  # type: ignore[type-arg] # as above
        """Execute one statement for each row of values."""
        with self._speaking():
            self._db.executemany(statement, rows)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()


def _as_it_stands(path: Path) -> tuple[str, bool]:
    """Return how to open a database that will only be read, and whether that is a URI.

    SQLite reads a database with a write-ahead log only where it can make files beside it, or
    where they are; without a log the one file is all there is, and is read as immutable
    (https://sqlite.org/wal.html#readonly).
    """
    has_log = path.with_name(f"{path.name}-wal").exists()
    if has_log or not path.is_file() or os.access(path.parent, os.W_OK):
        return str(path), False
    return f"{path.absolute().as_uri()}?immutable=1", True
