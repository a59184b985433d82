"""Blobs: the contents of artifacts, each kept once under the SHA-256 of its bytes.

::

    artifacts/
      ab/cdef...        a blob; its folder and name are its digest in hexadecimal
      .drafts/          blobs that are being written, each locked by who writes it
      .lock             shared by who keeps a blob, held by who deletes some
      .turn             held by whoever asks for the lock, until it is there

A blob is kept in two steps: it gets its name, and something refers to it (a row of the store's
database, or a record in a journal). Between the two nothing says that it is needed, and one that
was there already may be about to be deleted. So both steps happen while the lock is shared, and
blobs are deleted only by who holds it alone. Neither lasts: the bytes are written before.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from whence.errors import BadInput
from whence.journal import lock
from whence.journal.identity import uuid7
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

__all__ = ["PIECE", "Blob", "Blobs", "Draft", "check_digest", "sync"]

PIECE = 2**20
"""Bytes that are hashed and written at a time."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_DRAFTS = ".drafts"
_LOCK = ".lock"
_TURN = ".turn"
"""Without it who waits for the lock alone would wait for as long as others come to share it."""
_READ_ONLY = 0o444
"""A blob that was changed in its place would be another than its name says."""

# Windows would turn line feeds into two bytes and hand the file on to child processes.
_ANY = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _ANY
_LOCKED = os.O_RDWR | os.O_CREAT | _ANY


class Blob(NamedTuple):
    """What was kept: the SHA-256 of its bytes in hexadecimal, and how many they are."""

    digest: str
    size: int


def check_digest(digest: str) -> None:
    """Do nothing if it is the SHA-256 of something, in hexadecimal.

    Raises
    ------
    BadInput
        If it is not.
    """
    if not _DIGEST.fullmatch(digest):
        raise BadInput(f"{digest[:80]!r} is no SHA-256; give 64 hexadecimal digits, in lower case")


class Blobs:
    """The blobs of one folder; any number of threads and processes may use it.

    Parameters
    ----------
    folder
        The folder `artifacts` of a store or a spool; made with the first blob.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock, self._turn = str(folder / _LOCK), str(folder / _TURN)

    def path(self, digest: str) -> Path:
        """Return where a blob lies, be it there or not.

        Raises
        ------
        BadInput
            If it is no digest.
        """
        check_digest(digest)
        return self.folder / digest[:2] / digest[2:]

    def size(self, digest: str) -> int | None:
        """Return how many bytes a blob has; None if it is not there."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def all(self) -> list[Blob]:
        """Return every blob that is there, by digest."""
        found = []
        for group in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(group.iterdir()):
                digest = group.name + path.name
                size = self.size(digest) if _DIGEST.fullmatch(digest) else None
                if size is not None:
                    found.append(Blob(digest, size))
        return found

    def draft(self) -> Draft:
        """Begin to write a blob.

        Raises
        ------
        Unwritable
            If the folder cannot be written.
        """
        with self.keeping():
            return Draft(self)

    def keep(self, content: bytes) -> Blob:
        """Keep bytes that are in memory; the caller is `keeping`.

        Raises
        ------
        Unwritable
            If the folder cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        if self.size(digest) == len(content):
            return Blob(digest, len(content))
        with Draft(self) as draft:
            draft.write(content)
            return draft.keep()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Let nobody delete a blob meanwhile: it gets its name, and something that refers to it.

        Raises
        ------
        Unwritable
            If the folder cannot be written.
        """
        with self._opened(self._lock) as descriptor:
            with self._opened(self._turn) as turn:
                lock.hold(turn)
                lock.share(descriptor)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody keep a blob meanwhile, so that one that is not referred to can go.

        Raises
        ------
        Unwritable
            If the folder cannot be written.
        """
        with self._opened(self._lock) as descriptor:
            with self._opened(self._turn) as turn:
                lock.hold(turn)
                lock.hold(descriptor)
            yield

    def abandoned(self) -> list[Path]:
        """Return the drafts whose processes are dead; who asks is `alone`."""
        return [path for path in sorted((self.folder / _DRAFTS).glob("*")) if not _held(path)]

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        try:
            try:
                descriptor = os.open(path, _LOCKED, 0o666)
            except FileNotFoundError:
                (self.folder / _DRAFTS).mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, _LOCKED, 0o666)
        except OSError as error:
            raise unwritable(self.folder, error) from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)


class Draft:
    """A blob that is being written, in a ``with`` block; what is not kept by its end is deleted.

    Parameters
    ----------
    blobs
        Where to; the caller is `Blobs.keeping`.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._path = blobs.folder / _DRAFTS / uuid7()
        self._hash = hashlib.sha256()
        self.size = 0
        self._renamed = False
        try:
            self._descriptor = os.open(self._path, _NEW, _READ_ONLY)
            lock.hold(self._descriptor)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def write(self, part: bytes | memoryview) -> None:
        """Write the next bytes.

        Raises
        ------
        Unwritable
            If the disk is full, for example.
        """
        self._hash.update(part)
        rest = memoryview(part).cast("B")
        self.size += rest.nbytes
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise unwritable(self._path, error) from error

    def digest(self) -> str:
        """Return the SHA-256 of what was written so far."""
        return self._hash.hexdigest()

    def sync(self) -> None:
        """Wait until what was written is on the disk.

        Raises
        ------
        Unwritable
            If the disk reports an error.
        """
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def keep(self, *, lasting: bool = False) -> Blob:
        """Give the blob its name, unless it is there already; the caller is `Blobs.keeping`.

        Parameters
        ----------
        lasting
            Whether to wait until the name is on the disk too.

        Raises
        ------
        Unwritable
            If the folder cannot be written.
        """
        blob = Blob(self.digest(), self.size)
        path = self._blobs.path(blob.digest)
        try:
            # One of another size was cut by a loss of power; then these bytes take its place.
            if self._blobs.size(blob.digest) != blob.size:
                self._rename(path)
            if lasting:
                for each in (path, path.parent, self._blobs.folder):
                    sync(each)
        except OSError as error:
            raise unwritable(path, error) from error
        return blob

    def _rename(self, path: Path) -> None:
        try:
            self._path.replace(path)
        except FileNotFoundError:
            path.parent.mkdir(exist_ok=True)
            self._path.replace(path)
        self._renamed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete what was not kept."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            if not self._renamed:
                self._path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until a file or folder is on the disk; one that is gone is not waited for.

    Raises
    ------
    Unwritable
        If the disk reports an error.
    """
    if os.name == "nt":  # pragma: no cover - Windows cannot open folders, and syncs by handle
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | _ANY)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        os.close(descriptor)


def _held(path: Path) -> bool:
    try:
        return lock.is_held(path)
    except FileNotFoundError:
        return True
