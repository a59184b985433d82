"""The log of a run of Weights & Biases: its frames, and the few records of it that are needed.

``run-ID.wandb`` begins with seven bytes that name it; then it is LevelDB's log
(https://github.com/google/leveldb/blob/main/doc/log_format.md): blocks of 32 KiB with pieces of
records, each with a checksum, its length and its kind. Unlike LevelDB's the checksum is a plain
CRC-32 of kind and bytes. A record is a ``Record`` in protocol buffers; the fields' numbers are
those of wandb/proto/wandb_internal.proto (0.31), where they have stayed since 0.12.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from whence.work.importing.sources.protobuf import BYTES, fields, signed, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BEGIN", "Begun", "Config", "Ended", "Moment", "Printed", "Record", "Torn", "records"]

BEGIN = b":W&B\xe1\xbe\x00"
"""What a log begins with."""

_BLOCK = 32 * 2**10
_PIECE = struct.Struct("<IHB")
_PADDING, _WHOLE, _FIRST, _MIDDLE, _LAST = range(5)
"""The kinds of pieces."""


class Begun(NamedTuple):
    """A run begins; `started` in microseconds since 1970, None if it does not say."""

    id: str
    entity: str
    project: str
    group: str
    job_type: str
    name: str
    notes: str
    tags: list[str]
    host: str
    started: int | None
    config: dict[str, Any]


class Config(NamedTuple):
    """Params that were given later, and names of those that were taken back."""

    update: dict[str, Any]
    remove: list[str]


class Moment(NamedTuple):
    """Values said at once: those of the program by name, or of the machine with their time."""

    values: dict[str, Any]
    time: int | None = None


class Printed(NamedTuple):
    """A piece of what a program printed; `time` in microseconds since 1970."""

    stream: str
    time: int
    text: str


class Ended(NamedTuple):
    """A run ended, so many seconds after its begin."""

    code: int
    runtime: int


class Torn(ValueError):
    """A log that ends within a record, or holds one that was damaged."""


Record = Begun | Config | Moment | Printed | Ended


def records(log: bytes) -> Iterator[Record | Torn]:
    """Yield what a log says that is needed, and in its place what cannot be read."""
    for found in _messages(log):
        if isinstance(found, Torn):
            yield found
            continue
        at, message = found
        try:
            said = _record(message)
        except (ValueError, IndexError, RecursionError, struct.error) as error:
            yield Torn(f"the record at byte {at:,} cannot be read: {error}")
            continue
        if said is not None:
            yield said


def _messages(log: bytes) -> Iterator[tuple[int, memoryview] | Torn]:
    """Yield each record and where it begins; a damaged piece takes its record with it."""
    at, first, parts = len(BEGIN), 0, list[bytes]()
    while at + _PIECE.size <= len(log):
        left = _BLOCK - at % _BLOCK
        if left < _PIECE.size:
            at += left
            continue
        check, length, kind = _PIECE.unpack_from(log, at)
        body = log[at + _PIECE.size : at + _PIECE.size + length]
        if kind == _PADDING and not length:
            at += left
            continue
        if len(body) < length:
            break
        if crc32(body, crc32(bytes([kind]))) != check:
            yield Torn(f"what stands at byte {at:,} was damaged; its block was left out")
            at, parts = at + left, []
            continue
        if kind in {_WHOLE, _FIRST}:
            first, parts = at, []
        parts.append(body)
        at += _PIECE.size + length
        if kind in {_WHOLE, _LAST}:
            yield first, memoryview(b"".join(parts))
            parts = []
    if parts or at < len(log):
        yield Torn(f"it ends within a record, at byte {at:,}")


def _record(message: memoryview) -> Record | None:
    """Return what a record says; None if it is of a kind that is not needed."""
    for number, kind, value in fields(message):
        if number in _KINDS and kind == BYTES:
            return _KINDS[number](value)
    return None


def _items(message: memoryview, wanted: int) -> dict[str, Any]:
    """Return the items of one field, by key; keys within keys are joined by dots."""
    found = {}
    for number, kind, item in fields(message):
        if (number, kind) == (wanted, BYTES):
            keys, value = [], "null"
            for field, wire, content in fields(item):
                if wire == BYTES and field in {1, 2}:
                    keys.append(text(content))
                elif wire == BYTES:
                    value = text(content)
            found[".".join(keys)] = json.loads(value)
    return found


def _measured(message: memoryview) -> Moment:
    time, values = None, {}
    for number, kind, value in fields(message):
        if (number, kind) == (2, BYTES):
            time = _time(value)
        elif (number, kind) == (3, BYTES):
            said = {field: text(content) for field, wire, content in fields(value) if wire == BYTES}
            values[said.get(1, "")] = json.loads(said.get(16, "null"))
    return Moment(values, time or 0)


def _printed(message: memoryview) -> Printed:
    stream, time, line = "stderr", 0, ""
    for number, kind, value in fields(message):
        match number, kind:
            case 1, 0:
                stream = "stdout" if value else "stderr"
            case 2, 2:
                time = _time(value)
            case 3, 2:
                line = text(value)
    return Printed(stream, time, line)


def _begun(message: memoryview) -> Begun:
    said: dict[int, str] = {}
    tags, started, config = list[str](), None, dict[str, Any]()
    for number, kind, value in fields(message):
        match number, kind:
            case 4, 2:
                config = _items(value, 1)
            case 10, 2:
                tags.append(text(value))
            case 17, 2:
                started = _time(value)
            case ((1 | 2 | 3 | 6 | 7 | 8 | 9 | 13), 2):
                said[number] = text(value)
    return Begun(
        id=said.get(1, ""),
        entity=said.get(2, ""),
        project=said.get(3, ""),
        group=said.get(6, ""),
        job_type=said.get(7, ""),
        name=said.get(8, ""),
        notes=said.get(9, ""),
        tags=tags,
        host=said.get(13, ""),
        started=started,
        config=config,
    )


def _ended(message: memoryview) -> Ended:
    said = {number: value for number, kind, value in fields(message) if kind == 0}
    return Ended(signed(said.get(1, 0)), signed(said.get(2, 0)))


def _time(message: memoryview) -> int:
    said = {number: signed(value) for number, kind, value in fields(message) if kind == 0}
    return said.get(1, 0) * 1_000_000 + said.get(2, 0) // 1_000


_KINDS: dict[int, Callable[[memoryview], Record]] = {
    2: lambda history: Moment(_items(history, 1)),
    5: lambda config: Config(_items(config, 1), [*_items(config, 2)]),
    7: _measured,
    13: _printed,
    17: _begun,
    18: _ended,
}
"""The field of a record that says something -> how that is read."""
