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
"""After so many frames of one length it is looked whether a stretch of them begins."""

_STRETCH = 512
"""So many frames that follow one another are read as a matrix: fewer cost more than they spare, as
where every hundredth record says more than the others."""

_AT_ONCE = 4096
"""Rows that are checked together at most: with their columns they stay in the processor's cache."""

_LONGEST = 1024
"""The longest payload of a matrix, in bytes: each byte needs a table of a kilobyte."""

_CHECKED = frame.OVERHEAD - 4
"""Bytes of a frame's head before its checksum."""

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
        Payloads one by one that follow one another, with the number of the first.
    alike
        Payloads of one length that follow one another.
    count
        How many there are in all.
    """

    def __init__(self) -> None:
        self.single: list[tuple[int, list[bytes]]] = []
        self.alike: list[Alike] = []
        self.count = 0

    def take(self, data: memoryview, start: int) -> int:
        """Take the frames that follow one another from `start`; return where they end."""
        size, body, before, same = len(data), start + frame.OVERHEAD, -1, 0
        payloads: list[bytes] = []
        while body <= size:
            magic, length, checksum = frame.HEAD.unpack_from(data, start)
            end = body + length
            payload = bytes(data[body:end])
            if magic != frame.MAGIC or end > size or crc32(payload, length) != checksum:
                break
            payloads.append(payload)
            same = same + 1 if length == before else 1
            if same == _FEW:
                same = 0
                if _goes_on(data, start, end):
                    del payloads[-_FEW:]
                    self._take_single(payloads)
                    payloads = []
                    end = self._take_alike(data, end, length)
            start, body, before = end, end + frame.OVERHEAD, length
        self._take_single(payloads)
        return start

    def _take_single(self, payloads: list[bytes]) -> None:
        if payloads:
            self.single.append((self.count, payloads))
            self.count += len(payloads)

    def _take_alike(self, data: memoryview, end: int, length: int) -> int:
        """Take the frames as long as the few before `end`, with them; return their end."""
        size = frame.OVERHEAD + length
        start = end - _FEW * size
        count = (len(data) - start) // size
        rows = np.frombuffer(data, np.uint8, count * size, start).reshape(count, size)
        varies, good, at_once = np.zeros(size, np.bool_), 0, _STRETCH
        while good < count:
            part = rows[good : good + at_once]
            whole = _whole(part, rows[0], varies)
            good += whole
            if whole < len(part):
                break
            at_once = min(2 * at_once, _AT_ONCE)
        body = slice(frame.OVERHEAD, None)
        numbers = np.arange(self.count, self.count + good)
        self.alike.append(Alike(numbers, rows[:good, body], varies[body]))
        self.count += good
        return start + good * size


def _goes_on(data: memoryview, start: int, end: int) -> bool:
    """Return whether a stretch seems to go on with frames as long as the one given."""
    ahead = end + (_STRETCH - _FEW) * (end - start)
    is_short = 1 < end - start - frame.OVERHEAD <= _LONGEST
    return is_short and data[ahead : ahead + _CHECKED] == data[start : start + _CHECKED]


def _whole(rows: NDArray[np.uint8], model: NDArray[np.uint8], varies: NDArray[np.bool_]) -> int:
    """Return how many of the rows, from the first, are whole frames as long as a frame that is.

    `varies` is set, shape (bytes,), where one of these differs from it.

    CRC-32 is affine over GF(2): for messages of one length, and whatever it begins with, the
    checksums of two differ by the sum of what each differing byte contributes at its place
    (Stigge et al., Reversing CRC, HU Berlin report SAR-PR-2006-05). So only bytes that differ
    from the model's are looked at.
    """
    differ = np.array(rows.T, order="C")
    differ ^= model[:, None]
    head, checksum, payload = np.split(differ, [_CHECKED, frame.OVERHEAD])
    contributions = _contributions(len(payload))
    left = np.ascontiguousarray(checksum.T).view("<u4")[:, 0].astype(np.uint32)
    for place in np.flatnonzero(payload.any(axis=1)).tolist():
        left ^= contributions[place].take(payload[place])
    broken = np.flatnonzero((left != 0) | head.any(axis=0))
    count = int(broken[0]) if len(broken) else len(rows)
    varies |= differ[:, :count].any(axis=1)
    return count


@lru_cache(8)
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
