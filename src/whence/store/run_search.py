"""Searching runs: which of them fit a filter, in an order, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from whence.errors import BadInput
from whence.store import grammars, runs
from whence.store.conditions import Order
from whence.store.filter_sql import Clause, compare, every, having
from whence.store.filters import parse
from whence.types.time import micros, parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.conditions import Condition, Value
    from whence.store.folder import StoreFolder
    from whence.types.runs import RunRow

__all__ = ["Search", "View", "count", "groups", "native", "search"]

View: TypeAlias = Literal["active", "deleted", "all"]

SORTED_BY = ("started", "ended", "name", "project", "status")

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

_ATTRIBUTES = {
    "run_id": "runs.id",
    "run_name": "runs.name",
    "user_id": "runs.user",
    "project": "runs.project",
    "parent": "runs.parent",
    "status": "runs.status",
    "started": "runs.started",
    "ended": "runs.ended",
    "start_time": "runs.started / 1000",
    "end_time": "runs.ended / 1000",
    "artifact_uri": "(SELECT coalesce(place, 'mlflow-artifacts:/' || id) FROM projects"
    " WHERE projects.name = runs.project) || '/' || runs.id || '/artifacts'",
}

_STATUS_OF_MLFLOW = "CASE runs.status WHEN 'unknown' THEN 'RUNNING' ELSE upper(runs.status) END"

_FIELDS_AS_TAGS = {"mlflow.runName": "runs.name", "mlflow.parentRunId": "runs.parent"}
"""What MLflow's clients know as tags and we keep as fields; a tag of that name goes before."""

_PARAM = (
    "CASE substr(value, 1, 1) WHEN '\"' THEN json_extract(value, '$') WHEN 't' THEN 'True'"
    " WHEN 'f' THEN 'False' WHEN 'n' THEN 'None' ELSE value END"
)
"""A param as text, as `runs.text_of` says it."""

_PARAM_AS_NUMBER = (
    f"CASE WHEN json_valid({_PARAM}) THEN CASE WHEN json_type({_PARAM}) IN ('integer', 'real')"
    f" THEN CAST({_PARAM} AS REAL) END END"
)
"""A param that is a number, or a text that says one; else NULL."""

_CONTEXT = "mlflow.data.context"
"""The tag of an input that says what the dataset was for."""

_VIEWS: dict[View, str] = {"active": f"NOT {runs.GONE}", "deleted": runs.GONE, "all": "1"}


class Search(NamedTuple):
    """Which runs are sought, and which come first.

    Attributes
    ----------
    where
        What must hold of them; of grammar `RUNS` or `OWN_RUNS`.
    order
        What they are sorted by; those that lack it come last, and those whose metric is no number
        just before them. At last the newest first, and then by id.
    projects
        Names of the projects they are of; None for all.
    view
        Whether those that were deleted, or whose project was, are left out, alone, or among them.
    """

    where: Sequence[Condition] = ()
    order: Sequence[Order] = ()
    projects: Sequence[str] | None = None
    view: View = "active"


def native(
    *, where: str | None = None, sort: str = "-started", project: str | None = None
) -> Search:
    """Return what our own API asks for.

    Parameters
    ----------
    where
        A filter, of grammar `OWN_RUNS`.
    sort
        ``started``, ``ended``, ``name``, ``project``, ``status``, ``metrics.KEY`` (the last
        value) or ``params.KEY``; the largest first with a minus before it. Runs that lack it
        come last.
    project
        Only its runs.

    Raises
    ------
    BadInput
        If there is no such filter, or runs cannot be sorted so.
    """
    return Search(
        where=parse(where, grammars.OWN_RUNS),
        order=(_order_of(sort),),
        projects=None if project is None else [project],
    )


def search(store: StoreFolder, asked: Search, *, limit: int, offset: int = 0) -> list[RunRow]:
    """Return a page of the runs that are sought.

    Raises
    ------
    BadInput
        If the page makes no sense.
    """
    if not 1 <= limit <= _LARGEST or not 0 <= offset <= _LARGEST:
        raise BadInput(f"limit {limit} and offset {offset} give no page; give 1 and 0 or more")
    test = _where(asked)
    best = _by_metric(store, asked.order, test, limit, offset)
    if len(best) == limit:
        page = msgspec.json.encode(best).decode()
        of_page = "JOIN json_each(?) AS page ON page.value = runs.id ORDER BY page.key"
        return runs.select(store, of_page, page)
    joined, by = _sorted(asked.order)
    return runs.select(
        store,
        f"{joined.sql} WHERE {test.sql} ORDER BY {by.sql} LIMIT ? OFFSET ?",
        *(*joined.values, *test.values, *by.values, limit, offset),
    )


