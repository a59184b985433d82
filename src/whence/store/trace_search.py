"""Searching traces: which of them fit a filter, in an order, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput
from whence.store import traces
from whence.store.filter_sql import Clause, compare, every, having
from whence.store.trace_patterns import without_patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.conditions import Condition, Order
    from whence.store.metadata import Metadata
    from whence.store.traces import Trace

__all__ = ["Search", "count", "search"]


class Search(NamedTuple):
    """Which traces are sought, and which come first.

    Attributes
    ----------
    where
        What must hold of them; of grammar `TRACES`.
    order
        What they are sorted by; those that lack it come last. At last the newest first, and then
        by id.
    projects
        The ids of the projects they are of; None for all.
    """

    where: Sequence[Condition] = ()
    order: Sequence[Order] = ()
    projects: Sequence[int] | None = None


def search(metadata: Metadata, asked: Search, *, limit: int, offset: int = 0) -> list[Trace]:
    """Return a page of the traces that are sought.

    Raises
    ------
    BadInput
        If they cannot be sought so.
    """
    test, by = _where(metadata, asked), _sorted(asked.order)
    rest = f" WHERE {test.sql} ORDER BY {by.sql} LIMIT ? OFFSET ?"
    return traces.rows(metadata, rest, *test.values, *by.values, limit, offset)


def count(metadata: Metadata, asked: Search) -> int:
    """Return how many traces are sought.

    Raises
    ------
    BadInput
        If they cannot be sought so.
    """
    test = _where(metadata, asked)
    found = metadata.one(f"SELECT COUNT(*) FROM traces WHERE {test.sql}", *test.values)  # noqa: S608 - of our own words
    return int(found[0]) if found else 0


_MICROS = 1000
"""Of a millisecond, in which times are sought."""

_LARGEST = 2**63 // _MICROS - 1
"""The largest number of milliseconds whose microseconds SQLite counts."""

_SOURCE_RUN, _SESSION, _NAME = "mlflow.sourceRun", "mlflow.trace.session", "mlflow.traceName"
_PROMPT = "mlflow.linkedPrompts"

_ENDED = "(traces.started + coalesce(traces.duration, 0))"
_RAN_BY = "(SELECT value FROM trace_metadata WHERE trace = traces.id AND key = 'mlflow.sourceRun')"

_COLUMNS = {
    "request_id": "traces.id",
    "status": "traces.state",
    "client_request_id": "traces.client",
    "name": "traces.name",
    "run_id": _RAN_BY,
    "experiment_id": "traces.project",
    "timestamp_ms": "traces.started",
    "execution_time_ms": "traces.duration",
    "end_time_ms": _ENDED,
}
_TIMES = {"timestamp_ms", "execution_time_ms", "end_time_ms"}

_METADATA_IN_COLUMNS = {
    _SESSION: "traces.session",
    "mlflow.trace.tokenUsage": "traces.tokens",
    "mlflow.trace.cost": "traces.cost",
}
"""What MLflow's clients know as metadata and we keep as columns."""

_SPAN_COLUMNS = {"name": "spans.name", "type": "spans.kind", "status": "spans.status"}
_ATTRIBUTES = "attributes."
_TEXT = "spans.name || char(10) || spans.content"
"""All of a span as text."""

_VALUE = (
    "CASE said.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
    " ELSE CAST(said.value AS TEXT) END"
)
_SPAN_VALUES = "json_each(spans.content, '$.attributes')"

_ASSESSED = "CASE json_type(value) WHEN 'text' THEN json_extract(value, '$') ELSE value END"
_ASSESSED_NUMBER = (
    "CASE WHEN json_type(value) IN ('integer', 'real') THEN json_extract(value, '$') END"
)


def _where(metadata: Metadata, asked: Search) -> Clause:
    wanted = [without_patterns(metadata, one) for one in map(_meant, asked.where)]
    clauses = [_OF_KIND[one.kind](one) for one in wanted if one.kind != "span"]
    of_spans = [_span(one) for one in wanted if one.kind == "span"]
    if of_spans:
        # One span must fit all of them.
        test = every(of_spans)
        sql = f"EXISTS (SELECT 1 FROM spans WHERE spans.trace = traces.id AND {test.sql})"  # noqa: S608 - of our own words
        clauses.append(Clause(sql, test.values))
    if asked.projects is not None and len(asked.projects) == 1:
        clauses.append(Clause("traces.project = ?", (asked.projects[0],)))
    elif asked.projects is not None:
        listed = msgspec.json.encode(list(asked.projects)).decode()
        clauses.append(Clause("traces.project IN (SELECT value FROM json_each(?))", (listed,)))
    return every(clauses)


def _meant(one: Condition) -> Condition:
    """Return a condition with its kind as it is kept here, checked where the grammar is not."""
    if one.kind == "tag" and one.key == _NAME and one.value is not None:
        return one._replace(kind="attribute", key="name")
    if one.kind == "tag" and one.key == _PROMPT:
        return one._replace(kind="attribute", key="prompt")
    if one.kind == "request_metadata" and one.key == _SOURCE_RUN and one.operator == "=":
        return one._replace(kind="attribute", key="run_id")
    if (one.kind, one.key) in {("attribute", "text"), ("span", "content")}:
        if one.operator not in {"LIKE", "ILIKE"}:
            raise BadInput(
                f"span.content comparator '{one.operator}' not one of '{{'ILIKE', 'LIKE'}}'"
            )
        return one._replace(kind="span", key="content")
    if one.kind == "span":
        _check_span(one.key)
    return one


