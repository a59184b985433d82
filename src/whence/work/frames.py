"""The frames of a journal read many at once.

A program that logs says much the same again and again, so thousands of frames of one length
follow one another: rows of a matrix of bytes, which are checked by column.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from whence.journal import frame

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Alike", "Payloads"]

_FEW = 32
"""So many frames of one length that follow one another begin a matrix."""

_AT_ONCE = 4096
"""Rows that are checked together: with their columns they stay in the processor's cache."""

_LONGEST = 1024
"""The longest payload of a matrix, in bytes: each byte needs a table of a kilobyte."""

_POLYNOMIAL = np.uint32(0xEDB88320)
"""Of CRC-32, its highest power in the lowest bit."""

_ONE, _BYTE = np.uint32(1), np.uint32(8)


class Alike(NamedTuple):
    """Payloads of one length.

    Attributes
    ----------
    at
        Their numbers, ascending; int64 of shape (payloads,).
    rows
        uint8 of shape (payloads, length).
    varies
        Which bytes may not be the same in all of them; shape (length,).
    """

    at: NDArray[np.int64]
    rows: NDArray[np.uint8]
    varies: NDArray[np.bool_]


class Payloads:
    """The payloads of frames, numbered from 0 as they follow one another.

    Attributes
    ----------
    single
        Payloads by themselves, each with its number.
    alike
        Payloads of one length that follow one another.
    count
        How many there are in all.
    """

    def __init__(self) -> None:
        self.single: list[tuple[int, bytes]] = []
        self.alike: list[Alike] = []
        self.count = 0

    def take(self, data: memoryview, start: int) -> int:
        """Take the frames that follow one another from `start`; return where they end."""
        size, body, before, same = len(data), start + frame.OVERHEAD, -1, 0
        while body <= size:
            magic, length, checksum = frame.HEAD.unpack_from(data, start)
            end = body + length
            payload = bytes(data[body:end])
            if magic != frame.MAGIC or end > size or crc32(payload, length) != checksum:
                break
            self.single.append((self.count, payload))
            self.count += 1
            same = same + 1 if length == before else 1
            if same == _FEW and 1 < length <= _LONGEST:
                end = self._take_alike(data, end, length)
            start, body, before = end, end + frame.OVERHEAD, length
        return start

    def _take_alike(self, data: memoryview, end: int, length: int) -> int:
        """Take the frames from `end` that are as long as the few before it; return their end."""
        size = frame.OVERHEAD + length
        start = end - _FEW * size
        count = (len(data) - start) // size
        rows = np.frombuffer(data, np.uint8, count * size, start).reshape(count, size)
        varies, good = np.zeros(size, np.bool_), 0
        for part in np.split(rows, range(_AT_ONCE, count, _AT_ONCE)):
            whole = _whole(part, rows[0], varies)
            if not whole.all():
                good += int(whole.argmin())
                break
            good += len(part)
        del self.single[-_FEW:]
        first = self.count - _FEW
        self.count = first + good
        body = slice(frame.OVERHEAD, None)
        self.alike.append(Alike(np.arange(first, self.count), rows[:good, body], varies[body]))
        return start + good * size


def _whole(
    rows: NDArray[np.uint8], model: NDArray[np.uint8], varies: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return which rows are whole frames of the length of a frame that is; shape (rows,).

    Where any differs from it, `varies` is set.

    CRC-32 is affine over GF(2): for messages of one length, and whatever it begins with, the
    checksums of two differ by the sum of what each differing byte contributes at its place
    (Stigge et al., Reversing CRC, HU Berlin report SAR-PR-2006-05). So only bytes that differ
    from the model's are looked at.
    """
    differ = np.ascontiguousarray(rows.T)
    differ ^= model[:, None]
    differs = np.asarray(differ.any(axis=1))
    varies |= differs
    head, checksum, payload = np.split(differ, [frame.OVERHEAD - 4, frame.OVERHEAD])
    contributions = _contributions(len(payload))
    left = np.ascontiguousarray(checksum.T).view("<u4")[:, 0].astype(np.uint32)
    for place in np.flatnonzero(differs[frame.OVERHEAD :]).tolist():
        left ^= contributions[place].take(payload[place])
    whole: NDArray[np.bool_] = (left == 0) & ~head.any(axis=0)
    return whole


@lru_cache(64)
def _contributions(length: int) -> NDArray[np.uint32]:
    """Return by how much a CRC-32 differs where a byte does; uint32 of shape (length, 256)."""
    of_last = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        of_last = np.where(of_last & _ONE, (of_last >> _ONE) ^ _POLYNOMIAL, of_last >> _ONE)
    found = np.empty((length, 256), np.uint32)
    found[-1] = of_last
    for place in reversed(range(length - 1)):
        behind = found[place + 1]
        found[place] = (behind >> _BYTE) ^ of_last[behind.astype(np.uint8)]
    return found
