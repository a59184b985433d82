"""Records of points read many at once.

A program says the same metrics again and again, so most of its records differ in a few bytes: the
run, the time, the step and the values. Records that are alike in all others are one block of
bytes, whose columns these are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whence.record import decode
from whence.types.records import Points
from whence.work.frames import Alike

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from whence.work.frames import Payloads

__all__ = ["Block", "blocks"]

_Numbered = tuple[int, bytes]
"""A payload and its number among those given."""

_FEW = 32
"""Fewer records of one length are decoded one by one: that is quicker."""

_MOST_LAYOUTS = 64
"""Kinds of records of one length that are told apart; those of others are decoded one by one."""

_TAG = 9
_TAGGED = bytes([_TAG])
"""The second byte of a record of points; the first says that it is an array."""

_LAST = 2**63 - 1
"""The largest step and time: a record with a larger one was written by no Whence."""

_NO_ASCII = 0x80
"""The first byte that is none of ASCII's."""

_LEAST_FIXINT = -32
"""Of the one-byte integers of MessagePack, which as a signed byte are themselves."""

_NUMBERS = {
    0xCA: ">f4", 0xCB: ">f8", 0xCC: ">u1", 0xCD: ">u2", 0xCE: ">u4", 0xCF: ">u8",
    0xD0: ">i1", 0xD1: ">i2", 0xD2: ">i4", 0xD3: ">i8",
}  # fmt: skip
"""The numbers of MessagePack by their first byte: what follows it."""


class Block(NamedTuple):
    """Points that were read together.

    A row is one record with `width` metrics, or in part one: then rows of the same `at` follow
    one another.

    Attributes
    ----------
    runs, metrics
        The runs and metrics that they are of.
    of
        Of each row, which of `runs`; shape (rows,).
    which
        Of each value, which of `metrics`; shape (rows, width).
    at
        Which of the records given the rows are; int64 of shape (rows,).
    steps, times
        int64, of the same shape; times in microseconds since 1970 UTC.
    values
        float64 of shape (rows, width).
    """

    runs: list[str]
    metrics: list[str]
    of: NDArray[np.int64]
    which: NDArray[np.int64]
    at: NDArray[np.int64]
    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


def blocks(payloads: Payloads) -> tuple[list[Block], list[bytes]]:
    """Return the points in some records, and the payloads of all other records in their order."""
    found: list[Block] = []
    others: list[_Numbered] = []
    for alike in payloads.alike:
        found += _of_one_length(alike, others)
    for single in _by_length(payloads.single):
        if len(single) < _FEW or len(single[0][1]) <= 1:
            found.append(_one_by_one(single, others))
        else:
            found += _of_one_length(_as_rows(single), others)
    return found, [payload for _, payload in sorted(others)]


def _by_length(stretches: list[tuple[int, list[bytes]]]) -> Iterable[list[_Numbered]]:
    """Return records of the same length together, in their order."""
    found: dict[int, list[_Numbered]] = {}
    for first, payloads in stretches:
        for number, payload in enumerate(payloads, first):
            found.setdefault(len(payload), []).append((number, payload))
    return found.values()


def _as_rows(single: list[_Numbered]) -> Alike:
    content = b"".join([payload for _, payload in single])
    rows = np.frombuffer(content, np.uint8).reshape(len(single), -1)
    numbers = np.array([number for number, _ in single])
    return Alike(numbers, rows, (rows != rows[0]).any(axis=0))


def _of_one_length(alike: Alike, others: list[_Numbered]) -> Iterator[Block]:
    """Yield the points in records of one length; those that say something else are added."""
    at, rows, varies = alike
    of_points = rows[:, 1] == _TAG
    if not of_points.all():
        others += _numbered(rows[~of_points], at[~of_points])
        rows, at = rows[of_points], at[of_points]
    for _ in range(_MOST_LAYOUTS):
        if len(rows) < _FEW:
            break
        layout = _layout(rows[0].tobytes())
        fits = np.zeros(len(rows), np.bool_) if layout is None else layout.fits(rows, varies)
        if layout is not None and fits.all():
            yield layout.read(rows, varies, at)
            return
        if layout is not None and fits[0]:
            yield layout.read(rows[fits], varies, at[fits])
        else:
            fits[0] = True
            yield _one_by_one(_numbered(rows[:1], at[:1]), others)
        rows, at = rows[~fits], at[~fits]
    if len(rows):
        yield _one_by_one(_numbered(rows, at), others)


