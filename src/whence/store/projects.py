"""Projects: what runs belong to, with their names, places and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from whence.errors import BadInput, NotFound
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from whence.store.metadata import Metadata

__all__ = [
    "Project",
    "create",
    "delete",
    "ensure",
    "of_id",
    "of_name",
    "place_default",
    "rename",
    "restore",
    "set_tag",
    "unset_tag",
]

_FIELDS = "id, name, place, created, updated, deleted"


class Project(NamedTuple):
    """One project; times are microseconds since 1970 (UTC).

    `place` is where its runs' artifacts lie if not in the store; `deleted` is when it was.
    """

    id: int
    name: str
    place: str | None
    created: int
    updated: int
    deleted: int | None
    tags: dict[str, str]


def ensure(metadata: Metadata, name: str, at: int) -> None:
    """Make a project known; the caller holds the transaction."""
    metadata.run(
        "INSERT INTO projects (name, created, updated) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO NOTHING",
        *(name, at, at),
    )


def create(
    metadata: Metadata,
    name: str,
    *,
    place: str | None,
    tags: Mapping[str, str],
    root: str | None = None,
) -> int:
    """Make a project and return its id.

    Parameters
    ----------
    root
        Where no place is given, the project's is a folder below this one, called by its id.

    Raises
    ------
    BadInput
        If there is one of that name, be it deleted.
    """
    at = now()
    with metadata.transaction():
        if of_name(metadata, name) is not None:
            raise BadInput(f"there is a project {name!r} already; choose another name")
        metadata.run(
            "INSERT INTO projects (name, place, created, updated) VALUES (?, ?, ?, ?)",
            *(name, place, at, at),
        )
        (made,) = metadata.one("SELECT id FROM projects WHERE name = ?", name) or (0,)
        if place is None and root is not None:
            metadata.run("UPDATE projects SET place = ? WHERE id = ?", f"{root}/{made}", made)
        metadata.run_many(
            "INSERT INTO project_tags (project, key, value) VALUES (?, ?, ?)",
            [(made, key, value) for key, value in tags.items()],
        )
    return int(made)


def place_default(metadata: Metadata, root: str) -> None:
    """Give the default project a place below a root, unless it has one or anything is in it."""
    with metadata.transaction():
        metadata.run(
            "UPDATE projects SET place = ? WHERE id = 0 AND place IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM runs WHERE project = projects.name)"
            " AND NOT EXISTS (SELECT 1 FROM logged_models WHERE project = projects.name)"
            " AND NOT EXISTS (SELECT 1 FROM traces WHERE project = 0)",
            f"{root}/0",
        )


def of_id(metadata: Metadata, project: int) -> Project | None:
    """Return a project; None if there is none of that id."""
    return _found(metadata, "id", project)


def of_name(metadata: Metadata, name: str) -> Project | None:
    """Return a project; None if there is none of that name."""
    return _found(metadata, "name", name)


def rename(metadata: Metadata, project: int, name: str) -> None:
    """Give a project another name; its runs stay with it.

    Raises
    ------
    NotFound
        If there is no such project.
    BadInput
        If another has that name.
    """
    with metadata.transaction():
        before = _known(metadata, project)
        other = of_name(metadata, name)
        if other is not None and other.id != project:
            raise BadInput(f"there is a project {name!r} already; choose another name")
        metadata.run("UPDATE projects SET name = ?, updated = ? WHERE id = ?", name, now(), project)
        for table in ("runs", "datasets", "logged_models"):
            metadata.run(
                f"UPDATE {table} SET project = ? WHERE project = ?",  # noqa: S608 - of fixed words
                *(name, before.name),
            )


def delete(metadata: Metadata, project: int) -> None:
    """Mark a project as deleted, and its runs; `restore` brings them back."""
    with metadata.transaction():
        found, at = _known(metadata, project), now()
        metadata.run(
            "UPDATE projects SET deleted = ?, updated = ? WHERE id = ? AND deleted IS NULL",
            *(at, at, project),
        )
        metadata.run(
            "UPDATE runs SET deleted = ? WHERE project = ? AND deleted IS NULL", at, found.name
        )


def restore(metadata: Metadata, project: int) -> None:
    """Bring a deleted project back, and the runs that were deleted with it."""
    with metadata.transaction():
        found = _known(metadata, project)
        metadata.run("UPDATE projects SET deleted = NULL, updated = ? WHERE id = ?", now(), project)
        metadata.run(
            "UPDATE runs SET deleted = NULL WHERE project = ? AND deleted = ?",
            *(found.name, found.deleted),
        )


def set_tag(metadata: Metadata, project: int, key: str, value: str) -> None:
    """Tag a project; said again, the later holds."""
    with metadata.transaction():
        metadata.run(
            "INSERT INTO project_tags (project, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (project, key) DO UPDATE SET value = excluded.value",
            *(project, key, value),
        )
        metadata.run("UPDATE projects SET updated = ? WHERE id = ?", now(), project)


def unset_tag(metadata: Metadata, project: int, key: str) -> bool:
    """Remove a tag, and return whether it was there."""
    with metadata.transaction():
        had = metadata.one("SELECT 1 FROM project_tags WHERE project = ? AND key = ?", project, key)
        metadata.run("DELETE FROM project_tags WHERE project = ? AND key = ?", project, key)
    return had is not None


def _found(metadata: Metadata, field: str, value: object) -> Project | None:
    row = metadata.one(f"SELECT {_FIELDS} FROM projects WHERE {field} = ?", value)  # noqa: S608 - of fixed words
    if row is None:
        return None
    tags = metadata.all("SELECT key, value FROM project_tags WHERE project = ?", row[0])
    return Project._make((*row, dict(tags)))


def _known(metadata: Metadata, project: int) -> Project:
    found = of_id(metadata, project)
    if found is None:
        raise NotFound(f"there is no project {project}; whence runs names those that have runs")
    return found
