"""Artifacts of runs: their contents beside the journals, and a record that names them.

The content is written and has its name before the record is appended, so that whoever reads the
record finds it. Like a record it then lies with the kernel, and survives a `kill -9`; on the disk,
and at a server, it is after a flush.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from whence.errors import BadInput, Unwritable
from whence.journal.blobs import PIECE, Blobs, sync
from whence.record.encoding import encode, now
from whence.record.writers import writer
from whence.types.paths import safe_path
from whence.types.records import Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from whence.journal import Writer
    from whence.journal.blobs import Blob, Draft

__all__ = ["ArtifactRecords", "files_of", "sync_blobs"]

_unsynced: dict[Path, set[Path]] = {}
"""The blobs that this process wrote and nobody has waited for, by folder."""
_noting = threading.Lock()


class ArtifactRecords:
    """What one process logs of a run's artifacts.

    Parameters
    ----------
    store
        The store's folder.
    run
        The run's id.
    """

    __slots__ = ("_blobs", "_run", "_store")

    def __init__(self, store: Path, run: str) -> None:
        self._store = store
        self._run = run
        self._blobs = Blobs(store / "artifacts")

    @contextmanager
    def opened(self, path: str) -> Iterator[Draft]:
        """Log what is written in the block under a path; nothing if an error ends it.

        Raises
        ------
        BadInput
            If nothing can have the path.
        Unwritable
            If the store cannot be written; then nothing was logged.
        """
        safe_path(path, "artifact's path")
        journal = writer(self._store)  # makes the store, or the spool
        with self._blobs.draft() as draft:
            yield draft
            with self._blobs.keeping():
                self._record(journal, path, draft.keep())

    def content(self, content: bytes, path: str) -> None:
        """Log bytes under a path; see `opened`."""
        safe_path(path, "artifact's path")
        journal = writer(self._store)
        with self._blobs.keeping():
            self._record(journal, path, self._blobs.keep(content))

    def _record(self, journal: Writer, path: str, blob: Blob) -> None:
        _note(self._blobs.path(blob.digest), self._blobs.folder)
        journal.append(encode(Artifact(self._run, now(), path, *blob)))

    def file(self, source: Path, path: str) -> None:
        """Log a file under a path; see `opened`.

        Raises
        ------
        BadInput
            If it cannot be read.
        """
        try:
            reading = source.open("rb")
        except OSError as error:
            raise _unreadable(source, error) from error
        with reading, self.opened(path) as draft:
            while part := _read(reading, source):
                draft.write(part)


def files_of(source: Path, path: str) -> list[tuple[Path, str]]:
    """Return the file, or every file below the folder, each with its path as an artifact.

    What a link in a folder leads to counts if it is a file; other folders are not entered by one.

    Raises
    ------
    BadInput
        If there is no such file or folder, or nothing in it.
    """
    if source.is_file():
        return [(source, path)]
    if not source.is_dir():
        raise BadInput(f"there is no file or folder {source}")
    found = []
    for folder, folders, names in os.walk(source, onerror=_stop):
        folders.sort()
        below = Path(folder).relative_to(source).parts
        found += [(Path(folder, name), "/".join((path, *below, name))) for name in sorted(names)]
    if not found:
        raise BadInput(f"the folder {source} holds no files")
    return found


def sync_blobs(store: Path) -> None:
    """Wait until the blobs that this process wrote into a store are on the disk.

    Raises
    ------
    Unwritable
        If the disk reports an error; then they are waited for again by the next call.
    """
    folder = store / "artifacts"
    with _noting:
        waiting = _unsynced.pop(folder, set())
    try:
        for path in waiting:
            sync(path)
        for each in {path.parent for path in waiting} | ({folder} if waiting else set()):
            sync(each)
    except Unwritable:
        with _noting:
            _unsynced.setdefault(folder, set()).update(waiting)
        raise


def _note(path: Path, folder: Path) -> None:
    with _noting:
        _unsynced.setdefault(folder, set()).add(path)


def _read(reading: BinaryIO, source: Path) -> bytes:
    try:
        return reading.read(PIECE)
    except OSError as error:
        raise _unreadable(source, error) from error


def _stop(error: OSError) -> None:
    raise _unreadable(Path(error.filename), error) from error


def _unreadable(source: Path, error: OSError) -> BadInput:
    return BadInput(f"cannot read {source}: {error.strerror or error}")


def _renew_lock() -> None:
    """Give a forked child a lock that no thread of its parent holds."""
    global _noting  # noqa: PLW0603 - a lock cannot be taken from a thread that is not there
    _noting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
