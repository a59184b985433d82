"""Mirrors: the copies that a server keeps of its clients' journals, byte for byte.

A mirror is named ``<uuid7>-<number>.mirror.wj``. A note beside it, ``….mirror.json``, says how
many of its bytes count, and whether the journal has ended. The note is written after the bytes
are on the disk, so what it counts is whole, also after a loss of power; bytes behind it are of an
append that was cut short, which the next one overwrites. Should the note itself be lost, or fall
back to an older one, the client is asked for the same bytes again.

The note outlives its mirror by a week: a client that was cut off between its last append and the
answer asks again, and must not bring back what was taken into the tables meanwhile.
"""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from whence.errors import BadInput
from whence.journal import frame, lock
from whence.journal.format import check_format
from whence.journal.header import parse
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Answer", "Known", "Mirror", "is_mirror", "known"]

_SUFFIX = ".mirror.wj"
_NOTE = ".json"
_NAME = re.compile(r"[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}-[0-9]{6,9}")
"""A UUID version 7 and the number of the file, as a writer names its journals."""

MOST_BYTES = 128 * 2**20
"""The longest mirror: a writer goes on in a new file after 64 MB, and a reader holds one whole."""

_NOTE_BYTES = 63
"""As long as every note is, without its end of line."""

REMEMBERED = 7 * 24 * 3600
"""Seconds that the note of a mirror stays when the mirror is gone."""

# Windows would turn line feeds into two bytes and hand the file on to child processes.
_FLAGS = (
    os.O_WRONLY
    | os.O_APPEND
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
_MODE = 0o666  # the process's umask decides


class Known(NamedTuple):
    """How many bytes of a mirror count, and whether its journal has ended."""

    length: int
    ended: bool


class Answer(NamedTuple):
    """Whether an append was taken, and the mirror's length then."""

    taken: bool
    length: int


class Mirror:
    """The mirror of one journal, there or not yet; any number of processes may append to it.

    Parameters
    ----------
    folder
        The folder of journals.
    name
        The journal's name on its own machine, without its ending.

    Raises
    ------
    BadInput
        If no journal can have that name.
    """

    def __init__(self, folder: Path, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise BadInput(
                f"{name[:80]!r} is no journal's name; it is 32 hexadecimal digits of a UUID "
                "version 7, a hyphen and 6 digits"
            )
        self.path = folder / f"{name}{_SUFFIX}"

    @property
    def length(self) -> int:
        """How many bytes the mirror has; 0 if there is none."""
        return known(self.path).length

    def append(self, offset: int, content: bytes, *, last: bool = False) -> Answer:
        """Append bytes that begin where the mirror ends; on return they are on the disk.

        Anywhere else nothing is appended, and the answer says so.

        Parameters
        ----------
        offset
            Where in the journal they begin.
        content
            The bytes; those at 0 begin with the journal's header.
        last
            Whether the journal has ended: its process is dead, and this is all of it.

        Raises
        ------
        BadInput
            If it is no journal, or longer than one.
        NewerStore
            If a newer Whence wrote the journal.
        Unwritable
            If the disk refuses it; nothing was appended then.
        """
        before = known(self.path)
        if before.ended or offset != before.length:
            return Answer(before.length == offset and not content, before.length)
        if offset == 0:
            self._check_header(content)
        if offset + len(content) > MOST_BYTES:
            raise BadInput(
                f"the journal {self.path.name} would be longer than {MOST_BYTES:,} bytes, which "
                "no writer makes; look at the file on its own machine"
            )
        try:
            return self._append(offset, content, last=last)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _append(self, offset: int, content: bytes, *, last: bool) -> Answer:
        descriptor = os.open(self.path, _FLAGS | (0 if offset else os.O_CREAT), _MODE)
        try:
            lock.hold(descriptor)
            before = known(self.path)
            if before.ended or offset != before.length:  # another process was here first
                return Answer(taken=False, length=before.length)
            os.ftruncate(descriptor, offset)
            try:
                _write(descriptor, content)
            except OSError:
                os.ftruncate(descriptor, offset)
                raise
            after = Known(offset + len(content), last)
            self._note(after, lasting=last)
            if last or not offset:
                _sync_folder(self.path.parent)
        finally:
            os.close(descriptor)
        if last:
            _sweep(self.path.parent)
        return Answer(taken=True, length=after.length)

    def _check_header(self, content: bytes) -> None:
        first = frame.decode(memoryview(content), 0)
        header = None if first is None else parse(first.payload)
        if header is None:
            raise BadInput(
                f"what was sent as {self.path.name} does not begin with the header of a journal; "
                "send a journal from its first byte on"
            )
        check_format(header.format, self.path)

    def _note(self, now: Known, *, lasting: bool) -> None:
        """Write the note; one that must not be lost is waited for.

        In place, always as long: a new file in the place of the old one would be waited for by
        some file systems, which costs six times as much. Who reads half of it reads no note,
        and asks again.
        """
        line = json.dumps(now._asdict()).ljust(_NOTE_BYTES) + "\n"
        descriptor = os.open(
            self.path.with_suffix(_NOTE), _FLAGS & ~os.O_APPEND | os.O_CREAT, _MODE
        )
        try:
            os.write(descriptor, line.encode("ascii"))
            if lasting:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_mirror(path: Path) -> bool:
    """Return whether a journal is the copy of one whose process writes elsewhere."""
    return path.name.endswith(_SUFFIX)


def known(path: Path) -> Known:
    """Return what the note of a mirror says.

    Nothing counts where there is no note, or where the mirror was deleted or cut since.
    """
    try:
        note = json.loads(path.with_suffix(_NOTE).read_bytes())
        found = Known(int(note["length"]), bool(note["ended"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return Known(0, ended=False)
    return found if found.ended or _size(path) >= found.length else Known(0, ended=False)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _write(descriptor: int, content: bytes) -> None:
    """Write all of it and wait until it is on the disk."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if os.name == "nt":  # pragma: no cover - Windows cannot open folders
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(folder: Path) -> None:
    """Delete the notes of mirrors that went long ago."""
    before = time.time() - REMEMBERED
    for note in folder.glob(f"*.mirror{_NOTE}"):
        if not note.with_suffix(".wj").exists() and note.stat().st_mtime < before:
            note.unlink(missing_ok=True)
