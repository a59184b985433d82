"""A column of times as anyone writes them -> UTC timestamps, and why a value is no time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from whence.errors import BadInput, NaiveTime
from whence.store.kinds import ARROW
from whence.types.time import parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Times", "read_times", "sift_times"]

UNREADABLE = "no readable time"
"""Why a row without a time, or with what cannot be read as one, is set aside."""

ZONELESS = "a time without a zone; log it with one, or say which with tz="
"""Why a row whose time does not say when it was is set aside."""

_TIME = ARROW["time"]
_MICROSECONDS = {"s": 1_000_000, "ms": 1_000}
_MICROSECONDS_A_DAY = 86_400_000_000
_MOST = 2**63 - 1

_FIRST = pa.scalar(datetime(2, 1, 1, tzinfo=UTC), _TIME)
"""Earlier instants cannot be told in every zone, and windows before them cannot be counted."""


class Times(NamedTuple):
    """Times of n rows, null where there is none.

    `wrong` says of each row why its value is no time, or None; it is None where no row's is wrong.
    """

    values: pa.Array
    wrong: Sequence[str | None] | None = None

    def why(self, row: int) -> str:
        """Return why a row's value is no time."""
        return (None if self.wrong is None else self.wrong[row]) or UNREADABLE


def read_times(
    column: pa.Array | pa.ChunkedArray | list[object], zone: str | None, name: str
) -> pa.Array:
    """Return a time column as UTC timestamps, null where a value is no time.

    Raises
    ------
    NaiveTime
        If a time has no zone and `zone` is None.
    BadInput
        If the column holds numbers, which could be seconds or anything else.
    """
    if isinstance(column, list):
        read = pa.array([_read_time(value, zone) for value in column], _TIME)
    else:
        read = _read_array(column, zone, name)
    return pc.if_else(pc.less(read, _FIRST), None, read)


def sift_times(
    column: pa.Array | pa.ChunkedArray | list[object], zone: str | None, name: str
) -> Times:
    """Return what `read_times` does, but say of each row what it would raise.

    Nobody can be asked to correct what lies in a journal, so one such value must not take the
    rows beside it along.
    """
    try:
        return Times(read_times(column, zone, name))
    except BadInput as error:
        # Of a column that as a whole is no time, the error speaks of every value.
        whole = None if isinstance(error, NaiveTime) else str(error)
    values = column if isinstance(column, list) else column.to_pylist()
    read = [(None, whole) if whole else _sift_time(value, zone) for value in values]
    return Times(pa.array([when for when, _ in read], _TIME), [why for _, why in read])


def _sift_time(value: object, zone: str | None) -> tuple[datetime | None, str | None]:
    try:
        return _read_time(value, zone), None
    except NaiveTime:
        return None, ZONELESS


def _read_array(column: pa.Array | pa.ChunkedArray, zone: str | None, name: str) -> pa.Array:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    of, types = array.type, pa.types
    if types.is_timestamp(of) and of.tz is not None:
        return _countable(array).cast(_TIME, safe=False)
    if types.is_timestamp(of):
        if zone is None:
            raise NaiveTime(
                f"the times in column {name!r} have no zone; say which with --tz (tz=), "
                "for example --tz UTC"
            )
        local = _countable(array).cast(pa.timestamp("us"), safe=False)
        return pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest").cast(
            _TIME
        )
    if types.is_date(of):
        midnight = _countable(array.cast(pa.date32())).cast(pa.timestamp("us"))
        return pc.assume_timezone(midnight, zone or "UTC", nonexistent="latest").cast(_TIME)
    if types.is_null(of):
        return pa.nulls(len(array), _TIME)
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        return _read_texts(array, zone)
    raise BadInput(
        f"column {name!r} holds {of}, which is not a time; "
        "convert it to timestamps with a zone (seconds since 1970 are ambiguous)"
    )


def _countable(array: pa.Array) -> pa.Array:
    """Return times or dates, null where their microseconds since 1970 exceed 64 bits."""
    if pa.types.is_date32(array.type):
        ticks, each = array.cast(pa.int32()).cast(pa.int64()), _MICROSECONDS_A_DAY
    elif array.type.unit in _MICROSECONDS:
        ticks, each = array.cast(pa.int64()), _MICROSECONDS[array.type.unit]
    else:
        return array
    limit = _MOST // each
    fits = pc.and_(pc.less_equal(ticks, limit), pc.greater_equal(ticks, -limit))
    return pc.if_else(fits, array, None)


def _read_texts(array: pa.Array, zone: str | None) -> pa.Array:
    texts = pc.dictionary_encode(array.cast(pa.string()))
    times = pa.array([_read_time(text, zone) for text in texts.dictionary.to_pylist()], _TIME)
    return times.take(texts.indices)


def _read_time(value: object, zone: str | None) -> datetime | None:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, (str, datetime)):
        return None
    text = value if isinstance(value, str) else value.isoformat()
    try:
        return parse_time(text, ZoneInfo(zone) if zone else None)
    except NaiveTime:
        raise
    except (BadInput, OverflowError):
        return None
