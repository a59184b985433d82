"""Artifacts: files by path, their contents kept once each under their SHA-256.

The table `artifacts` says which path has which content; the contents are the blobs of
`whence.store.contents`. So a copy costs a row, and deleting a path frees a blob only if no other
path has the same content; `whence gc` does that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.metadata import Metadata

__all__ = [
    "REFER",
    "Artifact",
    "Entry",
    "Freed",
    "delete",
    "digests",
    "entries",
    "find",
    "freed_by",
    "is_folder",
    "refer",
    "remove",
    "require_free",
    "under",
]

_PAGE = 1000
"""Rows that a listing reads at a time: it leaps over what lies deeper."""

_AFTER_SLASH = "0"
"""The character after the slash: what lies in a folder is from ``folder/`` to before this."""

_LAST = "\U0010ffff"
"""Behind every path."""

_UNDER = "SELECT path, digest, size, made FROM artifacts WHERE path >= ? AND path < ? ORDER BY path"
_WITHIN = "SELECT path, size FROM artifacts WHERE path >= ? AND path < ? ORDER BY path LIMIT ?"
_PATHS = "SELECT COUNT(*) FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)"
_DELETE = "DELETE FROM artifacts WHERE path = ?1 OR (path >= ?2 AND path < ?3)"
_FREED = """
SELECT COUNT(*), COALESCE(SUM(size), 0) FROM (
    SELECT gone.digest, gone.size FROM artifacts AS gone
    WHERE (gone.path = ?1 OR (gone.path >= ?2 AND gone.path < ?3))
    AND NOT EXISTS (
        SELECT 1 FROM artifacts AS other WHERE other.digest = gone.digest
        AND NOT (other.path = ?1 OR (other.path >= ?2 AND other.path < ?3))
    )
    GROUP BY gone.digest
)
"""
REFER = (
    "INSERT INTO artifacts (path, digest, size, made) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (path) DO UPDATE SET digest = excluded.digest, size = excluded.size,"
    " made = excluded.made WHERE excluded.made >= made"
)
"""Notes which content a path has; of two the later holds."""


class Artifact(NamedTuple):
    """One file: its path, the SHA-256 and bytes of its content, when it was put (microseconds)."""

    path: str
    digest: str
    size: int
    made: int


class Entry(NamedTuple):
    """What lies in a folder: a file with its size in bytes, or a folder without."""

    name: str
    is_dir: bool
    size: int | None


class Freed(NamedTuple):
    """What deleting paths takes away, and what a `whence gc` after it frees."""

    paths: int
    blobs: int
    bytes: int


def refer(metadata: Metadata, found: Iterable[Artifact]) -> None:
    """Note which content paths have; of two for one path the later holds.

    The caller holds the transaction.
    """
    metadata.run_many(REFER, [tuple(one) for one in found])


def require_free(metadata: Metadata, path: str) -> None:
    """Do nothing if a file can have a path.

    Raises
    ------
    BadInput
        If a folder has it, or a file stands where a folder is needed.
    """
    if is_folder(metadata, path):
        raise BadInput(f"{path!r} is a folder; give the file another name, or delete the folder")
    names = path.split("/")
    for depth in range(1, len(names)):
        above = "/".join(names[:depth])
        if find(metadata, above) is not None:
            raise BadInput(f"{above!r} is a file, so {path!r} cannot be; give it another path")


def find(metadata: Metadata, path: str) -> Artifact | None:
    """Return the file of a path; None if there is none."""
    row = metadata.one("SELECT path, digest, size, made FROM artifacts WHERE path = ?", path)
    return None if row is None else Artifact(*row)


def is_folder(metadata: Metadata, path: str) -> bool:
    """Return whether files lie below a path."""
    return bool(metadata.all(_WITHIN, *_below(path), 1))


def under(metadata: Metadata, folder: str) -> list[Artifact]:
    """Return all files below a folder, however deep, by path."""
    return [Artifact(*row) for row in metadata.all(_UNDER, *_below(folder))]


def entries(metadata: Metadata, folder: str = "") -> list[Entry]:
    """Return what lies in a folder, by name; nothing for one that is not there.

    Parameters
    ----------
    folder
        Its path; the root if empty.
    """
    start, stop = _below(folder)
    found: dict[str, Entry] = {}
    after = start
    while True:
        rows = metadata.all(_WITHIN, after, stop, _PAGE)
        for path, size in rows:
            name, deeper, _ = path[len(start) :].partition("/")
            if deeper:
                found[name] = Entry(name, is_dir=True, size=None)
                after = f"{start}{name}{_AFTER_SLASH}"
                break
            found.setdefault(name, Entry(name, is_dir=False, size=size))
            after = f"{path}\x00"
        else:
            if len(rows) < _PAGE:
                return [found[name] for name in sorted(found)]


def digests(metadata: Metadata, without: Sequence[str] = ()) -> set[str]:
    """Return the contents that paths have, those below some folders apart."""
    if not without:
        return {digest for (digest,) in metadata.all("SELECT DISTINCT digest FROM artifacts")}
    gone = {one.path for folder in without for one in under(metadata, folder)}
    rows = metadata.all("SELECT path, digest FROM artifacts")
    return {digest for path, digest in rows if path not in gone}


def freed_by(metadata: Metadata, path: str) -> Freed:
    """Return what deleting a file or folder would take away and free."""
    (paths,) = metadata.one(_PATHS, path, *_below(path)) or (0,)
    blobs, size = metadata.one(_FREED, path, *_below(path)) or (0, 0)
    return Freed(paths, blobs, size)


def delete(metadata: Metadata, path: str) -> Freed:
    """Delete a file, or a folder with all below it; return what that frees.

    Nothing happens for a path that is not there. The contents go with the next `whence gc`. The
    caller holds the transaction, and has asked `whence.store.holders` who needs them.
    """
    freed = freed_by(metadata, path)
    remove(metadata, [path])
    return freed


def remove(metadata: Metadata, paths: Iterable[str]) -> None:
    """Do what `delete` does for many, and count nothing."""
    metadata.run_many(_DELETE, [(path, *_below(path)) for path in paths])


def _below(folder: str) -> tuple[str, str]:
    """Return the first path that can lie below a folder, and the first that lies behind it."""
    return (f"{folder}/", f"{folder}{_AFTER_SLASH}") if folder else ("", _LAST)
