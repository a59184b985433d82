"""The contents of artifacts: taken in, found again, and deleted when no path has them.

They are the blobs of `whence.journal.blobs`. A client sends a blob before the record that names
it, so a note beside the blobs says that such a record is on its way.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Self

from whence.errors import BadInput, NotFound
from whence.journal.blobs import PIECE, Blobs
from whence.journal.unwritable import unwritable
from whence.store.artifacts import Artifact, digests, find, refer, require_free
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from whence.journal.blobs import Blob, Draft
    from whence.store.folder import StoreFolder

__all__ = [
    "AWAITED_FOR",
    "Receiver",
    "Unneeded",
    "blobs",
    "file_of",
    "free",
    "offered",
    "put",
    "put_file",
    "unneeded",
]

_AWAITED = ".awaited"

AWAITED_FOR = 24 * 3600
"""Seconds that a blob without a path is kept since a client sent it, or asked for it. The record
that names it comes right behind, and a client that was cut off between the two asks again."""


def blobs(store: StoreFolder) -> Blobs:
    """Return the blobs of a store."""
    return Blobs(store.path / "artifacts")


def put(store: StoreFolder, path: str, parts: Iterable[bytes]) -> Artifact:
    """Keep a file; on return it is on the disk. One of that path before is replaced.

    Parameters
    ----------
    path
        Where: see `safe_path`.
    parts
        Its bytes, read once.

    Raises
    ------
    BadInput
        If no file can be there: a folder is, or a file where a folder is needed.
    Unwritable
        If the disk is full, or the folder read-only; then nothing was kept.
    """
    safe_path(path)
    with Receiver(blobs(store)) as receiver:
        for part in parts:
            receiver.write(part)
        return receiver.put(store, path)


def put_file(store: StoreFolder, path: str, source: BinaryIO) -> Artifact:
    """Keep what is left to be read of an open file; see `put`."""
    return put(store, path, iter(lambda: source.read(PIECE), b""))


class Receiver:
    """A file that comes in pieces: write them all, then put it, or offer it.

    Parameters
    ----------
    kept
        Where to.

    Raises
    ------
    Unwritable
        If the store cannot be written.
    """

    def __init__(self, kept: Blobs) -> None:
        self._blobs = kept
        self._draft: Draft = kept.draft()
        self.write = self._draft.write
        self.close = self._draft.close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._draft.size

    def put(self, store: StoreFolder, path: str) -> Artifact:
        """Keep it under a path; see `put`."""
        safe_path(path)
        require_free(store.metadata, path)
        self._draft.sync()
        with self._blobs.keeping():
            blob = self._draft.keep(lasting=True)
            found = Artifact(path, *blob, time.time_ns() // 1000)
            with store.metadata.transaction():
                require_free(store.metadata, path)
                refer(store.metadata, [found])
        return found

    def offer(self, digest: str) -> Blob:
        """Keep a blob that a record on its way will name.

        Raises
        ------
        BadInput
            If it has another digest.
        Unwritable
            If it cannot be kept.
        """
        found = self._draft.digest()
        if found != digest:
            raise BadInput(
                f"what came has the SHA-256 {found} and not {digest[:64]}; it was changed on its "
                "way, send it again"
            )
        self._draft.sync()
        with self._blobs.keeping():
            _await(self._blobs, digest)
            return self._draft.keep(lasting=True)


def offered(kept: Blobs, digest: str) -> int | None:
    """Return the bytes of a blob that is there, which then stays for `AWAITED_FOR`; else None.

    Raises
    ------
    BadInput
        If it is no digest.
    Unwritable
        If the store cannot be written.
    """
    if kept.size(digest) is None:
        return None
    with kept.keeping():
        _await(kept, digest)
        return kept.size(digest)


def file_of(store: StoreFolder, path: str) -> tuple[Artifact, Path]:
    """Return a file and where its content lies, to be read and never to be changed.

    Raises
    ------
    NotFound
        If there is none of that path, or its content is not there.
    """
    found = find(store.metadata, path)
    if found is None:
        raise NotFound(f"there is no artifact {path!r} in the store {store.path}")
    content = blobs(store).path(found.digest)
    if not content.is_file():
        raise NotFound(
            f"the content of the artifact {path!r} is not in the store {store.path}: it is on its "
            "way from the machine that logged it, or was deleted by hand"
        )
    return found, content


class Unneeded(NamedTuple):
    """Blobs that no path has; `awaited` are those of them that a client sent of late, which stay.

    `unfinished` are drafts of processes that are dead, with their bytes.
    """

    blobs: list[Blob]
    awaited: list[Blob]
    unfinished: list[tuple[Path, int]]

    @property
    def bytes(self) -> int:
        """Bytes that go when they go."""
        return sum(blob.size for blob in self.blobs) + sum(size for _, size in self.unfinished)


def unneeded(store: StoreFolder, without: Sequence[str] = ()) -> Unneeded:
    """Return what is kept and not needed; who deletes it holds `Blobs.alone`, and has folded.

    `without` are folders that count as deleted already.
    """
    kept = blobs(store)
    needed = digests(store.metadata, without)
    found = [blob for blob in kept.all() if blob.digest not in needed]
    since = time.time() - AWAITED_FOR
    awaited = {note.name for note in _notes(kept) if note.stat().st_mtime >= since}
    return Unneeded(
        [blob for blob in found if blob.digest not in awaited],
        [blob for blob in found if blob.digest in awaited],
        [(path, path.stat().st_size) for path in kept.abandoned()],
    )


def free(store: StoreFolder, found: Unneeded) -> None:
    """Delete what is not needed, and old notes; the caller holds `Blobs.alone`.

    Raises
    ------
    Unwritable
        If a file cannot be deleted.
    """
    kept = blobs(store)
    since = time.time() - AWAITED_FOR
    old = [note for note in _notes(kept) if note.stat().st_mtime < since]
    content = [kept.path(blob.digest) for blob in found.blobs]
    for path in [*content, *(draft for draft, _ in found.unfinished), *old]:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from error


def _await(kept: Blobs, digest: str) -> None:
    """Note that a record is on its way which names a blob; the caller is `Blobs.keeping`."""
    path = kept.folder / _AWAITED / digest
    try:
        path.parent.mkdir(exist_ok=True)
        path.touch()
    except OSError as error:
        raise unwritable(path, error) from error


def _notes(kept: Blobs) -> list[Path]:
    return sorted((kept.folder / _AWAITED).glob("*"))
