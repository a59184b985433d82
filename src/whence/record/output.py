"""What a program prints: lines handed on as they are written, without touching the stream.

Only the `write` of a stream is wrapped, for as long as somebody listens: ``sys.stdout`` stays the
very object it was, with its descriptor, its encoding and its answer to ``isatty``, and handlers
of `logging` that hold it are heard too. What other programs and C code write to the descriptor
is not.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from whence.record.values import text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Lines", "listen", "unlisten"]

MOST_HEAD = 4 * 2**20
"""Characters of a run's output that are recorded as they come."""

MOST_TAIL = 2**18
"""Characters of the rest that are kept, the last ones, to be recorded when the run ends."""

_PIECE = 2**16
"""Characters at most in one record, and of a line that does not end."""


class Lines:
    """Whole lines of a run's output, as a terminal would show them.

    Of a line that was written over again and again with carriage returns, as progress bars do,
    the last state is kept.

    Parameters
    ----------
    say
        Records a piece: number, stream, text.
    """

    def __init__(self, say: Callable[[int, str, str], None]) -> None:
        self._say = say
        self._pending: dict[str, str] = {}
        self._number = 0
        self._said = 0
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_size = 0
        self._dropped = 0
        # The same thread may come back: a signal's handler that prints.
        self._lock = threading.RLock()

    def take(self, stream: str, written: str) -> None:
        """Take what was written to a stream."""
        with self._lock:
            whole, end, rest = (self._pending.get(stream, "") + written).rpartition("\n")
            if end:
                self._keep(stream, "".join(f"{_shown(line)}\n" for line in whole.split("\n")))
            if len(rest) > _PIECE:
                self._keep(stream, rest)
                rest = ""
            # What a carriage return goes back over is gone from the terminal too.
            over = rest.rstrip("\r").rfind("\r")
            self._pending[stream] = rest[over:] if over > 0 else rest

    def end(self) -> None:
        """Record the lines that did not end, and the tail of an output that was too long."""
        with self._lock:
            for stream, rest in self._pending.items():
                if _shown(rest):
                    self._keep(stream, f"{_shown(rest)}\n")
            self._pending.clear()
            if self._dropped:
                self._record("whence", f"... {self._dropped:,} characters are left out here ...\n")
            for stream, kept in self._tail:
                self._record(stream, kept)
            self._tail.clear()

    def _keep(self, stream: str, lines: str) -> None:
        room = max(MOST_HEAD - self._said, 0)
        head, rest = lines[:room], lines[room:]
        for start in range(0, len(head), _PIECE):
            self._record(stream, head[start : start + _PIECE])
        if not rest:
            return
        self._tail.append((stream, rest[-MOST_TAIL:]))
        self._tail_size += len(self._tail[-1][1])
        self._dropped += len(rest) - len(self._tail[-1][1])
        while self._tail_size > MOST_TAIL:
            gone = len(self._tail.popleft()[1])
            self._tail_size -= gone
            self._dropped += gone

    def _record(self, stream: str, piece: str) -> None:
        self._said += len(piece)
        self._say(self._number, stream, text(piece))
        self._number += max(1, piece.count("\n"))


class _Tap:
    """A stream whose `write` hands on to those who listen.

    Parameters
    ----------
    name
        How the stream is called: stdout or stderr.
    stream
        The stream; its `write` is replaced at once.

    Raises
    ------
    AttributeError
        If the stream lets nobody replace it.
    """

    def __init__(self, name: str, stream: Any) -> None:  # noqa: ANN401 - whatever stands in sys
        self.name = name
        self.stream = stream
        self.listeners: tuple[Lines, ...] = ()
        self._own = "write" in vars(stream)
        self._before = stream.write
        self._handed = self._write  # one object, to be known again
        stream.write = self._handed

    def _write(self, written: str) -> Any:  # noqa: ANN401 - as the stream's own
        done = self._before(written)
        for lines in self.listeners:
            lines.take(self.name, written)
        return done

    def undo(self) -> bool:
        """Give the stream its own `write` back, and return whether nobody had wrapped ours."""
        if vars(self.stream).get("write") is not self._handed:
            return False
        if self._own:
            self.stream.write = self._before
        else:
            del self.stream.write
        return True


_taps: list[_Tap] = []
_changing = threading.RLock()


def listen(lines: Lines) -> None:
    """Hand on what is printed from now on.

    Raises
    ------
    AttributeError, TypeError
        If a stream cannot be listened to.
    """
    with _changing:
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is None:  # a program without a console
                continue
            tap = next((one for one in _taps if one.stream is stream), None)
            if tap is None:
                tap = _Tap(name, stream)
                _taps.append(tap)
            if lines not in tap.listeners:
                tap.listeners += (lines,)


def unlisten(lines: Lines) -> None:
    """Hand on no more; streams that nobody listens to are as they were."""
    with _changing:
        for tap in _taps[:]:
            tap.listeners = tuple(one for one in tap.listeners if one is not lines)
            if not tap.listeners and tap.undo():
                _taps.remove(tap)


def _shown(line: str) -> str:
    """Return what a terminal shows of a line in which the cursor went back to its beginning."""
    return line.rstrip("\r").rpartition("\r")[2]


def _fall_silent() -> None:
    """Leave the run's output to the parent: a child's would mix with it in any order."""
    global _changing  # noqa: PLW0603 - a lock cannot be taken from a thread that is not there
    _changing = threading.RLock()
    for tap in _taps:
        tap.listeners = ()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fall_silent)
