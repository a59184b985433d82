"""Times and durations as protobuf writes them in JSON."""

from __future__ import annotations

import datetime as dt
import re

from whence.errors import BadInput

__all__ = ["duration", "duration_of", "timestamp", "timestamp_of"]

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_DURATION = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,9}))?s")
_MILLION = 1_000_000


def timestamp(micros: int) -> str:
    """Return a time of microseconds since 1970 (UTC), to the millisecond."""
    moment = _EPOCH + dt.timedelta(milliseconds=micros // 1000)
    digits = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=digits) + "Z"


def timestamp_of(text: str) -> int:
    """Return the microseconds since 1970 (UTC) of a time.

    Raises
    ------
    BadInput
        If it is none.
    """
    try:
        return (dt.datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    except (ValueError, TypeError, OverflowError):
        raise BadInput(
            f"the time {text!r} is none; write it like '2026-11-23T10:00:00.123Z'"
        ) from None


def duration(micros: int) -> str:
    """Return a duration of microseconds, to the millisecond."""
    millis = abs(micros) // 1000
    seconds, rest = divmod(millis, 1000)
    fraction = f".{rest:03}" if rest else ""
    return f"{'-' if micros < 0 and millis else ''}{seconds}{fraction}s"


def duration_of(text: str) -> int:
    """Return the microseconds of a duration.

    Raises
    ------
    BadInput
        If it is none.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise BadInput(f"the duration {text!r} is none; write it like '1.25s'")
    sign, seconds, fraction = found.groups()
    micros = int(seconds) * _MILLION + int((fraction or "").ljust(6, "0")[:6])
    return -micros if sign else micros
