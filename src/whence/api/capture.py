"""What a run captures by itself, while its program goes on.

Nothing here ever raises into the program or keeps it waiting: what takes time is found out by
daemon threads, and what fails is told once, by `logging`, and left out.
"""

from __future__ import annotations

import builtins
import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from whence.record.capture import CaptureRecords
    from whence.record.git import Git
    from whence.record.output import Lines
    from whence.record.system import System

__all__ = ["Captures", "choose"]

# Loaded when a run wants it, and by the threads that use it, so that nobody waits for it.
# ruff: noqa: PLC0415

_NAMES = ("git", "environment", "output", "system", "variables")

WAIT_SECONDS = 2.0
"""How long the end of a run waits for what is still being found out."""

STOP_SECONDS = 0.5
"""How long it then waits for git to be gone."""

_LET_GO_SECONDS = 0.2
"""How long a new thread stands back, so that the program's first records need not share the
interpreter with what is loaded to look around; a run that ends sooner does not wait for it."""

SAMPLE_SECONDS = 15.0
"""Between two looks at the system, unless ``WHENCE_CAPTURE_SECONDS`` says otherwise."""

_OFF = frozenset({"0", "false", "no", "none", "off"})
_ON = frozenset({"", "1", "true", "yes", "on"})


def choose(capture: bool | Collection[str] | None) -> frozenset[str]:  # noqa: FBT001 - see start_run
    """Return what is to be captured.

    Parameters
    ----------
    capture
        True for what is captured by default, False for nothing, or names; if None, what
        ``WHENCE_CAPTURE`` says: ``0``, ``1``, or names with commas between them.

    Raises
    ------
    BadInput
        If something is named that cannot be captured.
    """
    if capture is None:
        capture = _from_environment()
    if isinstance(capture, bool):
        return _by_default() if capture else frozenset()
    named = {capture} if isinstance(capture, str) else set(capture)
    unknown = sorted(map(str, named.difference(_NAMES)))
    if unknown:
        raise BadInput(
            f"capture names {', '.join(map(repr, unknown))}; give True, False, or some of "
            f"{', '.join(_NAMES)}"
        )
    return frozenset(named)


def _from_environment() -> bool | list[str]:
    said = os.environ.get("WHENCE_CAPTURE", "").strip().lower()
    if said in _OFF:
        return False
    return said in _ON or [name.strip() for name in said.split(",")]


def _by_default() -> frozenset[str]:
    # What a person types and sees in a session belongs to no run in particular.
    interactive = (
        hasattr(sys, "ps1") or bool(sys.flags.interactive) or hasattr(builtins, "__IPYTHON__")
    )
    return frozenset(_NAMES) - {"variables"} - ({"output"} if interactive else set())


class Captures:
    """What is captured of one run of this process.

    Parameters
    ----------
    store, run
        The store's folder, and the run's id.
    chosen
        As `choose` returned it.
    """

    def __init__(self, store: Path, run: str, chosen: frozenset[str]) -> None:
        from whence.record.capture import CaptureRecords

        self._run = run
        self._process = os.getpid()
        self._chosen = chosen
        self._records = CaptureRecords(store, run)
        self._lines: Lines | None = None
        if "environment" in chosen:
            with _harmless("the environment"):
                self._begin_environment()
        if "variables" in chosen:
            with _harmless("the environment variables"):
                self._say_variables()
        if "git" in chosen:
            with _harmless("the code"):
                _fact("code").tell(self._records)
        if "system" in chosen:
            with _harmless("system metrics"):
                _sampler.add(store, run)
        if "output" in chosen:
            with _harmless("the output"):
                self._begin_output()

    def end(self, error: BaseException | None = None) -> None:
        """Capture no more of what goes on; `error`, which ends the run, is told in its output."""
        if os.getpid() != self._process:  # a forked child only has a copy
            return
        _sampler.remove(self._run)
        lines, self._lines = self._lines, None
        if lines is None:
            return
        from whence.record.output import unlisten

        with _harmless("the output"):
            unlisten(lines)
            if error is not None and not isinstance(error, SystemExit):
                from traceback import format_exception

                # Python prints it when the run has ended, if nobody catches it.
                lines.take("stderr", "".join(format_exception(error)))
            lines.end()

    def wait(self) -> None:
        """Wait a little for what is still being found out."""
        if os.getpid() == self._process:
            until = time.monotonic() + WAIT_SECONDS
            for fact in [*_facts.values()]:
                fact.wait(until)

    def _begin_environment(self) -> None:
        from whence.record.capture import pack
        from whence.record.command import command

        self._records.fact("command", pack(command()))
        _fact("environment").tell(self._records)

    def _say_variables(self) -> None:
        from whence.record.capture import pack
        from whence.record.environment import variables

        self._records.fact("variables", pack(variables()))

    def _begin_output(self) -> None:
        from whence.record.output import Lines, listen

        self._lines = Lines(self._say)
        listen(self._lines)

    def _say(self, number: int, stream: str, text: str) -> None:
        try:
            self._records.output(number, stream, text)
        except Exception as error:  # noqa: BLE001 - a print must not fail because of us
            _tell("the output", error)


