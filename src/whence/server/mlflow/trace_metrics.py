"""Traces in numbers over MLflow's API: what its pages of charts ask for."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, cast

import msgspec

from whence.server.mlflow.trace_search import numbers
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import trace_metrics
from whence.store.trace_metrics import Aggregation, Asked, Point, Where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.trace_metrics import Kind

__all__ = ["TRACE_METRICS"]

_VIEWS = {1: "TRACES", 2: "SPANS", 3: "ASSESSMENTS"}
_KINDS = {1: "COUNT", 2: "SUM", 3: "AVG", 4: "PERCENTILE", 5: "MIN", 6: "MAX"}
"""The numbers of the enumerations in the proto file."""

_MOST = 1000
_HIGHEST = 100
"""Percent."""

_FILTER = re.compile(
    r"\s*`?(\w+)`?\.(\w+)(?:\.(.+?))?\s*(=|!=|<=?|>=?|\w+)\s*(?:'([^']*)'|\"([^\"]*)\")\s*",
    re.DOTALL,
)
_NEEDS_KEY = {
    "trace": {"status": False, "tag": True, "metadata": True},
    "span": {"name": False, "status": False, "type": False},
    "assessment": {"name": False, "type": False},
}


class Aggregated(Message):
    """How many numbers become one."""

    aggregation_type: str | int
    percentile_value: float | None = None


class Query(Message):
    """What is to be measured; times in milliseconds."""

    experiment_ids: list[str]
    view_type: str | int
    metric_name: str
    aggregations: list[Aggregated]
    dimensions: list[str] = msgspec.field(default_factory=list)
    filters: list[str] = msgspec.field(default_factory=list)
    time_interval_seconds: int | None = None
    start_time_ms: int | None = None
    end_time_ms: int | None = None
    max_results: int = _MOST


def _query(shared: Shared, asked: Query) -> dict[str, Any]:
    if asked.max_results < 1 or (asked.time_interval_seconds or 0) < 0:
        raise _wrong("max_results and time_interval_seconds must be positive integers")
    aggregations = [_aggregation(one) for one in asked.aggregations]
    view = _VIEWS.get(asked.view_type, "") if isinstance(asked.view_type, int) else asked.view_type
    found = trace_metrics.measure(
        shared.store.metadata,
        Asked(
            projects=numbers(asked.experiment_ids),
            view=view,
            metric=asked.metric_name,
            aggregations=aggregations,
            by=asked.dimensions,
            where=[_where(one) for one in asked.filters],
            seconds=asked.time_interval_seconds or None,
            start=asked.start_time_ms,
            stop=asked.end_time_ms,
            limit=asked.max_results,
        ),
    )
    names = [_name(one) for one in aggregations]
    points = [_message(asked, names, one) for one in found]
    return {"data_points": points} if points else {}


def _message(asked: Query, names: Sequence[str], point: Point) -> dict[str, Any]:
    group = dict(zip(asked.dimensions, point.group, strict=True))
    if point.bucket is not None:
        at = dt.datetime.fromtimestamp(point.bucket / 1000, dt.UTC)
        group["time_bucket"] = at.isoformat()
    values = zip(names, point.values, strict=True)
    return {
        "metric_name": asked.metric_name,
        "values": {name: float(value) for name, value in values if value is not None},
    } | ({"dimensions": group} if group else {})


def _name(one: Aggregation) -> str:
    return one.kind if one.percent is None else f"P{one.percent}"


def _aggregation(said: Aggregated) -> Aggregation:
    kind, percent = said.aggregation_type, said.percentile_value
    if isinstance(kind, int):
        kind = _KINDS.get(kind, "")
    if (kind == "PERCENTILE") is (percent is None):
        raise _wrong("A percentile_value is what a PERCENTILE has, and nothing else.")
    if percent is not None and not 0 <= percent <= _HIGHEST:
        raise _wrong(f"Percentile value must be between 0 and 100, got {percent}")
    return Aggregation(cast("Kind", kind), percent)


def _where(text: str) -> Where:
    found = _FILTER.fullmatch(text)
    if found is None:
        raise _wrong(f"Invalid filter: '{text}'. Expected one filter clause.")
    of, what, key, operator, single, double = found.groups()
    if of not in _NEEDS_KEY:
        raise _wrong(f"Invalid view type '{of}'. Valid values are {list(_NEEDS_KEY)}")
    if what not in _NEEDS_KEY[of]:
        raise _wrong(
            f"Invalid entity '{what}' specified for view type '{of}'. "
            f"Valid entities are {list(_NEEDS_KEY[of])}"
        )
    if _NEEDS_KEY[of][what] and key is None:
        raise _wrong(f"Filtering by {what} requires a key, e.g. '{of}.{what}.<key> = <value>'")
    if not _NEEDS_KEY[of][what] and key is not None:
        raise _wrong(f"Filtering by {what} does not require a key, use '{of}.{what}' instead")
    if operator != "=":
        raise _wrong(f"Invalid comparator: '{operator}', only '=' operator is supported")
    return Where(of, what, (key or "").strip("`\"'"), single if double is None else double)


def _wrong(message: str) -> Refused:
    return Refused("INVALID_PARAMETER_VALUE", message)


TRACE_METRICS: tuple[Call, ...] = (Call("POST", "3.0/mlflow/traces/metrics", _query, Query),)
