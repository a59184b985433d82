"""Reading journals: every whole frame, and an account of the bytes that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from whence.journal import frame, lock, mirror
from whence.journal.format import check_format
from whence.journal.header import parse, read_header
from whence.journal.identity import Host, this_host
from whence.journal.writer import SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from whence.journal.frame import Frame

__all__ = ["Gap", "Reading", "alive", "frames_from", "journals", "read"]


class Gap(NamedTuple):
    """Bytes of a journal that are no whole frame.

    damaged: frames follow, so something was destroyed or a write was cut short and went on.
    torn: the end of a journal whose process is dead; it never learned that the call succeeded.
    """

    start: int
    end: int
    kind: Literal["damaged", "torn"]


class Reading:
    """An iterator over the frames of a journal, from `read`.

    Attributes
    ----------
    end
        The offset to read from next time: behind the last frame and whatever was skipped.
    gaps
        What was skipped so far.
    pending
        True when, at the end, bytes are left that may become a frame: the process is alive, or
        on a machine that cannot be asked.
    """

    def __init__(self, path: Path, offset: int, until: int | None) -> None:
        # Asked before the bytes are read: who is dead then has written all it ever will.
        self._dead = alive(path) is False
        header = read_header(path)
        if header is not None:
            check_format(header.format, path)
        if until is None and mirror.is_mirror(path):
            until = mirror.known(path).length  # the bytes behind it may be sent again
        with path.open("rb") as file:
            file.seek(offset)
            self._data = file.read(-1 if until is None else max(until - offset, 0))
        self._view = memoryview(self._data)
        self._offset = offset
        self._position = 0
        self.gaps: list[Gap] = []
        self.pending = False
        if offset == 0:
            self._skip_header()

    @property
    def end(self) -> int:
        """The offset to read from next time."""
        return self._offset + self._position

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        found = frame.decode(self._view, self._position)
        if found is None:
            if self._position == len(self._data):
                raise StopIteration
            self._skip()
            found = frame.decode(self._view, self._position)
            if found is None:
                raise StopIteration
        self._position = found.end
        return frame.Frame(found.payload, self.end)

    def hand_over(self, take: Callable[[memoryview, int], int]) -> None:
        """Let a function take all the frames that are left.

        Parameters
        ----------
        take
            Called with the bytes and the offset in them where frames begin; returns the offset
            where those end that follow one another.
        """
        before = -1
        while self._position > before:
            before = self._position
            self._position = take(self._view, self._position)
            if self._position < len(self._data):
                self._skip()

    def _skip(self) -> None:
        """Go to the next whole frame, or to the end if there will be none."""
        start = self.end
        following = frame.find(self._data, self._position)
        if following is not None:
            self._position = following
            self.gaps.append(Gap(start, self.end, "damaged"))
        elif self._dead:
            self._position = len(self._data)
            self.gaps.append(Gap(start, self.end, "torn"))
        else:
            self.pending = True

    def _skip_header(self) -> None:
        first = frame.decode(self._view, 0)
        if first is not None and parse(first.payload) is not None:
            self._position = first.end


def read(path: Path, offset: int = 0, until: int | None = None) -> Reading:
    """Return an iterator over a journal's frames, without its header.

    Parameters
    ----------
    path
        The journal.
    offset
        Where to begin: 0, or an `end` that an earlier reading gave.
    until
        Where to stop, for a second reading of the same frames; the end of the file if None.

    Raises
    ------
    NewerStore
        If a newer Whence wrote the journal.
    FileNotFoundError
        If it is not there (any more).
    """
    return Reading(path, offset, until)


def alive(path: Path) -> bool | None:
    """Return whether the process that writes a journal is alive.

    None where nobody can tell: it runs, or ran, on another machine, or the journal is so new
    that it has no header yet. Of a mirror nobody can tell until its client has said that it ended,
    be the client on this machine or not.
    """
    if mirror.is_mirror(path):
        return False if mirror.known(path).ended else None
    if lock.is_held(path):
        return True
    header = read_header(path)
    if header is None:
        return None
    here = this_host()
    return False if _same_kernel(header.host, here) or _restarted(header.host, here) else None


def journals(folder: Path) -> list[Path]:
    """Return the journals in a folder of journals, the oldest first; none if it is absent."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def frames_from(folder: Path) -> Iterator[tuple[Path, Frame]]:
    """Yield every whole frame of every journal in a folder, with its journal."""
    for path in journals(folder):
        for found in read(path):
            yield path, found


def _same_kernel(writer: Host, here: Host) -> bool:
    """Return whether the lock of a process on that machine is seen on this one."""
    if writer.boot or here.boot:
        return writer.boot == here.boot
    return writer == here  # systems that do not tell: the name of the machine decides


def _restarted(writer: Host, here: Host) -> bool:
    """Return whether the writer ran on this machine before it was last started."""
    return bool(here.machine) and writer[:2] == here[:2] and writer.boot != here.boot
