"""Searching projects: which of them fit a filter, in an order, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput
from whence.store.conditions import Order
from whence.store.filter_sql import Clause, compare, every, having
from whence.store.projects import Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.conditions import Condition, Value
    from whence.store.metadata import Metadata
    from whence.store.run_search import View

__all__ = ["names_of", "search"]

_COLUMNS = {
    "name": "projects.name",
    "experiment_id": "projects.id",
    "creation_time": "projects.created / 1000",
    "last_update_time": "projects.updated / 1000",
}

_VIEWS: dict[View, str] = {
    "active": "projects.deleted IS NULL",
    "deleted": "projects.deleted IS NOT NULL",
    "all": "1",
}

_BY_DEFAULT = (
    Order("attribute", "creation_time", descending=True),
    Order("attribute", "experiment_id", descending=False),
)


def search(
    metadata: Metadata,
    where: Sequence[Condition] = (),
    order: Sequence[Order] = (),
    *,
    view: View = "active",
    limit: int,
    offset: int = 0,
) -> list[Project]:
    """Return a page of the projects that fit all conditions.

    Parameters
    ----------
    where, order
        As `filters.parse` and `filters.parse_orders` make them of `grammars.EXPERIMENTS`. Without
        an order the newest come first; what is equal in the order comes by its id, the largest
        first.
    view
        Whether deleted projects are left out, alone, or among the others.
    limit, offset
        The page.

    Raises
    ------
    BadInput
        If an id is compared with what is none.
    """
    test = every([*(_clause(one) for one in where), Clause(_VIEWS[view])])
    by = [f"{_COLUMNS[one.key]} {'DESC' if one.descending else 'ASC'}"
          for one in order or _BY_DEFAULT]  # fmt: skip
    rows = metadata.all(
        "SELECT id, name, place, created, updated, deleted FROM projects"  # noqa: S608 - of our own words
        f" WHERE {test.sql} ORDER BY {', '.join([*by, 'projects.id DESC'])} LIMIT ? OFFSET ?",
        *(*test.values, limit, offset),
    )
    tags: dict[int, dict[str, str]] = {row[0]: {} for row in rows}
    for project, key, value in metadata.all(
        "SELECT project, key, value FROM project_tags"
        " WHERE project IN (SELECT value FROM json_each(?))",
        msgspec.json.encode(list(tags)).decode(),
    ):
        tags[project][key] = value
    return [
        Project(number, name, place, created, updated, deleted, tags[number])
        for number, name, place, created, updated, deleted in rows
    ]


def names_of(metadata: Metadata, projects: Sequence[int]) -> list[str]:
    """Return the names of the projects of some ids, without those there are not."""
    rows = metadata.all(
        "SELECT name FROM projects WHERE id IN (SELECT value FROM json_each(?))",
        msgspec.json.encode(projects).decode(),
    )
    return [name for (name,) in rows]


def _clause(one: Condition) -> Clause:
    """Return what a condition asks of a project."""
    if one.kind == "tag":
        return having("project_tags WHERE project = projects.id", one.key, one.operator, one.value)
    if one.key == "experiment_id":
        return _of_ids(one)
    return compare(_COLUMNS[one.key], one.operator, one.value)


def _of_ids(one: Condition) -> Clause:
    said: tuple[Value, ...] = one.value if isinstance(one.value, tuple) else (one.value,)
    ids = msgspec.json.encode([_id(value) for value in said]).decode()
    among = "IN" if one.operator in {"=", "IN"} else "NOT IN"
    return Clause(f"projects.id {among} (SELECT value FROM json_each(?))", (ids,))  # noqa: S608 - of our own words


def _id(said: Value) -> int:
    try:
        return int(str(said))
    except ValueError:
        raise BadInput(
            f"Invalid experiment ID '{said}'. Experiment ID must be a valid integer."
        ) from None
