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

__all__ = ["HEAD", "MAGIC", "OVERHEAD", "Frame", "decode", "encode", "find"]

MAGIC = b"\xfeWJ\xff"
HEAD = struct.Struct("<4sII")
"""What a frame begins with: the magic, the length of the payload, the checksum."""

OVERHEAD = HEAD.size
"""Bytes that a frame adds to its payload."""


class Frame(NamedTuple):
    """A payload and the offset in its journal where the next frame begins."""

    payload: memoryview
    end: int


def encode(payload: bytes) -> bytes:
    """Return the frame of a payload (under 4 GiB)."""
    length = len(payload)
    return HEAD.pack(MAGIC, length, crc32(payload, length)) + payload


def decode(data: memoryview, start: int) -> Frame | None:
    """Return the frame that begins at `start`, its end counted in `data`; None if there is none."""
    body = start + OVERHEAD
    if body > len(data):
        return None
    magic, length, checksum = HEAD.unpack_from(data, start)
    end = body + length
    if magic != MAGIC or end > len(data):
        return None
    payload = data[body:end]
    return Frame(payload, end) if crc32(payload, length) == checksum else None


def find(data: bytes, start: int) -> int | None:
    """Return where the first whole frame at or after `start` begins; None if there is none."""
    view = memoryview(data)
    position = data.find(MAGIC, start)
    while position >= 0:
        if decode(view, position) is not None:
            return position
        position = data.find(MAGIC, position + 1)
    return None