def _check_span(key: str) -> None:
    if key == _ATTRIBUTES:
        raise BadInput("Span attribute name cannot be empty after 'attributes.'")
    if key not in _SPAN_COLUMNS and not key.startswith(_ATTRIBUTES):
        raise BadInput(
            f"Invalid span attribute '{key}'. "
            "Supported attributes: name, status, type, attributes.<attribute_name>."
        )


def _attribute(one: Condition) -> Clause:
    if one.key == "prompt":
        return _prompt(one)
    if one.key == "run_id" and one.operator == "=":
        linked = "SELECT 1 FROM trace_links WHERE trace = traces.id AND kind = 'run' AND target = ?"
        return Clause(f"({_RAN_BY} = ? OR EXISTS ({linked}))", (one.value, one.value))
    if one.key in _TIMES and isinstance(one.value, int | float):
        return _time(_COLUMNS[one.key], one.operator, one.value)
    return compare(_COLUMNS[one.key], one.operator, one.value)


def _prompt(one: Condition) -> Clause:
    if one.operator != "=":
        raise BadInput(
            f"Invalid comparator '{one.operator}' for prompts filter. Only '=' is supported with "
            'format: prompt = "name/version"'
        )
    if str(one.value).count("/") != 1:
        raise BadInput(
            f"Invalid prompts filter value '{one.value}'. "
            'Expected format: prompt = "name/version"'
        )
    return Clause(
        "EXISTS (SELECT 1 FROM trace_links WHERE trace = traces.id AND kind = 'prompt'"
        " AND target = ?)",
        (one.value,),
    )


def _time(column: str, operator: str, value: float) -> Clause:
    """Return a comparison of the whole milliseconds of a time, such that an index serves it."""
    value = max(-_LARGEST, min(value, _LARGEST))
    first = int(value // 1) * _MICROS
    """The microsecond with which the millisecond of the value begins."""
    is_whole = value == value // 1
    ends = {
        "<": first if is_whole else first + _MICROS,
        "<=": first + _MICROS,
        ">=": first if is_whole else first + _MICROS,
        ">": first + _MICROS,
    }
    if operator in ends:
        return Clause(
            f"{column} {operator[0]}{'' if operator[0] == '<' else '='} ?", (ends[operator],)
        )
    return Clause(f"{column} / {_MICROS} {operator} ?", (value,))


def _tag(one: Condition) -> Clause:
    if one.key == _NAME:
        return compare("traces.name", one.operator, None)
    return having("trace_tags WHERE trace = traces.id", one.key, one.operator, one.value)


def _metadata(one: Condition) -> Clause:
    if one.key in _METADATA_IN_COLUMNS:
        return compare(_METADATA_IN_COLUMNS[one.key], one.operator, one.value)
    return having("trace_metadata WHERE trace = traces.id", one.key, one.operator, one.value)


def _span(one: Condition) -> Clause:
    if one.key == "content":
        return compare(_TEXT, one.operator, one.value)
    if one.key in _SPAN_COLUMNS:
        return compare(_SPAN_COLUMNS[one.key], one.operator, one.value)
    test = compare(_VALUE, one.operator, one.value)
    name = one.key.removeprefix(_ATTRIBUTES).strip('`"')
    return Clause(
        f"EXISTS (SELECT 1 FROM {_SPAN_VALUES} AS said WHERE said.key = ? AND {test.sql})",  # noqa: S608 - of our own words
        (name, *test.values),
    )


def _assessed(one: Condition) -> Clause:
    """Return that an assessment of the trace fits, or one that is about its whole session."""
    by_number = isinstance(one.value, int | float)
    test = Clause("1")
    if one.value is not None:
        test = compare(_ASSESSED_NUMBER if by_number else _ASSESSED, one.operator, one.value)
    fits = f"kind = ? AND name = ? AND valid AND {test.sql}"
    values = (one.kind, one.key, *test.values)
    no = "NOT " if one.operator == "IS NULL" else ""
    return Clause(
        f"{no}(traces.id IN (SELECT trace FROM assessments WHERE {fits})"  # noqa: S608 - of our own words
        " OR coalesce(traces.session IN (SELECT other.session FROM traces AS other"
        f" JOIN (SELECT trace FROM assessments WHERE {fits}"
        " AND json_extract(metadata, '$.\"mlflow.trace.session\"') IS NOT NULL) AS said"
        " ON said.trace = other.id WHERE other.session IS NOT NULL), 0))",
        (*values, *values),
    )


def _issue(one: Condition) -> Clause:
    return Clause(
        "traces.id IN (SELECT trace FROM assessments WHERE kind = 'issue' AND name = ?)",
        (one.value,),
    )


_OF_KIND = {
    "attribute": _attribute,
    "expectation": _assessed,
    "feedback": _assessed,
    "issue": _issue,
    "request_metadata": _metadata,
    "tag": _tag,
}


def _sorted(orders: Sequence[Order]) -> Clause:
    terms, values = list[str](), list[object]()
    for one in orders:
        column = _COLUMNS.get(one.key) if one.kind == "attribute" else None
        if one.kind == "tag" and one.key == _NAME:
            column = _COLUMNS["name"]
        if one.kind == "request_metadata":
            column = _METADATA_IN_COLUMNS.get(one.key)
        if column is None:
            table = "trace_tags" if one.kind == "tag" else "trace_metadata"
            column = f"(SELECT value FROM {table} WHERE trace = traces.id AND key = ?)"  # noqa: S608 - of two words
            values += [one.key, one.key]
        terms.append(f"{column} IS NULL, {column} {'DESC' if one.descending else 'ASC'}")
    return Clause(", ".join([*terms, "traces.started DESC", "traces.id"]), tuple(values))
