"""Protocol buffers as bytes: the fields of a message, by number, without its description.

The encoding: https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BYTES", "fields", "signed", "text", "varint"]

_VARINT, _EIGHT_BYTES, BYTES, _FOUR_BYTES = 0, 1, 2, 5
"""The wire types in use."""

_MORE = 0x80
"""The bit of a byte that says that the number goes on."""

_BITS = 64


def fields(message: memoryview) -> Iterator[tuple[int, int, Any]]:
    """Yield (number, wire type, value) of each field of a message.

    Raises
    ------
    ValueError, IndexError
        If it is no message.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = varint(message, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, at = varint(message, at)
        elif kind in {_EIGHT_BYTES, _FOUR_BYTES}:
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field of wire type {kind}")
        if at + size > end:
            raise ValueError("a field longer than its message")
        yield number, kind, message[at : at + size]
        at += size


def varint(data: memoryview, at: int) -> tuple[int, int]:
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


def signed(number: int) -> int:
    """Return a number of 64 bits as one with a sign (two's complement)."""
    return number - 2**64 if number >= 2**63 else number


def text(value: memoryview) -> str:
    """Return a text; what is no UTF-8 in it is replaced."""
    return bytes(value).decode("utf-8", "replace")
