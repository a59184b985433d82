"""The frame: what one append puts into a journal.

::

    ┌────────────┬────────────┬────────────┬─────────────────────┐
    │ magic      │ length     │ CRC-32     │ payload             │
    │ 4 bytes    │ uint32 LE  │ uint32 LE  │ `length` bytes      │
    └────────────┴────────────┴────────────┴─────────────────────┘

The magic holds bytes that no UTF-8 text contains, so a reader that lost its place does not
take logged text for a frame. The CRC decides: of the payload, begun with the length, so that
it covers both.
"""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import crc32

__all__ = ["OVERHEAD", "Frame", "decode", "decode_run", "encode", "find"]

_MAGIC = b"\xfeWJ\xff"
_HEAD = struct.Struct("<4sII")

OVERHEAD = _HEAD.size
"""Bytes that a frame adds to its payload."""


class Frame(NamedTuple):
    """A payload and the offset in its journal where the next frame begins."""

    payload: memoryview
    end: int


def encode(payload: bytes) -> bytes:
    """Return the frame of a payload (under 4 GiB)."""
    length = len(payload)
    return _HEAD.pack(_MAGIC, length, crc32(payload, length)) + payload


def decode(data: memoryview, start: int) -> Frame | None:
    """Return the frame that begins at `start`, its end counted in `data`; None if there is none."""
    body = start + OVERHEAD
    if body > len(data):
        return None
    magic, length, checksum = _HEAD.unpack_from(data, start)
    end = body + length
    if magic != _MAGIC or end > len(data):
        return None
    payload = data[body:end]
    return Frame(payload, end) if crc32(payload, length) == checksum else None


def decode_run(data: memoryview, start: int) -> tuple[list[memoryview], int]:
    """Return the payloads of the frames that follow one another from `start`, and their end.

    As `decode` over and over, in a third of the time.
    """
    payloads: list[memoryview] = []
    size, body = len(data), start + OVERHEAD
    while body <= size:
        magic, length, checksum = _HEAD.unpack_from(data, start)
        end = body + length
        payload = data[body:end]
        if magic != _MAGIC or end > size or crc32(payload, length) != checksum:
            break
        payloads.append(payload)
        start, body = end, end + OVERHEAD
    return payloads, start


def find(data: bytes, start: int) -> int | None:
    """Return where the first whole frame at or after `start` begins; None if there is none."""
    view = memoryview(data)
    position = data.find(_MAGIC, start)
    while position >= 0:
        if decode(view, position) is not None:
            return position
        position = data.find(_MAGIC, position + 1)
    return None
