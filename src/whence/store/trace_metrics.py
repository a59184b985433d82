"""Traces, spans and assessments in numbers: how many, how long, how much, by what and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import msgspec

from whence.errors import BadInput
from whence.store.filter_sql import Clause, every, having
from whence.store.span_conventions import CONVENTIONS, COST, GIVEN, TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = ["Aggregation", "Asked", "Kind", "Point", "Where", "measure"]

View: TypeAlias = Literal["TRACES", "SPANS", "ASSESSMENTS"]
Kind: TypeAlias = Literal["COUNT", "SUM", "AVG", "PERCENTILE", "MIN", "MAX"]


class Aggregation(NamedTuple):
    """How many numbers become one; `percent` from 0 to 100 for PERCENTILE alone."""

    kind: Kind
    percent: float | None = None


class Where(NamedTuple):
    """That something is a text: ``Where("trace", "tag", "team", "blue")``.

    Of ``"trace"`` the status, a tag or metadata; of ``"span"`` the name, status or type; of
    ``"assessment"`` the name or type.
    """

    of: str
    what: str
    key: str
    value: str


class Asked(NamedTuple):
    """What is to be measured.

    Attributes
    ----------
    projects
        Their ids.
    by
        What the numbers are grouped by.
    seconds
        How long a time is grouped together, from 1970 on; None for all of it.
    start, stop
        Milliseconds, both included; None for no bound.
    """

    projects: Sequence[int]
    view: str
    metric: str
    aggregations: Sequence[Aggregation]
    by: Sequence[str] = ()
    where: Sequence[Where] = ()
    seconds: int | None = None
    start: int | None = None
    stop: int | None = None
    limit: int = 1000


class Point(NamedTuple):
    """The numbers of one group, by aggregation in their order.

    `bucket` is when its time begins, in milliseconds; `group` holds what it was grouped by.
    """

    bucket: int | None
    group: tuple[str, ...]
    values: tuple[float | None, ...]


class _Metric(NamedTuple):
    value: str
    kinds: tuple[Kind, ...]
    by: tuple[str, ...]
    at: str


_STATISTICS: tuple[Kind, ...] = ("AVG", "MAX", "MIN", "PERCENTILE")
_SUMS: tuple[Kind, ...] = (*_STATISTICS, "SUM")

_STARTED, _SPAN_STARTED = "traces.started / 1000", "spans.started / 1000000"
"""Times in milliseconds."""


def _said(keys: Sequence[str]) -> str:
    """Return what the first of some attributes says that a span has."""
    values = [f"json_extract(spans.content, '$.attributes.\"{key}\"')" for key in keys]
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


_COST = _said([GIVEN.cost])
_MODEL = _said([GIVEN.model, *(key for one in CONVENTIONS for key in one.model)])
_PROVIDER = _said([GIVEN.provider, *(key for one in CONVENTIONS for key in one.provider)])

_DIMENSIONS = {
    "trace_name": "traces.name",
    "trace_status": "traces.state",
    "span_name": "spans.name",
    "span_type": "spans.kind",
    "span_status": "spans.status",
    "span_model_name": _MODEL,
    "span_model_provider": _PROVIDER,
    "assessment_name": "assessments.name",
    "assessment_value": "assessments.value",
}

_ASSESSED = (
    "CASE json_type(assessments.value) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0"
    " WHEN 'integer' THEN assessments.value WHEN 'real' THEN CAST(assessments.value AS REAL)"
    " WHEN 'text' THEN CASE lower(trim(json_extract(assessments.value, '$')))"
    " WHEN 'yes' THEN 1.0 WHEN 'no' THEN 0.0 END END"
)
"""An assessment as a number: what is none, and does not say yes or no, counts for nothing."""

_METRICS: dict[str, dict[str, _Metric]] = {
    "TRACES": {
        "trace_count": _Metric("traces.id", ("COUNT",), ("trace_name", "trace_status"), _STARTED),
        "session_count": _Metric("traces.session", ("COUNT",), (), _STARTED),
        "latency": _Metric("traces.duration / 1000", _STATISTICS, ("trace_name",), _STARTED),
        **{name: _Metric(f"json_extract(traces.tokens, '$.{name}')", _SUMS, ("trace_name",),
                         _STARTED)
           for name in TOKENS[:5]},
    },
    "SPANS": {
        "span_count": _Metric("spans.id", ("COUNT",),
                              ("span_model_name", "span_model_provider", "span_name",
                               "span_status", "span_type"), _STARTED),
        "latency": _Metric("(spans.ended - spans.started) / 1000000", _STATISTICS,
                           ("span_name", "span_status"), _STARTED),
        **{name: _Metric(
               f"json_extract(CASE WHEN json_valid({_COST}) THEN {_COST} END, '$.{name}')",
               _SUMS, ("span_model_name", "span_model_provider"), _SPAN_STARTED)
           for name in COST},
    },
    "ASSESSMENTS": {
        "assessment_count": _Metric("assessments.id", ("COUNT",),
                                    ("assessment_name", "assessment_value"), _STARTED),
        "assessment_value": _Metric(_ASSESSED, _STATISTICS, ("assessment_name",), _STARTED),
    },
}  # fmt: skip

_ROWS = {
    "TRACES": "traces",
    "SPANS": "spans JOIN traces ON traces.id = spans.trace",
    "ASSESSMENTS": "assessments JOIN traces ON traces.id = assessments.trace AND assessments.valid",
}
_BUCKETED = {"TRACES": _STARTED, "SPANS": _SPAN_STARTED, "ASSESSMENTS": _STARTED}

_OF = {
    ("span", "name"): "spans.name = ?",
    ("span", "status"): "spans.status = ?",
    ("span", "type"): "spans.kind = ?",
    ("assessment", "name"): "assessments.name = ?",
    ("assessment", "type"): "assessments.kind = ?",
    ("trace", "status"): "traces.state = ?",
}
_VIEW_OF = {"span": "SPANS", "assessment": "ASSESSMENTS"}
_SESSION, _SOURCE_RUN = "mlflow.trace.session", "mlflow.sourceRun"


def measure(metadata: Metadata, asked: Asked) -> list[Point]:
    """Return the numbers of each group, in the groups' order; groups without any are left out.

    Percentiles are interpolated between the two nearest numbers: Hyndman and Fan, "Sample
    quantiles in statistical packages", The American Statistician 50 (1996), definition 7.

    Raises
    ------
    BadInput
        If there is no such metric, or it cannot be measured so.
    """
    metric = _checked(asked)
    keys = [_DIMENSIONS[name] for name in asked.by]
    if asked.seconds is not None:
        size = 1000 * asked.seconds
        keys.insert(0, f"{_BUCKETED[asked.view]} / {size:d} * {size:d}")
    names = [f"k{number}" for number in range(len(keys))]
    shown = "".join(f"{key} AS {name}, " for key, name in zip(keys, names, strict=True))
    group = ", ".join(names)
    test = _where(asked, metric)
    inner = f"SELECT {shown}{metric.value} AS value FROM {_ROWS[asked.view]} WHERE {test.sql}"  # noqa: S608 - of our own words
    has = " AND ".join(f"{name} IS NOT NULL" for name in ["value", *names])
    over = f"PARTITION BY {group}" if group else ""
    ranked = (
        f"SELECT *, row_number() OVER ({over}{' ' if over else ''}ORDER BY value) - 1 AS rank,"  # noqa: S608 - as above
        f" count(*) OVER ({over}) AS number FROM ({inner}) WHERE {has}"
    )
    plain = f"SELECT * FROM ({inner}) WHERE {has}"  # noqa: S608 - as above
    is_ranked = any(one.kind == "PERCENTILE" for one in asked.aggregations)
    wanted = ", ".join(_expression(one, asked.metric) for one in asked.aggregations)
    grouped = f" GROUP BY {group} ORDER BY {group}" if group else ""
    found = metadata.all(
        f"SELECT {group}{', ' if group else ''}{wanted} FROM ({ranked if is_ranked else plain})"  # noqa: S608 - as above
        f"{grouped} LIMIT ?",
        *(*test.values, asked.limit),
    )
    points = [_point(row, len(keys), asked) for row in found]
    return [point for point in points if any(value is not None for value in point.values)]


def _point(row: tuple[Any, ...], keys: int, asked: Asked) -> Point:
    bucket = int(row[0]) if asked.seconds is not None else None
    first = 0 if bucket is None else 1
    return Point(bucket, tuple(str(one) for one in row[first:keys]), row[keys:])


def _expression(one: Aggregation, metric: str) -> str:
    if one.kind == "PERCENTILE":
        # Between two ranks, each counts by how near it is.
        at = f"abs(rank - {float(one.percent or 0)!r} / 100 * (number - 1))"
        return f"sum(value * (1 - {at})) FILTER (WHERE {at} < 1)"
    if metric == "session_count":
        return "count(DISTINCT value)"
    return f"{one.kind.lower()}(value)"


def _checked(asked: Asked) -> _Metric:
    metrics: Mapping[str, _Metric] = _METRICS.get(asked.view, {})
    if not metrics:
        raise BadInput(f"view_type must be one of {list(_METRICS)}, got '{asked.view}'")
    if asked.metric not in metrics:
        raise BadInput(f"metric_name must be one of {list(metrics)}, got '{asked.metric}'")
    metric = metrics[asked.metric]
    if wrong := sorted({one.kind for one in asked.aggregations} - set(metric.kinds)):
        raise BadInput(
            f"Found invalid aggregation_type(s): {wrong}. "
            f"Supported aggregation types: {sorted(metric.kinds)}"
        )
    if unknown := sorted(set(asked.by) - set(metric.by)):
        raise BadInput(
            f"Found invalid dimension(s): {unknown}. Supported dimensions: {sorted(metric.by)}"
        )
    if asked.seconds is not None and (asked.start is None or asked.stop is None):
        raise BadInput("start_time_ms and end_time_ms are required if time_interval_seconds is set")
    return metric


def _where(asked: Asked, metric: _Metric) -> Clause:
    listed = msgspec.json.encode(list(asked.projects)).decode()
    clauses = [Clause("traces.project IN (SELECT value FROM json_each(?))", (listed,))]
    if asked.start is not None:
        clauses.append(Clause(f"{metric.at} >= ?", (asked.start,)))
    if asked.stop is not None:
        clauses.append(Clause(f"{metric.at} <= ?", (asked.stop,)))
    return every([*clauses, *(_fits(one, asked.view) for one in asked.where)])


def _fits(one: Where, view: str) -> Clause:
    meant = _VIEW_OF.get(one.of, view)
    if meant != view:
        raise BadInput(f"Filtering by {one.of} is only supported for {meant} view type, got {view}")
    if (one.of, one.what) in _OF:
        return Clause(_OF[one.of, one.what], (one.value,))
    if one.what == "tag":
        return having("trace_tags WHERE trace = traces.id", one.key, "=", one.value)
    if one.key == _SESSION:
        return Clause("traces.session = ?", (one.value,))
    said = having("trace_metadata WHERE trace = traces.id", one.key, "=", one.value)
    if one.key != _SOURCE_RUN:
        return said
    linked = "SELECT 1 FROM trace_links WHERE trace = traces.id AND kind = 'run' AND target = ?"
    return Clause(f"({said.sql} OR EXISTS ({linked}))", (*said.values, one.value))
