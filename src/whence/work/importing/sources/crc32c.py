"""CRC-32C (Castagnoli), and TFRecord's mask of it."""

from __future__ import annotations

import numpy as np

__all__ = ["crc32c", "masked"]

_POLYNOMIAL = 0x82F63B78
"""Castagnoli's, bits reversed: RFC 3720, appendix B.4."""

_ALL = 0xFFFFFFFF
_MASK = 0xA282EAD8
"""What TFRecord adds after turning by 15 bits: a checksum of bytes that hold a checksum is weak."""

_LANES = 1024
"""Parts of a long text that are gone through side by side."""

_LONG = 64 * _LANES
"""Bytes from which on that is faster."""


def _table() -> np.ndarray:
    found = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        found = np.where(found & 1, (found >> 1) ^ np.uint32(_POLYNOMIAL), found >> 1)
    return found


_BYTE = _table()
_BYTE_LIST = _BYTE.tolist()


def masked(data: bytes) -> int:
    """Return the masked CRC-32C of some bytes, as a TFRecord holds it."""
    found = crc32c(data)
    return (((found >> 15) | (found << 17)) + _MASK) & _ALL


def crc32c(data: bytes) -> int:
    """Return the CRC-32C of some bytes."""
    state = _ALL
    whole = 0
    if len(data) >= _LONG:
        state, whole = _side_by_side(data, state)
    table = _BYTE_LIST
    for byte in data[whole:]:
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ _ALL


def _side_by_side(data: bytes, state: int) -> tuple[int, int]:
    """Return the state after most of a long text, and how many bytes that is.

    A CRC is linear: the state after a part is the part's own, begun at 0, and the state before
    it, moved on by as many zeros as the part is long.
    """
    size = len(data) // _LANES
    lanes = np.frombuffer(data, np.uint8, size * _LANES).reshape(_LANES, size)
    own = np.zeros(_LANES, np.uint32)
    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for column in np.ascontiguousarray(lanes.T):
        own = _BYTE[(own ^ column) & 0xFF] ^ (own >> 8)
        bits = _BYTE[bits & 0xFF] ^ (bits >> 8)
    moved = bits.tolist()
    for part in own.tolist():
        after = part
        for bit in range(32):
            if state >> bit & 1:
                after ^= moved[bit]
        state = after
    return state, size * _LANES