def _numbered(rows: NDArray[np.uint8], at: NDArray[np.int64]) -> list[_Numbered]:
    content, length = rows.tobytes(), rows.shape[1]
    starts = range(0, len(content), length)
    return [
        (number, content[start : start + length])
        for number, start in zip(at.tolist(), starts, strict=True)
    ]


def _one_by_one(single: list[_Numbered], others: list[_Numbered]) -> Block:
    """Return the points in records that are alike to few; what says something else is added."""
    runs, metrics = dict[str, int](), dict[str, int]()
    rows: list[tuple[int, int, int, int, int, float]] = []
    for at, payload in single:
        record = decode(payload) if payload[1:2] == _TAGGED else None
        if isinstance(record, Points) and max(record.step, record.at) <= _LAST:
            run = runs.setdefault(record.run, len(runs))
            rows += [
                (run, metrics.setdefault(key, len(metrics)), at, record.step, record.at, value)
                for key, value in record.values.items()
            ]
        else:
            others.append((at, payload))
    whose, named, said, steps, times, values = [*zip(*rows, strict=True)] or [()] * 6
    return Block(
        runs=[*runs],
        metrics=[*metrics],
        of=np.array(whose, np.int64),
        which=np.array(named, np.int64)[:, None],
        at=np.array(said, np.int64),
        steps=np.array(steps, np.int64),
        times=np.array(times, np.int64),
        values=np.array(values, np.float64)[:, None],
    )


class _Number(NamedTuple):
    """Where a number lies in a record; `fixed` if its one byte is also what tells its type."""

    start: int
    dtype: np.dtype[np.number]
    fixed: bool

    @property
    def end(self) -> int:
        return self.start + self.dtype.itemsize

    def read(self, rows: NDArray[np.uint8]) -> NDArray[np.number]:
        """Return the number of each row."""
        return np.ascontiguousarray(rows[:, self.start : self.end]).view(self.dtype)[:, 0]


