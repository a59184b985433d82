"""The store's small facts in SQLite: models, columns, epochs, events, windows, incidents.

One connection a thread, opened late. Every change of one job is one transaction, so a killed
process leaves either all of it or none.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whence.errors import NewerStore, StoreError, Unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Metadata"]

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

_LAYOUTS = (
    """
CREATE TABLE models (name TEXT PRIMARY KEY, folder TEXT NOT NULL UNIQUE);
CREATE TABLE columns (
    model TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, physical TEXT NOT NULL,
    derived INTEGER NOT NULL, epoch INTEGER NOT NULL, PRIMARY KEY (model, name, kind)
);
CREATE TABLE epochs (
    epoch INTEGER PRIMARY KEY, plan BLOB NOT NULL, state TEXT NOT NULL, made INTEGER NOT NULL
);
CREATE TABLE journals (
    name TEXT PRIMARY KEY, folded INTEGER NOT NULL, skipped INTEGER NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE shapes (
    journal TEXT NOT NULL, number INTEGER NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (journal, number)
);
CREATE TABLE imports (
    digest TEXT PRIMARY KEY, epoch INTEGER NOT NULL, path TEXT NOT NULL, rows INTEGER NOT NULL
);
CREATE TABLE quarantine (
    epoch INTEGER NOT NULL, model TEXT NOT NULL, reason TEXT NOT NULL, record BLOB NOT NULL
);
CREATE TABLE repeats (
    epoch INTEGER NOT NULL, model TEXT NOT NULL, what TEXT NOT NULL, number INTEGER NOT NULL
);
CREATE TABLE pending (
    model TEXT NOT NULL, id TEXT NOT NULL, epoch INTEGER NOT NULL, position INTEGER NOT NULL,
    number REAL, text TEXT, time INTEGER, logged INTEGER,
    PRIMARY KEY (model, id, epoch, position)
);
CREATE TABLE events (
    id TEXT PRIMARY KEY, model TEXT, name TEXT NOT NULL, at INTEGER NOT NULL,
    kind TEXT NOT NULL, scope BLOB NOT NULL
);
CREATE TABLE reference_periods (
    model TEXT PRIMARY KEY, start INTEGER NOT NULL, stop INTEGER NOT NULL, logged INTEGER NOT NULL
);
CREATE TABLE watches (model TEXT PRIMARY KEY, state BLOB NOT NULL);
CREATE TABLE windows (
    model TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, facts BLOB NOT NULL,
    counts BLOB NOT NULL, PRIMARY KEY (model, start)
);
CREATE TABLE alerts (
    model TEXT NOT NULL, start INTEGER NOT NULL, alert BLOB NOT NULL
);
CREATE INDEX alerts_by_model ON alerts (model, start);
CREATE TABLE incidents (
    id TEXT PRIMARY KEY, model TEXT NOT NULL, started INTEGER NOT NULL, incident BLOB NOT NULL
);
""",
    """
CREATE TABLE judgements (
    model TEXT NOT NULL, start INTEGER NOT NULL, expected REAL NOT NULL, line REAL NOT NULL,
    sd REAL NOT NULL, evidence REAL NOT NULL, PRIMARY KEY (model, start)
);
CREATE TABLE verdicts (
    model TEXT NOT NULL, incident TEXT NOT NULL, predictions INTEGER NOT NULL,
    labels INTEGER NOT NULL, made INTEGER NOT NULL, report BLOB NOT NULL,
    PRIMARY KEY (model, incident)
);
CREATE TABLE actions (
    model TEXT NOT NULL, incident TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
    text TEXT NOT NULL, by TEXT NOT NULL
);
CREATE INDEX actions_by_incident ON actions (model, incident);
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, scope TEXT NOT NULL, digest BLOB NOT NULL,
    created INTEGER NOT NULL, revoked INTEGER
);
""",
    """
CREATE TABLE channels (
    name TEXT PRIMARY KEY, url TEXT NOT NULL, models BLOB NOT NULL, alerts TEXT NOT NULL,
    cooldown REAL NOT NULL, reviews INTEGER NOT NULL, created INTEGER NOT NULL
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, channel TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,
    state TEXT NOT NULL, made INTEGER NOT NULL, tries INTEGER NOT NULL, next INTEGER,
    sent INTEGER, error TEXT
);
CREATE TABLE topics (
    message INTEGER NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL, about TEXT NOT NULL
);
CREATE INDEX topics_by_message ON topics (message);
CREATE INDEX topics_by_model ON topics (model, kind, about);
CREATE TABLE silences (
    id INTEGER PRIMARY KEY, model TEXT NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL,
    by TEXT NOT NULL, made INTEGER NOT NULL, ended INTEGER
);
""",
    """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
    started INTEGER NOT NULL, ended INTEGER, seen INTEGER NOT NULL, parent TEXT,
    journal TEXT NOT NULL
);
CREATE INDEX runs_by_start ON runs (started);
CREATE INDEX runs_by_project ON runs (project, started);
CREATE INDEX runs_open ON runs (status) WHERE status IN ('running', 'unknown');
CREATE TABLE params (
    run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX params_by_key ON params (key, run);
CREATE TABLE tags (
    run TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE TABLE latest (
    run TEXT NOT NULL, key TEXT NOT NULL, value REAL, step INTEGER NOT NULL,
    time INTEGER NOT NULL, PRIMARY KEY (run, key)
) WITHOUT ROWID;
CREATE INDEX latest_by_value ON latest (key, value, run);
""",
)
"""What each layout adds to the one before."""

VERSION = len(_LAYOUTS)
"""The layout that this Whence writes; a store of a larger number is refused."""


class Metadata:
    """The SQLite database of one store.

    Parameters
    ----------
    path
        The database file; created with its tables when absent.

    Raises
    ------
    NewerStore
        If a newer Whence made it.
    StoreError
        If it is damaged.
    Unwritable
        If it cannot be opened for writing; later calls raise it too, on a disk that is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._speaking():
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
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
                for layout in _LAYOUTS[again:]:
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