def count(store: StoreFolder, asked: Search) -> int:
    """Return how many runs are sought."""
    test = _where(asked)
    (found,) = store.metadata.one(f"SELECT COUNT(*) FROM runs WHERE {test.sql}", *test.values) or (  # noqa: S608 - of our own words
        0,
    )
    return int(found)


def groups(
    store: StoreFolder,
    asked: Search,
    kind: Literal["attribute", "parameter"],
    key: str,
    *,
    limit: int,
) -> list[tuple[list[str], int]]:
    """Return how many of the runs that are sought have which value, the most frequent first.

    Returns
    -------
    list of (texts, total)
        All texts by which the value is written, as filters compare it: `0.1` and `1e-1` are one
        number. No text for the runs that lack it.
    """
    test = _where(asked)
    if kind == "parameter":
        joined = Clause("LEFT JOIN params ON params.run = runs.id AND params.key = ?", (key,))
        text, value = _PARAM, f"coalesce({_PARAM_AS_NUMBER}, {_PARAM})"
    else:
        joined = Clause("")
        text = value = _ATTRIBUTES[key]
    found = store.metadata.all(
        f"SELECT json_group_array(DISTINCT {text}), COUNT(*) AS total FROM runs {joined.sql}"  # noqa: S608 - of our own words
        f" WHERE {test.sql} GROUP BY {value} ORDER BY total DESC, {value} LIMIT ?",
        *(*joined.values, *test.values, limit),
    )
    return [
        ([one for one in msgspec.json.decode(texts) if one is not None], total)
        for texts, total in found
    ]


def _order_of(sort: str) -> Order:
    by, _, key = sort.removeprefix("-").partition(".")
    down = sort.startswith("-")
    if by in SORTED_BY and not key:
        return Order("attribute", "run_name" if by == "name" else by, down)
    if by in {"metrics", "params"} and key:
        return Order("metric" if by == "metrics" else "parameter", key, down)
    raise BadInput(
        f"runs cannot be sorted by {sort!r}; give one of {', '.join(SORTED_BY)}, "
        "metrics.NAME or params.NAME, with a minus before it for the largest first"
    )


def _where(asked: Search) -> Clause:
    clauses = [_OF_KIND[one.kind](one) for one in asked.where]
    if asked.projects is not None and len(asked.projects) == 1:
        clauses.append(Clause("runs.project = ?", (asked.projects[0],)))
    elif asked.projects is not None:
        listed = msgspec.json.encode(list(asked.projects)).decode()
        clauses.append(Clause("runs.project IN (SELECT value FROM json_each(?))", (listed,)))
    return every([*clauses, Clause(_VIEWS[asked.view])])


def _attribute(one: Condition) -> Clause:
    value, expression = one.value, _ATTRIBUTES[one.key]
    if one.key == "status" and _is_of_mlflow(value):
        expression = _STATUS_OF_MLFLOW
    if one.key in {"started", "ended"} and isinstance(value, str):
        value = micros(parse_time(value))
    return compare(expression, one.operator, value)


def _is_of_mlflow(status: Value) -> bool:
    """Whether a status is one of MLflow's words: those are in capitals, ours are not."""
    said = status if isinstance(status, tuple) else (status,)
    return any(isinstance(word, str) and word.isupper() for word in said)


def _param(one: Condition) -> Clause:
    expression = _PARAM_AS_NUMBER if isinstance(one.value, int | float) else _PARAM
    return having("params WHERE run = runs.id", one.key, one.operator, one.value, expression)


def _tag(one: Condition) -> Clause:
    if one.key not in _FIELDS_AS_TAGS:
        return having("tags WHERE run = runs.id", one.key, one.operator, one.value)
    said = "(SELECT value FROM tags WHERE run = runs.id AND key = ?)"
    expression = f"coalesce({said}, {_FIELDS_AS_TAGS[one.key]})"
    return compare(expression, one.operator, one.value, (one.key,))


