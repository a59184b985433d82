"""What one epoch says of what runs captured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput
from whence.store import captures
from whence.types.captured import KINDS
from whence.types.records import Capture, Output

if TYPE_CHECKING:
    from whence.store.metadata import Metadata

__all__ = ["Capturing"]

MOST_CHARACTERS = 2**16
"""Of output in one row of the database: a row for every line would take more than the line."""


class Capturing:
    """The records of captures in one epoch: gathered, then kept."""

    def __init__(self) -> None:
        self._facts: list[Capture] = []
        self._output: dict[str, list[_Part]] = {}

    def add(self, record: Capture | Output) -> None:
        """Take a record.

        Raises
        ------
        BadInput
            If it is of no known kind, or not what its kind says.
        """
        if isinstance(record, Capture):
            _check(record)
            self._facts.append(record)
            return
        parts = self._output.setdefault(record.run, [])
        if not parts or not parts[-1].takes(record):
            parts.append(_Part(record))
        parts[-1].add(record)

    def save(self, metadata: Metadata) -> None:
        """Keep it all; the caller holds the transaction."""
        for fact in self._facts:
            captures.add(metadata, fact)
        for parts in self._output.values():
            captures.add_output(metadata, [part.joined() for part in parts])


class _Part:
    """Lines of one stream that follow one another; `first` are the first of them."""

    def __init__(self, first: Output) -> None:
        self._first = first
        self._texts: list[str] = []
        self._size = 0
        self._next = first.number

    def takes(self, lines: Output) -> bool:
        return (
            lines.stream == self._first.stream
            and lines.number >= self._next
            and self._size + len(lines.text) <= MOST_CHARACTERS
        )

    def add(self, lines: Output) -> None:
        self._texts.append(lines.text)
        self._size += len(lines.text)
        self._next = lines.number + 1

    def joined(self) -> Output:
        return msgspec.structs.replace(self._first, text="".join(self._texts))


def _check(record: Capture) -> None:
    kind = KINDS.get(record.kind)
    if kind is None:
        raise BadInput(
            f"a capture of kind {record.kind!r:.80}; this Whence knows {', '.join(KINDS)}"
        )
    if record.payload is None:
        return
    try:
        msgspec.msgpack.decode(record.payload, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadInput(f"a capture of kind {record.kind} that is none: {error}") from error
