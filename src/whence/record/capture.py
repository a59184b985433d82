"""What is captured of a run, as records."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from whence.record.encoding import encode, now
from whence.record.writers import writer
from whence.types.records import Capture, Output

if TYPE_CHECKING:
    from pathlib import Path


__all__ = ["CaptureRecords", "pack"]

pack = msgspec.msgpack.Encoder().encode
"""Return what was captured as a payload."""


class CaptureRecords:
    """What one process captures of a run.

    Parameters
    ----------
    store
        The store's folder.
    run
        The run's id.
    """

    __slots__ = ("_run", "_store")

    def __init__(self, store: Path, run: str) -> None:
        self._store = store
        self._run = run

    def fact(self, kind: str, payload: bytes) -> None:
        """Record something found out; a payload that another run has too is only referred to.

        A process that begins a thousand runs has one environment, and says it once.

        Raises
        ------
        Unwritable
            If the journal cannot be written.
        """
        key = self._store, kind
        said, run = _said.get(key, (b"", ""))
        if said == payload:
            record = Capture(self._run, now(), kind, None, run)
        else:
            record = Capture(self._run, now(), kind, payload)
        writer(self._store).append(encode(record))
        if record.payload is not None:
            _said[key] = payload, self._run

    def output(self, number: int, stream: str, text: str) -> None:
        """Record lines of output; see `fact` for what it raises."""
        writer(self._store).append(encode(Output(self._run, now(), number, stream, text)))


_said: dict[tuple[Path, str], tuple[bytes, str]] = {}
"""(store, kind) -> the payload said last, and the run it was said of."""

if hasattr(os, "register_at_fork"):
    # What the parent said may be lost to a reader that has only the child's journal.
    os.register_at_fork(after_in_child=_said.clear)