class _Fact:
    """Something that a thread finds out once a process, for every run that wants it."""

    def __init__(
        self, kind: str, find: Callable[[], object], stop: Callable[[], None] | None = None
    ) -> None:
        self._kind = kind
        self._find = find
        self._stop = stop
        # A thread of a program that is interrupted may come back.
        self._lock = threading.RLock()
        self._waiting: list[CaptureRecords] = []
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()
        self._done = False
        self._payload: bytes | None = None

    def tell(self, records: CaptureRecords) -> None:
        """Record it of a run: now, or when it is known."""
        with self._lock:
            if not self._done:
                self._waiting.append(records)
                if self._thread is None:
                    thread = threading.Thread(
                        target=self._look, name=f"whence-{self._kind}", daemon=True
                    )
                    thread.start()
                    self._thread = thread
                return
        self._say(records)

    def wait(self, until: float) -> None:
        """Wait until it is known, or a time of the monotonic clock; then do without the rest."""
        thread = self._thread
        if self._done or thread is None:
            return
        self._hurry.set()
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive() and self._stop is not None:
            self._stop()
            thread.join(STOP_SECONDS)

    def _look(self) -> None:
        from whence.record.capture import pack  # loaded already, with the records

        self._hurry.wait(_LET_GO_SECONDS)
        payload = None
        with _harmless(f"the {self._kind}"):
            found = self._find()
            payload = None if found is None else pack(found)
        with self._lock:
            self._payload, self._done = payload, True
            waiting, self._waiting = self._waiting, []
        for records in waiting:
            self._say(records)

    def _say(self, records: CaptureRecords) -> None:
        if self._payload is not None:
            with _harmless(f"the {self._kind}"):
                records.fact(self._kind, self._payload)


class _Sampler:
    """Looks at the system every few seconds, for as long as runs want it, in one thread.

    The thread ends when it finds no run, not with the last one: to begin another takes longer
    than all else that begins a run.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._runs: dict[str, tuple[Any, float]] = {}
        self._looks = False
        self._every = SAMPLE_SECONDS

    def add(self, store: Path, run: str) -> None:
        from whence.record import RunRecords

        every = _seconds()
        with self._lock:
            self._runs[run] = RunRecords(store, run), time.monotonic()
            self._every = every
            if not self._looks:
                threading.Thread(target=self._look, name="whence-system", daemon=True).start()
                self._looks = True

    def remove(self, run: str) -> None:
        with self._lock:
            self._runs.pop(run, None)

    def _look(self) -> None:
        system = None
        time.sleep(_LET_GO_SECONDS)
        while runs := self._wanting():
            with _harmless("system metrics"):
                if system is None:
                    system = _system()
                else:
                    values = system.values()
                    for records, began in runs:
                        records.points(values, int(time.monotonic() - began))
            time.sleep(self._every)

    def _wanting(self) -> list[tuple[Any, float]]:
        """Return the runs of now; if there are none, the thread that asks ends."""
        with self._lock:
            self._looks = bool(self._runs)
            return [*self._runs.values()]


def _system() -> System:
    with _importing:
        from whence.record.system import System
    return System()


def _seconds() -> float:
    said = os.environ.get("WHENCE_CAPTURE_SECONDS") or SAMPLE_SECONDS
    try:
        seconds = float(said)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise BadInput(f"WHENCE_CAPTURE_SECONDS is {said!r}; give seconds, such as 15")
    return seconds


def _fact(kind: str) -> _Fact:
    with _making:
        if kind not in _facts:
            _facts[kind] = _new_fact(kind)
        return _facts[kind]


def _new_fact(kind: str) -> _Fact:
    if kind == "environment":
        return _Fact(kind, _find_environment)
    from whence.record.command import program_folder

    # The folder of now: the program may go elsewhere while its thread begins.
    finder = _CodeFinder(program_folder())
    return _Fact(kind, finder.find, finder.stop)


def _find_environment() -> object:
    with _importing:
        from whence.record.environment import environment
    return environment()


class _CodeFinder:
    """Asks git, which is loaded first, and can be stopped at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._git: Git | None = None
        self._stopped = False

    def find(self) -> object:
        with _importing:
            from whence.record.git import Git
        self._git = Git(self._folder)
        return None if self._stopped else self._git.code()

    def stop(self) -> None:
        self._stopped = True
        if self._git is not None:
            self._git.stop()


@contextmanager
def _harmless(what: str) -> Iterator[None]:
    """Let nothing that fails inside reach the program."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the program is not about this
        _tell(what, error)


def _tell(what: str, error: Exception) -> None:
    """Say once a process that something is not captured."""
    if what in _told:
        return
    _told.add(what)
    import logging

    logging.getLogger("whence").warning(
        "%s cannot be captured, the run goes on without: %s", what, error
    )


_facts: dict[str, _Fact] = {}
_told: set[str] = set()
_making = threading.RLock()
_sampler = _Sampler()

_importing = threading.RLock()
"""Held by a thread of ours that imports: a process forked meanwhile would wait for the end of that
import for ever, so a fork waits for it instead."""


def _begin_anew() -> None:
    """Let a forked child find out for itself: it has none of the threads, and copies of locks."""
    global _making, _sampler  # noqa: PLW0603 - a lock cannot be taken from a thread that is not there
    _facts.clear()
    _making = threading.RLock()
    _sampler = _Sampler()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
    os.register_at_fork(
        before=_importing.acquire,
        after_in_parent=_importing.release,
        after_in_child=_importing.release,
    )
