"""Evaluation datasets: what a model is asked and what it should answer, kept across projects.

Other than the datasets that runs used (`whence.store.datasets`), these hold their records
themselves (`whence.store.evaluation_records`), and can change.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = [
    "EvaluationDataset",
    "add_projects",
    "changed",
    "create",
    "delete",
    "find",
    "page",
    "projects_of",
    "remove_projects",
    "set_tags",
    "unset_tag",
]

_FIELDS = "id, name, digest, schema, created, updated, created_by, updated_by"
_DIGITS = 8
"""Hexadecimal digits of a digest."""


class EvaluationDataset(NamedTuple):
    """One dataset; times are microseconds since 1970 (UTC).

    `digest` is another after each change of the records, `schema` is what fields its records
    have had, as JSON, or None before the first; `created_by` and `updated_by` say who, if known;
    `records` is how many it has.
    """

    id: str
    name: str
    digest: str
    schema: str | None
    created: int
    updated: int
    created_by: str | None
    updated_by: str | None
    tags: dict[str, str]
    records: int


def create(
    metadata: Metadata,
    name: str,
    *,
    projects: Iterable[int] = (),
    tags: Mapping[str, str],
    by: str | None = None,
) -> str:
    """Make a dataset without records and return its id: ``d-`` and 32 hexadecimal digits.

    Parameters
    ----------
    projects
        The ids of the projects that it is for.
    by
        Who makes it.
    """
    dataset, at = f"d-{uuid.uuid4().hex}", now()
    with metadata.transaction():
        metadata.run(
            f"INSERT INTO evaluation_datasets ({_FIELDS}) VALUES (?, ?, ?, NULL, ?, ?, ?, ?)",  # noqa: S608 - of fixed words
            *(dataset, name, _digest(name, at), at, at, by, by),
        )
        set_tags(metadata, dataset, tags)
        _link(metadata, dataset, projects, at)
    return dataset


def find(metadata: Metadata, dataset: str) -> EvaluationDataset | None:
    """Return a dataset; None if there is none of that id."""
    found = page(metadata, where="id = ?", values=(dataset,))
    return found[0] if found else None


def page(
    metadata: Metadata,
    *,
    where: str,
    values: Sequence[object],
    order: str = "id",
    limit: int = -1,
    offset: int = 0,
) -> list[EvaluationDataset]:
    """Return a page of datasets; `where` and `order` are SQL, with `values` for what stands open.

    A negative limit is none.
    """
    rows = metadata.all(
        f"SELECT {_FIELDS}, (SELECT count(*) FROM evaluation_dataset_records AS record"  # noqa: S608 - of our own words
        f" WHERE record.dataset = evaluation_datasets.id) FROM evaluation_datasets WHERE {where}"
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        *(*values, limit, offset),
    )
    tags: dict[str, dict[str, str]] = {}
    for dataset, key, value in metadata.all(
        "SELECT dataset, key, value FROM evaluation_dataset_tags"
        " WHERE dataset IN (SELECT value FROM json_each(?)) ORDER BY dataset, key",
        msgspec.json.encode([row[0] for row in rows]).decode(),
    ):
        tags.setdefault(dataset, {})[key] = value
    return [
        EvaluationDataset._make((*facts, tags.get(facts[0], {}), records))
        for *facts, records in rows
    ]


def delete(metadata: Metadata, dataset: str) -> None:
    """Delete a dataset and its records; one that is not there changes nothing."""
    with metadata.transaction():
        for table in ("tags", "projects", "records"):
            metadata.run(f"DELETE FROM evaluation_dataset_{table} WHERE dataset = ?", dataset)  # noqa: S608 - of fixed words
        metadata.run("DELETE FROM evaluation_datasets WHERE id = ?", dataset)


def changed(metadata: Metadata, dataset: EvaluationDataset, schema: str, by: str | None) -> None:
    """Note that a dataset's records changed; the caller holds the transaction."""
    at = now()
    metadata.run(
        "UPDATE evaluation_datasets SET schema = ?, digest = ?, updated = ?, updated_by = ?"
        " WHERE id = ?",
        *(schema, _digest(dataset.name, at), at, by, dataset.id),
    )


def set_tags(metadata: Metadata, dataset: str, tags: Mapping[str, str]) -> None:
    """Set tags; of those that were there the value changes; the caller holds the transaction."""
    metadata.run_many(
        "INSERT INTO evaluation_dataset_tags (dataset, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (dataset, key) DO UPDATE SET value = excluded.value",
        [(dataset, key, value) for key, value in tags.items()],
    )


def unset_tag(metadata: Metadata, dataset: str, key: str) -> None:
    """Remove a tag, if it is there."""
    metadata.run("DELETE FROM evaluation_dataset_tags WHERE dataset = ? AND key = ?", dataset, key)


def projects_of(metadata: Metadata, dataset: str) -> list[int]:
    """Return the ids of the projects that a dataset is for, in the order of their adding."""
    return [project for (project,) in metadata.all(
        "SELECT project FROM evaluation_dataset_projects WHERE dataset = ? ORDER BY at, project",
        dataset,
    )]  # fmt: skip


def add_projects(metadata: Metadata, dataset: str, projects: Iterable[int]) -> None:
    """Say that a dataset is for more projects; again changes nothing but the time."""
    at = now()
    with metadata.transaction():
        _link(metadata, dataset, projects, at)
        metadata.run("UPDATE evaluation_datasets SET updated = ? WHERE id = ?", at, dataset)


def remove_projects(metadata: Metadata, dataset: str, projects: Sequence[int]) -> None:
    """Say that a dataset is no longer for some projects; of others nothing changes."""
    with metadata.transaction():
        if set(projects) & set(projects_of(metadata, dataset)):
            metadata.run_many(
                "DELETE FROM evaluation_dataset_projects WHERE dataset = ? AND project = ?",
                [(dataset, project) for project in projects],
            )
            metadata.run("UPDATE evaluation_datasets SET updated = ? WHERE id = ?", now(), dataset)


def _link(metadata: Metadata, dataset: str, projects: Iterable[int], at: int) -> None:
    metadata.run_many(
        "INSERT INTO evaluation_dataset_projects (dataset, project, at) VALUES (?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(dataset, project, at) for project in projects],
    )


def _digest(name: str, at: int) -> str:
    return hashlib.sha256(f"{name}:{at}".encode()).hexdigest()[:_DIGITS]
