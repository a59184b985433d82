"""Times given as arguments."""

from __future__ import annotations

from datetime import datetime

from whence.errors import BadInput
from whence.types.time import micros

__all__ = ["microseconds"]


def microseconds(what: str, when: object) -> int:
    """Return a time argument as microseconds since 1970 UTC.

    Raises
    ------
    BadInput
        If it is no datetime.
    NaiveTime
        If it has no zone.
    """
    if not isinstance(when, datetime):
        raise BadInput(
            f"{what} is {when!r:.80}; give an aware datetime, such as "
            "datetime(2023, 9, 22, tzinfo=UTC)"
        )
    return micros(when)
