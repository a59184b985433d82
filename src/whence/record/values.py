r"""Values of dict rows in the types that MessagePack has.

========================================  =================================================
given                                     recorded as
========================================  =================================================
None, pandas' NA and NaT                  nothing (null)
bool, int, float (NaN and infinities)     itself; an int beyond 64 bits as text
str                                       itself; a lone surrogate as its escape (``\udc80``)
datetime with zone                        the moment, in microseconds
datetime without zone, date, time         ISO 8601 text
timedelta                                 seconds
Decimal, UUID                             text
an Enum's member                          its value
numpy scalars and arrays, tensors         the numbers, as lists
list, tuple                               list
dict                                      dict, its keys as text
========================================  =================================================

All else is refused; so are bytes, because a journal is no place for files.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any
from uuid import UUID

from whence.errors import BadInput

__all__ = ["PLAIN", "is_missing", "is_naive", "plain", "text"]

PLAIN = frozenset({NoneType, bool, int, float, str, datetime, date, Decimal})
"""Types that msgspec writes as the table says, but for integers and text at the limits."""

DEEPEST = 32
"""How deep lists and dicts may be nested; deeper ones are most likely in a circle."""

_SCALARS = (str, float, int, date, time, timedelta, Decimal, UUID)
_SMALLEST = -(2**63)
_LARGEST = 2**64 - 1
_MISSING = frozenset({"NAType", "NaTType"})
_ALLOWED = (
    "None, bool, int, float, str, datetime, date, time, timedelta, Decimal, UUID, Enum, "
    "numpy values, and lists and dicts of these"
)


def plain(value: Any, column: str, depth: int = 0) -> Any:  # noqa: ANN401 - any value is the point
    """Return a value as the table above says; `depth` counts the lists and dicts around it.

    Raises
    ------
    BadInput
        If it is of no type in the table, or nested too deep.
    """
    if isinstance(value, Enum):
        return plain(value.value, column, depth + 1)
    if isinstance(value, _SCALARS) or is_missing(value):
        return _scalar(value)
    if depth > DEEPEST:
        raise BadInput(
            f"column {column!r} is nested deeper than {DEEPEST} levels, or contains itself; "
            "log a flatter value"
        )
    if isinstance(value, (list, tuple)):
        return [plain(item, column, depth + 1) for item in value]
    if isinstance(value, dict):
        return _dict(value, column, depth)
    if hasattr(value, "tolist") and hasattr(value, "shape"):
        return plain(_from_array(value), column, depth + 1)
    kind = type(value)
    raise BadInput(
        f"column {column!r} holds a value of type {kind.__module__}.{kind.__qualname__}, which "
        f"cannot be recorded; give {_ALLOWED}"
        + ("; log a path or URL in place of bytes" if isinstance(value, (bytes, bytearray)) else "")
    )


def is_missing(value: object) -> bool:
    """Return whether a value is None, or pandas' word for it."""
    return value is None or type(value).__name__ in _MISSING


def is_naive(value: object) -> bool:
    """Return whether a value is a time without a zone; numpy's never have one."""
    if isinstance(value, datetime):
        return value.tzinfo is None and not is_missing(value)
    return type(value).__name__ == "datetime64"


def text(value: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates become their escapes."""
    exact = str.__str__(value)
    try:
        exact.encode()
    except UnicodeEncodeError:
        return exact.encode("utf-8", "backslashreplace").decode()
    return exact


def _scalar(value: Any) -> Any:  # noqa: ANN401 - one of _SCALARS
    if is_missing(value) or isinstance(value, bool):
        return None if is_missing(value) else value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        exact = int(value)
        return exact if _SMALLEST <= exact <= _LARGEST else str(exact)
    if isinstance(value, (date, time)):
        return _time(value)
    return value.total_seconds() if isinstance(value, timedelta) else str(value)


def _time(value: date | time) -> datetime | str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        try:
            # Combined anew, because pandas' Timestamp is a datetime that msgspec does not know.
            return datetime.combine(value.date(), value.timetz()).astimezone(UTC)
        except OverflowError:  # within a day of year 1 or 9999
            return value.isoformat()
    return value.isoformat()


def _dict(value: dict[Any, Any], column: str, depth: int) -> dict[str, Any]:
    named = {
        text(key) if isinstance(key, str) else str(plain(key, column)): plain(
            item, column, depth + 1
        )
        for key, item in value.items()
    }
    if len(named) != len(value):
        raise BadInput(
            f"column {column!r} holds a dict with keys that are the same as text "
            f"({', '.join(map(repr, value))}); give keys of one type"
        )
    return named


def _from_array(value: Any) -> Any:  # noqa: ANN401 - numpy is not imported here
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in {"M", "m"}:  # nanoseconds would come out as bare numbers
        return value.astype(f"{kind}8[us]").tolist()
    listed = value.tolist()
    # numpy's longdouble has no Python type and gives itself back.
    return float(listed) if type(listed) is type(value) and kind == "f" else listed