class _Layout(NamedTuple):
    """A record of points of which only some texts and the numbers may differ.

    Attributes
    ----------
    run
        Where the run's id begins and ends.
    metric
        Where the name of the only metric does; None if there are several, or none.
    """

    content: bytes
    run: tuple[int, int]
    metric: tuple[int, int] | None
    metrics: list[str]
    time: _Number
    step: _Number
    values: list[_Number]

    def fits(self, rows: NDArray[np.uint8], varies: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which rows are alike in all else; they are as long as `content`.

        Bytes that do not vary, of shape (length,), are those of `content`, which is a row.
        """
        texts = [self.run] if self.metric is None else [self.run, self.metric]
        numbers = [self.time, self.step, *self.values]
        rest = varies.copy()
        for start, end in [*texts, *((one.start, one.end) for one in numbers)]:
            rest[start:end] = False
        own = np.frombuffer(self.content, np.uint8)
        alike: NDArray[np.bool_] = (rows[:, rest] == own[rest]).all(axis=1)
        for start, end in texts:
            text = _varying(rows, varies, start, end)
            alike &= ((text > 0) & (text < _NO_ASCII)).all(axis=1)
        for number in numbers:
            if number.fixed:
                alike &= number.read(rows) >= _LEAST_FIXINT
        for number in (self.time, self.step):
            alike &= number.read(rows) <= _LAST
        return alike

    def read(
        self, rows: NDArray[np.uint8], varies: NDArray[np.bool_], at: NDArray[np.int64]
    ) -> Block:
        """Return what rows that fit say."""
        values = np.empty((len(rows), len(self.values)), np.float64)
        for column, number in enumerate(self.values):
            values[:, column] = number.read(rows)
        steps, times = (one.read(rows).astype(np.int64) for one in (self.step, self.time))
        runs, of = _texts(_varying(rows, varies, *self.run))
        metrics, which = self.metrics, np.arange(len(self.metrics))
        if self.metric is not None:
            metrics, which = _texts(_varying(rows, varies, *self.metric))
            which = which[:, None]
        of, which = np.broadcast_to(of, len(rows)), np.broadcast_to(which, values.shape)
        return Block(runs, metrics, of, which, at, steps, times, values)


def _varying(
    rows: NDArray[np.uint8], varies: NDArray[np.bool_], start: int, end: int
) -> NDArray[np.uint8]:
    """Return some columns: of one row if all rows are the same there."""
    return rows[: None if varies[start:end].any() else 1, start:end]


def _texts(rows: NDArray[np.uint8]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the texts that rows of ASCII are, and of each row which of them it is."""
    texts = np.ascontiguousarray(rows).view(f"S{rows.shape[1]}")[:, 0]
    # Those of one run mostly follow one another, and sorting fewer is quicker.
    first = np.flatnonzero(np.append(True, texts[1:] != texts[:-1]))
    names, of = np.unique(texts[first], return_inverse=True)
    return [name.decode("ascii") for name in names.tolist()], np.repeat(
        of, np.diff(first, append=len(texts))
    )


def _layout(content: bytes) -> _Layout | None:
    """Return the layout of a record of points; None of one that has to be decoded by itself.

    Those are what no Whence writes, and what a newer one may.
    """
    record = decode(content)
    if not isinstance(record, Points):
        return None
    written = _Written(content)
    try:
        is_known = written.head(0x95) == _TAG
        run = written.text()
        ends = [written.at]
        time, step = written.number(), written.number()
        names, values = list[str](), list[_Number]()
        for _ in range(written.pairs()):
            names.append(written.text())
            ends.append(written.at)
            values.append(written.number())
    except _OtherwiseWrittenError:
        return None
    integers = all(np.issubdtype(one.dtype, np.integer) for one in (time, step))
    is_known &= (run, names) == (record.run, list(record.values)) and run.isascii() and run != ""
    if not (is_known and integers and written.at == len(content)):
        return None
    spans = [(end - len(text), end) for end, text in zip(ends, (run, *names), strict=True)]
    # Of several in one record, two could be the same in another.
    metric = spans[1] if len(names) == 1 and names[0].isascii() and names[0] else None
    return _Layout(content, spans[0], metric, names, time, step, values)


class _OtherwiseWrittenError(Exception):
    """A record is written in a way that is not read here."""


class _Written:
    """MessagePack read from its beginning (https://github.com/msgpack/msgpack/blob/master/spec.md)."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0
        """Bytes that were read."""

    def _next(self, size: int = 1) -> bytes:
        start, self.at = self.at, self.at + size
        if self.at > len(self._content):
            raise _OtherwiseWrittenError
        return self._content[start : self.at]

    def head(self, expected: int) -> int:
        """Return the byte behind the expected one."""
        if self._next()[0] != expected:
            raise _OtherwiseWrittenError
        return self._next()[0]

    def text(self) -> str:
        """Return a text of less than 64 KiB."""
        (kind,) = self._next()
        if kind & 0xE0 == 0xA0:  # noqa: PLR2004 - fixstr: 101xxxxx
            size = kind & 0x1F
        elif kind in {0xD9, 0xDA}:  # str 8, str 16
            size = int.from_bytes(self._next(kind - 0xD8), "big")
        else:
            raise _OtherwiseWrittenError
        return self._next(size).decode()

    def number(self) -> _Number:
        """Return where a number lies."""
        (kind,) = self._next()
        if kind in _NUMBERS:
            dtype = np.dtype(_NUMBERS[kind])
            start = self.at
            self._next(dtype.itemsize)
            return _Number(start, dtype, fixed=False)
        if kind <= 0x7F or kind >= 0xE0:  # noqa: PLR2004 - fixint: 0xxxxxxx and 111xxxxx
            return _Number(self.at - 1, np.dtype(">i1"), fixed=True)
        raise _OtherwiseWrittenError

    def pairs(self) -> int:
        """Return how many pairs a map has, of less than 64 Ki."""
        (kind,) = self._next()
        if kind & 0xF0 == 0x80:  # noqa: PLR2004 - fixmap: 1000xxxx
            return kind & 0x0F
        if kind == 0xDE:  # noqa: PLR2004 - map 16
            return int.from_bytes(self._next(2), "big")
        raise _OtherwiseWrittenError
