"""A process of one's own that answers questions one at a time: work that must not hold up others.

It is a new interpreter, not a fork: a fork of a program with threads may hang. Parent and child
speak through a pair of sockets. The child notices by its end that the parent is gone, killed or
not, and goes too in the middle of whatever it does; the store bears that.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import traceback
from multiprocessing.connection import Connection, Pipe
from typing import TYPE_CHECKING

import msgspec

from whence import errors
from whence.errors import WhenceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Child", "ChildDied", "ChildFailed", "ChildSlow", "reply"]


class ChildDied(Exception):
    """The child ended before it had answered, or could not be started."""


class ChildFailed(Exception):
    """The child met an error that nobody foresaw; the text is its traceback."""


class ChildSlow(Exception):
    """The child did not answer in time, and was killed."""


class _Answer(msgspec.Struct, frozen=True):
    """What was asked for, or an error: its type in `whence.errors` ("" for others) and text.

    `last` says that the child wants to be asked no more.
    """

    content: bytes = b""
    error: tuple[str, str] | None = None
    last: bool = False


_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(_Answer)


class Child:
    """The parent's end; the process is started at the first question, and anew if it died.

    Parameters
    ----------
    module
        What the child runs: ``python -m module DESCRIPTOR ARGUMENT ...``, which calls `reply`.
    arguments
        For the module.
    environment
        Set beside this process's own environment.
    idle
        Seconds without a question after which the process is ended, and its memory given back.
    """

    def __init__(
        self,
        module: str,
        arguments: tuple[str, ...] = (),
        *,
        environment: Mapping[str, str],
        idle: float,
    ) -> None:
        # -P: what lies in the folder it stands in is no part of the program.
        self._command = [sys.executable, "-P", "-m", module]
        self._arguments = arguments
        self._environment = environment
        self._idle = idle
        self._asking = threading.Lock()
        self._starting = threading.Lock()
        self._ended = False
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._rest: threading.Timer | None = None

    def ask(self, question: bytes, seconds: float | None = None) -> bytes:
        """Return the child's answer; one caller at a time, others wait.

        Parameters
        ----------
        question
            Anything that the child's module understands.
        seconds
            The longest that the answer may take, from when the child is ready; None for ever.

        Raises
        ------
        WhenceError
            What the child raised, of the same type and with the same text.
        ChildFailed, ChildDied, ChildSlow
            As they say. Only after `ChildFailed` the process is still there.
        """
        with self._asking:
            if self._rest is not None:
                self._rest.cancel()
            answer = self._exchange(question, seconds)
            self._rest = threading.Timer(self._idle, self._relax)
            self._rest.daemon = True
            self._rest.start()
        if answer.error is not None:
            raise _rebuilt(*answer.error)
        return answer.content

    def end(self) -> None:
        """Kill the process for good, also in the middle of an answer; any thread may call it."""
        with self._starting:
            self._ended = True
            process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def _exchange(self, question: bytes, seconds: float | None) -> _Answer:
        if self._process is not None and self._process.poll() is not None:
            self._dismiss()  # it was killed while it had nothing to do, and nothing is lost
        try:
            connection = self._connection or self._start()
            connection.send_bytes(question)
            came = connection.poll(seconds)
            answer = _UNPACK.decode(connection.recv_bytes()) if came else None
        except (EOFError, OSError) as error:
            raise ChildDied(self._dismiss() or str(error)) from error
        if answer is None:
            self._dismiss()
            raise ChildSlow
        if answer.last:
            self._dismiss()
        return answer

    def _start(self) -> Connection:
        """Start the process, and wait until it says that it is ready."""
        with self._starting:
            if self._ended:
                raise EOFError
            ours, theirs = Pipe()
            self._connection = ours
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [*self._command, str(theirs.fileno()), *self._arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    env={**os.environ, **self._environment},
                    pass_fds=(theirs.fileno(),),
                    # The terminal's Ctrl+C is for the parent.
                    process_group=0,
                )
        ours.recv_bytes()
        return ours

    def _relax(self) -> None:
        """End the process if nobody asks it anything just now."""
        if self._asking.acquire(blocking=False):
            self._dismiss()
            self._asking.release()

    def _dismiss(self) -> str:
        """End the process; return how it had ended by itself, "" if it had not started."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if connection is not None:
            connection.close()
        if process is None:
            return ""
        try:
            # Who is ended by the end of its socket needs no signal; but it may hang.
            status = process.wait(_MOMENT)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        return f"signal {-status}" if status < 0 else f"status {status}"


_MOMENT = 1.0
"""Seconds that a process has to notice that its parent has closed the socket."""

_ORPHANED = 0
"""The exit status of a child whose parent is gone: that is how it is meant to end."""


def _rebuilt(name: str, text: str) -> Exception:
    """Return an error of the type of that name, whatever arguments its type is usually made of."""
    kind = getattr(errors, name, None) if name else None
    return ChildFailed(text) if kind is None else kind.__new__(kind, text)


def reply(
    descriptor: int, to: Callable[[bytes], bytes], spent: Callable[[], bool] = lambda: False
) -> None:
    """Answer a parent's questions until it is gone: the child's part, which does not return.

    Parameters
    ----------
    descriptor
        The number of the socket, as the parent gave it on the command line.
    to
        Returns the answer to a question. Errors go to the parent.
    spent
        Whether the next question is better put to a new process; asked after each answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = Connection(descriptor)
    questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(connection, questions), daemon=True).start()
    connection.send_bytes(b"")
    while True:
        answer = _answer(to, questions.get())
        try:
            connection.send_bytes(_PACK.encode(msgspec.structs.replace(answer, last=spent())))
        except OSError:
            os._exit(_ORPHANED)


def _hear(connection: Connection, questions: queue.SimpleQueue[bytes]) -> None:
    """Take questions; end the process as soon as there is nobody to ask any."""
    while True:
        try:
            questions.put(connection.recv_bytes())
        except (EOFError, OSError):
            # Not sys.exit: that would only end this thread, and the work would go on.
            os._exit(_ORPHANED)


def _answer(to: Callable[[bytes], bytes], question: bytes) -> _Answer:
    try:
        return _Answer(to(question))
    except WhenceError as error:
        return _Answer(error=(type(error).__name__, str(error)))
    except Exception:  # noqa: BLE001 - told whole to the parent, who decides
        return _Answer(error=("", traceback.format_exc()))
