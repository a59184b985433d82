"""Searching logged models: by what conditions say of them, in an order of facts or metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.store import logged_models
from whence.store.filter_sql import Clause, compare, every, having

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.conditions import Condition, Order
    from whence.store.logged_models import LoggedModel
    from whence.store.metadata import Metadata

__all__ = ["OnDataset", "Ranking", "search"]

_MILLISECOND = 1000

_COLUMNS = {
    "name": "name",
    "model_id": "id",
    "model_type": "kind",
    "status": "state",
    "source_run_id": "ifnull(run, '')",
    "creation_timestamp": f"created / {_MILLISECOND}",
    "last_updated_timestamp": f"updated / {_MILLISECOND}",
}
_SORTED_BY = _COLUMNS | {
    "creation_timestamp": "created",
    "last_updated_timestamp": "updated",
    "status": f"instr('{' '.join(logged_models.STATES)}', state)",
}
_OF_PROJECTS = "deleted IS NULL AND project IN (SELECT value FROM json_each(?))"
_NEWEST_FIRST = "created DESC, id"

_TABLES = {"parameter": "logged_model_params", "tag": "logged_model_tags"}

_ROWS = "{} AS said WHERE said.model = logged_models.id"
_LAST = (
    f"(SELECT said.value FROM {_ROWS.format('logged_model_metrics')} AND said.key = ? AND {{}}"  # noqa: S608 - of fixed words
    " ORDER BY said.time DESC, said.step DESC, said.run LIMIT 1)"
)
"""The last value of a metric: of the latest time, there of the largest step."""


class OnDataset(NamedTuple):
    """The dataset that metrics were measured on; None stands for any name or digest."""

    name: str | None = None
    digest: str | None = None


class Ranking(NamedTuple):
    """What comes first; of metrics, only those on a dataset can be meant."""

    order: Order
    on: OnDataset = OnDataset()


def search(
    metadata: Metadata,
    projects: Sequence[str],
    conditions: Sequence[Condition] = (),
    rankings: Sequence[Ranking] = (),
    *,
    on: Sequence[OnDataset] = (),
    limit: int = -1,
    offset: int = 0,
) -> list[LoggedModel]:
    """Return a page of the models of some projects that fit all conditions.

    Parameters
    ----------
    projects
        Their names.
    conditions
        As `filters.parse` makes them of `grammars.LOGGED_MODELS`; a status is one of
        `logged_models.STATES`.
    rankings
        What comes first; models that lack it come last, and among equals the newest come first.
    on
        Datasets: conditions of metrics then speak of values on one of these, and without such
        conditions models are found that have any value on one of them.
    limit, offset
        The page; all for a negative limit.
    """
    tests = [_test(one, on) for one in conditions]
    if on and all(one.kind != "metric" for one in conditions):
        tests.append(_measured(_on_any(on)))
    where, orders = every(tests), [_rank(one) for one in rankings]
    wanted = msgspec.json.encode(projects).decode()
    return logged_models.page(
        metadata,
        where=f"{_OF_PROJECTS} AND ({where.sql})",
        values=[wanted, *where.values, *(value for one in orders for value in one.values)],
        order=", ".join([*(one.sql for one in orders), _NEWEST_FIRST]),
        limit=limit,
        offset=offset,
    )


def _test(one: Condition, on: Sequence[OnDataset]) -> Clause:
    if one.kind == "attribute":
        return compare(_COLUMNS[one.key], one.operator, one.value)
    if one.kind == "metric":
        key = Clause("said.key = ?", (one.key,))
        value = compare("said.value", one.operator, one.value)
        return _measured(every([key, value, _on_any(on)]))
    return having(_ROWS.format(_TABLES[one.kind]), one.key, one.operator, one.value)


def _measured(test: Clause) -> Clause:
    """Return that a model has a value of a metric that fits."""
    rows = _ROWS.format("logged_model_metrics")
    return Clause(f"EXISTS (SELECT 1 FROM {rows} AND {test.sql})", test.values)  # noqa: S608 - of fixed words


def _on_any(datasets: Sequence[OnDataset]) -> Clause:
    """Return that a metric is one on one of some datasets; true without any."""
    tests = [_on(one) for one in datasets]
    return Clause(
        f"({' OR '.join(f'({one.sql})' for one in tests) or '1'})",
        tuple(value for one in tests for value in one.values),
    )


def _on(one: OnDataset) -> Clause:
    said = {"dataset": one.name, "digest": one.digest}
    return every(
        Clause(f"said.{column} = ?", (value,))
        for column, value in said.items()
        if value is not None
    )


def _rank(ranking: Ranking) -> Clause:
    kind, key, descending = ranking.order
    way = f"{'DESC' if descending else 'ASC'} NULLS LAST"
    if kind == "attribute":
        return Clause(f"{_SORTED_BY[key]} {way}")
    on = _on(ranking.on)
    return Clause(f"{_LAST.format(on.sql)} {way}", (key, *on.values))
