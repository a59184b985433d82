"""Time as Whence writes it: microseconds since 1970 in UTC inside, ISO 8601 outside."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from whence.errors import BadInput, NaiveTime

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["PERIODS", "Period", "Window", "micros", "moment", "now", "parse_time"]

Period = Literal["hour", "day", "week", "month", "year"]
"""The length of a window: whole hours, days, weeks from Monday, months or years, all in UTC."""

PERIODS: tuple[Period, ...] = get_args(Period)

_FIXED: dict[Period, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_FIRST_YEAR, _LAST_YEAR = 1, 9999
_MICROSECOND = timedelta(microseconds=1)


class Window(msgspec.Struct, frozen=True, order=True):
    """A stretch of time, the end exclusive, both ends aware and in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def containing(cls, when: datetime, period: Period) -> Window:
        """Return the window of this period that holds `when` (aware)."""
        if period in _FIXED:
            length = _FIXED[period]
            start = _MONDAY + ((when - _MONDAY) // length) * length
            return cls(start, start + length)
        first = when.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        if period == "year":
            first = first.replace(month=1)
            return cls(first, first.replace(year=first.year + 1))
        # Any month has a day within 31 days of its first that lies in the next month.
        return cls(first, (first + timedelta(days=31)).replace(day=1))

    def following(self, period: Period) -> Window:
        """Return the window after this one."""
        return Window.containing(self.end, period)


def micros(when: datetime) -> int:
    """Return an aware time as whole microseconds since 1970-01-01 UTC.

    Raises
    ------
    NaiveTime
        If `when` has no zone.
    """
    if when.tzinfo is None:
        raise NaiveTime(f"the time {when.isoformat()} has no zone; give an aware datetime or tz=")
    return (when - _EPOCH) // _MICROSECOND


def now() -> int:
    """Return the microseconds since 1970 (UTC) by this machine's clock."""
    return time.time_ns() // 1000


def moment(microseconds: int) -> datetime:
    """Return the aware UTC time that many microseconds after 1970-01-01."""
    return _EPOCH + timedelta(microseconds=microseconds)


def parse_time(text: str, zone: ZoneInfo | None = None, *, whole_day: bool = False) -> datetime:
    """Read an ISO 8601 date or time; a bare date is its midnight in UTC (or `zone`).

    With `whole_day` a bare date is the midnight that ends it: the end of a period that a
    person means to include that day.

    A time of day without a zone is refused unless `zone` says which, because it does not
    say when it was; a date without one is taken as UTC, where windows begin.

    Raises
    ------
    BadInput
        If `text` is not ISO 8601.
    NaiveTime
        If it has a time of day, no zone, and `zone` is not given.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(
            f"{text!r} is not a time; write 2023-09-22 or 2023-09-22T14:00:00+02:00"
        ) from error
    bare = len(text) <= len("2023-09-22")
    if not _FIRST_YEAR < when.year < _LAST_YEAR:
        raise BadInput(f"the time {text!r} lies outside the years that can be counted with")
    if bare and whole_day:
        when += timedelta(days=1)
    if when.tzinfo is None:
        if zone is None and not bare:
            raise NaiveTime(
                f"the time {text!r} has no zone; write {text}Z for UTC, add +02:00, or give --tz"
            )
        when = when.replace(tzinfo=zone or UTC)
    return when.astimezone(UTC)