def _metric(one: Condition) -> Clause:
    if one.value is None:
        return having("latest WHERE run = runs.id", one.key, one.operator, None)
    test = compare("value", one.operator, one.value)
    # What is no number is different from every number, and nothing else.
    sql = f"(value IS NULL OR {test.sql})" if one.operator == "!=" else test.sql
    return Clause(
        f"runs.id IN (SELECT run FROM latest WHERE key = ? AND {sql})",  # noqa: S608 - of our own words
        (one.key, *test.values),
    )


def _dataset(one: Condition) -> Clause:
    """Return that one of the datasets that a run used is such."""
    if one.key == "context":
        test = compare("said.value", one.operator, one.value)
        rows = "inputs, json_each(inputs.tags) AS said WHERE said.key = ?"
        return Clause(
            f"EXISTS (SELECT 1 FROM {rows} AND inputs.run = runs.id AND {test.sql})",  # noqa: S608 - of our own words
            (_CONTEXT, *test.values),
        )
    test = compare(f"datasets.{one.key}", one.operator, one.value)
    return Clause(
        "EXISTS (SELECT 1 FROM inputs JOIN datasets ON datasets.id = inputs.dataset"  # noqa: S608 - of our own words
        f" WHERE inputs.run = runs.id AND {test.sql})",
        test.values,
    )


_OF_KIND = {
    "attribute": _attribute,
    "dataset": _dataset,
    "metric": _metric,
    "parameter": _param,
    "tag": _tag,
}


def _by_metric(
    store: StoreFolder, orders: Sequence[Order], test: Clause, limit: int, offset: int
) -> list[str]:
    """Return the ids of a page of runs sorted by a metric, of those where it is a number.

    They are walked in the order of an index, so that how many others there are does not matter.
    """
    if not orders or orders[0].kind != "metric":
        return []
    first, *others = orders
    joined, by = _sorted(others, 1)
    found = store.metadata.all(
        "SELECT runs.id FROM latest AS by0 CROSS JOIN runs ON runs.id = by0.run"  # noqa: S608 - of our own words
        f" {joined.sql} WHERE by0.key = ? AND by0.value IS NOT NULL AND {test.sql}"
        f" ORDER BY by0.value {_direction(first)}, {by.sql} LIMIT ? OFFSET ?",
        *(*joined.values, first.key, *test.values, *by.values, limit, offset),
    )
    return [run for (run,) in found]


def _direction(one: Order) -> str:
    return "DESC" if one.descending else "ASC"


def _sorted(orders: Sequence[Order], first: int = 0) -> tuple[Clause, Clause]:
    """Return the tables that sorting needs, numbered from `first`, and what is sorted by."""
    joins, terms, values = list[str](), list[str](), list[object]()
    for number, one in enumerate(orders, first):
        table = f"by{number}"
        if one.kind in _TABLES:
            joins.append(
                f"LEFT JOIN {_TABLES[one.kind]} AS {table}"
                f" ON {table}.run = runs.id AND {table}.key = ?"
            )
            values.append(one.key)
        by = _sorted_by(one, table)
        terms += [] if by in _ALWAYS else [f"{by} IS NULL"]
        # A metric that is no number is there, and so comes before those that are not.
        terms += [f"{table}.run IS NULL"] if one.kind == "metric" else []
        terms.append(f"{by} {_direction(one)}")
    if not {one.key for one in orders if one.kind == "attribute"} & {"started", "start_time"}:
        terms.append("runs.started DESC")
    return Clause(" ".join(joins), tuple(values)), Clause(", ".join([*terms, "runs.id"]))


_TABLES = {"metric": "latest", "parameter": "params", "tag": "tags"}
_TIMES = {"start_time": "runs.started", "end_time": "runs.ended"}
"""In whole microseconds, so that an index can be walked."""

_ALWAYS = frozenset({"runs.started", "runs.id", "runs.name", "runs.project", "runs.status"})
"""What no run lacks; that it is not NULL would keep SQLite from walking an index."""


def _sorted_by(one: Order, table: str) -> str:
    """Return what an order compares."""
    if one.kind == "attribute":
        return _TIMES.get(one.key, _ATTRIBUTES[one.key])
    if one.kind == "parameter":
        return f"json_extract({table}.value, '$')"
    if one.kind == "tag" and one.key in _FIELDS_AS_TAGS:
        return f"coalesce({table}.value, {_FIELDS_AS_TAGS[one.key]})"
    return f"{table}.value"
