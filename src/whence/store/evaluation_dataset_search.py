"""Searching evaluation datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.store import evaluation_datasets
from whence.store.filter_sql import Clause, compare, every, having

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.conditions import Condition, Order
    from whence.store.evaluation_datasets import EvaluationDataset
    from whence.store.metadata import Metadata

__all__ = ["search"]

_COLUMNS = {
    "name": "name",
    "created_by": "created_by",
    "last_updated_by": "updated_by",
    "created_time": "created / 1000",
    "last_update_time": "updated / 1000",
}
_SORTED_BY = {"name": "name", "created_time": "created", "last_update_time": "updated"}
_NEWEST_FIRST = "created DESC, id DESC"

_TAGS = "evaluation_dataset_tags AS tag WHERE tag.dataset = evaluation_datasets.id"
_OF_PROJECTS = (
    "id IN (SELECT dataset FROM evaluation_dataset_projects"
    " WHERE project IN (SELECT value FROM json_each(?)))"
)


def search(
    metadata: Metadata,
    conditions: Sequence[Condition] = (),
    orders: Sequence[Order] = (),
    *,
    projects: Sequence[int] | None = None,
    limit: int = -1,
    offset: int = 0,
) -> list[EvaluationDataset]:
    """Return a page of the datasets that fit all conditions.

    Parameters
    ----------
    conditions, orders
        As `filters.parse` and `filters.parse_orders` make them of `grammars.EVALUATION_DATASETS`;
        among equals, and without an order, the newest come first.
    projects
        The ids of projects that a dataset must be for one of; None for any dataset.
    limit, offset
        The page; all for a negative limit.
    """
    tests = [_test(one) for one in conditions]
    if projects is not None:
        tests.append(Clause(_OF_PROJECTS, (msgspec.json.encode(projects).decode(),)))
    where = every(tests)
    ways = [f"{_SORTED_BY[one.key]} {'DESC' if one.descending else 'ASC'}" for one in orders]
    return evaluation_datasets.page(
        metadata,
        where=where.sql,
        values=where.values,
        order=", ".join([*ways, _NEWEST_FIRST]),
        limit=limit,
        offset=offset,
    )


def _test(one: Condition) -> Clause:
    if one.kind == "tag":
        return having(_TAGS, one.key, one.operator, one.value)
    return compare(_COLUMNS[one.key], one.operator, one.value)
