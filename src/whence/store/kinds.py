"""The kinds of value a column can hold, and how any Arrow column or Python value becomes one.

The store decides; the table format never casts. What a column holds may differ from batch to
batch or from row to row; each kind it ever held gets a physical column of its own, so no value
is bent to fit another.

========  =============================  ================================================
kind      stored as                      from
========  =============================  ================================================
number    float64                        integers up to 2^53, floats, decimals, durations in s
text      string                         strings, dates, integers beyond 2^53
bool      bool                           booleans
time      timestamp, microseconds, UTC   timestamps with a zone (one without becomes text)
json      string                         lists, structs, maps; binary as base64 text
========  =============================  ================================================
"""

from __future__ import annotations

import base64
import math
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ARROW", "Kind", "as_text", "kinds_of_array", "kinds_of_values"]

Kind = Literal["number", "text", "bool", "time", "json"]

ARROW: dict[Kind, pa.DataType] = {
    "number": pa.float64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
}

LARGEST_EXACT = 2**53
"""Beyond it a float64 no longer holds every integer."""

_json = msgspec.json.Encoder(enc_hook=str)


def kinds_of_array(column: pa.ChunkedArray) -> dict[Kind, pa.Array]:
    """Return a column as arrays by kind, each as long as the column, null where not of that kind.

    An all-null column gives ``{}``: it has shown no kind yet.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if array.null_count == len(array):
        return {}
    kind, converted = _convert(array)
    return {kind: converted.cast(ARROW[kind])}


def _convert(array: pa.Array) -> tuple[Kind, pa.Array]:  # noqa: PLR0911 - one a type
    of, types = array.type, pa.types
    if types.is_integer(of):
        return _integers(array)
    if types.is_floating(of):
        return "number", array
    if types.is_decimal(of):
        return "number", array.cast(pa.float64(), safe=False)
    if types.is_boolean(of):
        return "bool", array
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        array.validate(full=True)  # bytes that are no UTF-8 would break every reader later
        return "text", array
    if types.is_timestamp(of) and of.tz is not None:
        return "time", array.cast(ARROW["time"], safe=False)
    if types.is_timestamp(of) or types.is_date(of) or types.is_time(of):
        return "text", pc.replace_substring(array.cast(pa.string()), " ", "T")
    if types.is_duration(of):
        return "number", _seconds(array)
    return "json", pa.array([None if v is None else _as_json(v) for v in array.to_pylist()])


def _seconds(array: pa.Array) -> pa.Array:
    a_second = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[array.type.unit]
    return pc.divide(array.cast(pa.int64()).cast(pa.float64(), safe=False), a_second)


def _integers(array: pa.Array) -> tuple[Kind, pa.Array]:
    low, high = (value.as_py() for value in pc.min_max(array).values())
    if low >= -LARGEST_EXACT and high <= LARGEST_EXACT:
        return "number", array.cast(pa.float64())
    return "text", array.cast(pa.string())


def _as_json(value: Any) -> str:  # noqa: ANN401 - any nested value a frame can hold
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return _json.encode(value).decode()


def kinds_of_values(values: Sequence[Any]) -> dict[Kind, pa.Array]:
    """Return Python values as arrays by kind, as `kinds_of_array` does for a column."""
    # The common case first: one plain type throughout, which Arrow builds at once.
    types = set(map(type, values)) - {type(None)}
    if types <= {float}:
        return {"number": pa.array(values, pa.float64(), from_pandas=False)} if types else {}
    if types == {str}:
        return {"text": pa.array(values, pa.string())}
    if types == {datetime} and all(value is None or value.tzinfo for value in values):
        return {"time": pa.array(values, ARROW["time"])}
    by_kind: dict[Kind, list[Any]] = defaultdict(lambda: [None] * len(values))
    for i, value in enumerate(values):
        if value is not None:
            kind, converted = _convert_value(value)
            by_kind[kind][i] = converted
    return {kind: pa.array(found, ARROW[kind]) for kind, found in by_kind.items()}


def _convert_value(value: Any) -> tuple[Kind, Any]:  # noqa: ANN401, PLR0911 - one return a type
    match value:
        case bool():
            return "bool", value
        case int():
            exact = -LARGEST_EXACT <= value <= LARGEST_EXACT
            return ("number", float(value)) if exact else ("text", str(value))
        case float():
            return "number", value
        case str():
            return "text", value
        case Decimal():
            return "number", float(value) if value.is_finite() else math.nan
        case timedelta():
            return "number", value.total_seconds()
        case datetime() if value.tzinfo is not None:
            return "time", value
        case date() | time():
            return "text", value.isoformat()
        case _:
            return "json", _as_json(value)


def as_text(kind: Kind, array: pa.Array) -> pa.Array:
    """Return an array of any kind as text; integral numbers are written without a point."""
    if kind == "number":
        exact = pc.less_equal(pc.abs(array), float(LARGEST_EXACT))
        whole = pc.and_(pc.equal(array, pc.floor(array)), exact)
        integers = pc.if_else(whole, array, None).cast(pa.int64(), safe=False).cast(pa.string())
        return pc.coalesce(integers, array.cast(pa.string()))
    if kind == "time":
        return pa.array([None if v is None else v.isoformat() for v in array.to_pylist()])
    return array.cast(pa.string())
