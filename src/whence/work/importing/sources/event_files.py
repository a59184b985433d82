"""TensorBoard's event files: their frames, and the few fields of their messages that are needed.

A file is TFRecords: length (uint64), its masked CRC-32C, the bytes, their masked CRC-32C, all
little-endian (https://www.tensorflow.org/tutorials/load_data/tfrecord). Each holds one ``Event``
in protocol buffers; the fields' numbers are
those of tensorflow/core/util/event.proto and tensorflow/core/framework/{summary,tensor}.proto.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from whence.work.importing.sources.crc32c import masked
from whence.work.importing.sources.protobuf import BYTES, fields, signed, text, varint

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
    for number, kind, value in fields(message):
        match number, kind:
            case 1, 1:
                (time,) = _DOUBLE.unpack(value)
            case 2, 0:
                step = signed(value)
            case 3, 2:
                version = text(value)
            case 5, 2:
                scalars += [_scalar(one) for field, wire, one in fields(value)
                            if (field, wire) == (1, BYTES)]  # fmt: skip
    return Event(time, step, version, scalars)


def _scalar(message: memoryview) -> Scalar:
    tag, plugin, found = "", "", None
    for number, kind, value in fields(message):
        match number, kind:
            case 1, 2:
                tag = text(value)
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
    for number, kind, value in fields(metadata):
        if (number, kind) == (1, BYTES):
            for inner, wire, name in fields(value):
                if (inner, wire) == (1, BYTES):
                    return text(name)
    return ""


def _single(tensor: memoryview) -> float | None:
    """Return the number of a tensor that is one number; None for any other."""
    dtype, rank, content, values = 0, 0, b"", dict[int, memoryview | int]()
    for number, kind, value in fields(tensor):
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
        number = found if isinstance(found, int) else varint(found, 0)[0]
        return _half(number) if code == "e" else float(signed(number))
    return float(*struct.unpack(f"<{code}", found))  # type: ignore[arg-type] # bytes, as its type


def _half(bits: int) -> float:
    return float(*struct.unpack("<e", struct.pack("<H", bits)))
