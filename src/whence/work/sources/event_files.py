"""TensorBoard's event files: their frames, and the few fields of their messages that are needed.

A file is TFRecords: length (uint64), its masked CRC-32C, the bytes, their masked CRC-32C, all
little-endian (https://www.tensorflow.org/tutorials/load_data/tfrecord). Each holds one ``Event``
in protocol buffers (https://protobuf.dev/programming-guides/encoding/); the fields' numbers are
those of tensorflow/core/util/event.proto and tensorflow/core/framework/{summary,tensor}.proto.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from whence.work.sources.crc32c import masked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

__all__ = ["Event", "Scalar", "Torn", "events"]

_LENGTH = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")
_LONGEST = 2**31
"""Bytes of a protocol buffer at most, so a longer record is none."""

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
"""The wire types in use."""

_MORE = 0x80
"""The bit of a byte that says that the number goes on."""

_BITS = 64

_SCALARS = {1: "f", 2: "d", 3: "i", 9: "q", 19: "e"}
"""The number of a tensor's type -> how `struct` reads one: float, double, int32, int64, half."""

_OTHERS = {4: "images", 5: "histograms", 6: "audio"}
"""The field of a value that is no number -> what it is."""

_FIELD_OF = {1: 5, 2: 6, 3: 7, 9: 10, 19: 13}
"""The number of a tensor's type -> the field that holds its values, if its bytes do not."""


class Scalar(NamedTuple):
    """A value of a tag; `value` is None where it is no single number: an image, a histogram."""

    tag: str
    value: float | None
    plugin: str


class Event(NamedTuple):
    """What one record says; `time` is in seconds since 1970."""

    time: float
    step: int
    version: str
    scalars: list[Scalar]


class Torn(ValueError):
    """A file that ends within a record, or holds one that was damaged."""


def events(file: BinaryIO) -> Iterator[Event | Torn]:
    """Yield what a file holds, and in its place what cannot be read.

    After a record whose length cannot be trusted nothing is found again; that ends it.
    """
    at = 0
    while head := file.read(_LENGTH.size + _CHECK.size):
        if len(head) < _LENGTH.size + _CHECK.size:
            yield Torn(f"it ends within a record, at byte {at:,}")
            return
        (length,), (check,) = _LENGTH.unpack_from(head), _CHECK.unpack_from(head, _LENGTH.size)
        if check != masked(head[: _LENGTH.size]) or length > _LONGEST:
            yield Torn(f"what follows byte {at:,} is no record")
            return
        body = file.read(length + _CHECK.size)
        if len(body) < length + _CHECK.size:
            yield Torn(f"it ends within a record, at byte {at:,}")
            return
        if _CHECK.unpack_from(body, length)[0] != masked(body[:length]):
            yield Torn(f"the record at byte {at:,} was damaged")
        else:
            try:
                yield _event(memoryview(body)[:length])
            except (ValueError, IndexError, struct.error) as error:
                yield Torn(f"the record at byte {at:,} is no event: {error}")
        at += len(head) + len(body)


def _event(message: memoryview) -> Event:
    time, step, version, scalars = 0.0, 0, "", list[Scalar]()
    for number, kind, value in _fields(message):
        match number, kind:
            case 1, 1:
                (time,) = _DOUBLE.unpack(value)
            case 2, 0:
                step = _signed(value)
            case 3, 2:
                version = _text(value)
            case 5, 2:
                scalars += [_scalar(one) for field, wire, one in _fields(value)
                            if (field, wire) == (1, _BYTES)]  # fmt: skip
    return Event(time, step, version, scalars)


def _scalar(message: memoryview) -> Scalar:
    tag, plugin, found = "", "", None
    for number, kind, value in _fields(message):
        match number, kind:
            case 1, 2:
                tag = _text(value)
            case 2, 5:
                (found,) = _FLOAT.unpack(value)
            case 8, 2:
                found = _single(value)
            case 9, 2:
                plugin = plugin or _plugin(value)
            case ((4 | 5 | 6), 2):
                plugin = _OTHERS[number]
    return Scalar(tag, found, plugin)


def _plugin(metadata: memoryview) -> str:
    """Return whom a tag's values are for: ``scalars``, or another."""
    for number, kind, value in _fields(metadata):
        if (number, kind) == (1, _BYTES):
            for inner, wire, name in _fields(value):
                if (inner, wire) == (1, _BYTES):
                    return _text(name)
    return ""


def _single(tensor: memoryview) -> float | None:
    """Return the number of a tensor that is one number; None for any other."""
    dtype, rank, content, values = 0, 0, b"", dict[int, memoryview | int]()
    for number, kind, value in _fields(tensor):
        match number, kind:
            case 1, 0:
                dtype = value
            case 2, 2:  # a dimension, or that their number is not known
                rank = len(value)
            case 4, 2:
                content = bytes(value)
            case _:
                values[number] = value
    if rank or dtype not in _SCALARS:
        return None
    code = _SCALARS[dtype]
    if content:
        return float(*struct.unpack(f"<{code}", content))
    found = values.get(_FIELD_OF.get(dtype, 0))
    if found is None:
        return None
    if code in {"i", "q", "e"}:  # packed, or one alone
        number = found if isinstance(found, int) else _varint(found, 0)[0]
        return _half(number) if code == "e" else float(_signed(number))
    return float(*struct.unpack(f"<{code}", found))  # type: ignore[arg-type] # bytes, as its type


def _half(bits: int) -> float:
    return float(*struct.unpack("<e", struct.pack("<H", bits)))


def _fields(message: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Yield (number, wire type, value) of each field of a message."""
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, kind, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in {_EIGHT_BYTES, _FOUR_BYTES}:
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field of wire type {kind}")
        if at + size > end:
            raise ValueError("a field longer than its message")
        yield number, kind, message[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return a number of base 128, its low digits first, and where it ends."""
    found = shift = 0
    while True:
        byte = data[at]
        at += 1
        found |= (byte & ~_MORE) << shift
        if not byte & _MORE:
            return found & (2**64 - 1), at
        shift += 7
        if shift >= _BITS:
            raise ValueError("a number longer than 64 bits")


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8", "replace")
