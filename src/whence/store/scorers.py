"""Scorers: what judges the answers of a project's models, by name and version.

A version's content is the text with which its client makes the scorer again. Nothing here reads
or runs it.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.metadata import Metadata

__all__ = [
    "ScorerVersion",
    "delete",
    "find",
    "latest",
    "register",
    "versions",
]

_FIELDS = (
    "scorer.id, scorer.project, scorer.name, version.version, version.content, version.created"
)
_JOINED = "scorers AS scorer JOIN scorer_versions AS version ON version.scorer = scorer.id"


class ScorerVersion(NamedTuple):
    """One version of a scorer; `created` is microseconds since 1970 (UTC)."""

    scorer: str
    project: int
    name: str
    version: int
    content: str
    created: int


def register(metadata: Metadata, project: int, name: str, content: str) -> ScorerVersion:
    """Keep the next version of a scorer, the first of a name that is new.

    Raises
    ------
    BadInput
        If the name is blank.
    """
    if not name.strip():
        raise BadInput(f"the scorer's name is {name!r}; give one that is not blank")
    with metadata.transaction():
        metadata.run(
            "INSERT INTO scorers (id, project, name) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            *(str(uuid.uuid4()), project, name),
        )
        metadata.run(
            "INSERT INTO scorer_versions (scorer, version, content, created)"
            " SELECT id, (SELECT coalesce(max(version), 0) + 1 FROM scorer_versions"
            " WHERE scorer = scorers.id), ?, ? FROM scorers WHERE project = ? AND name = ?",
            *(content, now(), project, name),
        )
        return versions(metadata, project, name)[-1]


def versions(metadata: Metadata, project: int, name: str) -> list[ScorerVersion]:
    """Return the versions of a scorer, the oldest first; none if there is no such scorer."""
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM {_JOINED} WHERE project = ? AND name = ? ORDER BY version",  # noqa: S608 - of fixed words
        *(project, name),
    )
    return [ScorerVersion._make(row) for row in rows]


def find(
    metadata: Metadata, project: int, name: str, version: int | None = None
) -> ScorerVersion | None:
    """Return a version of a scorer, or without one its latest; None if it is not there."""
    found = versions(metadata, project, name)
    if version is not None:
        found = [one for one in found if one.version == version]
    return found[-1] if found else None


def latest(metadata: Metadata, projects: Sequence[int] | None = None) -> list[ScorerVersion]:
    """Return the latest version of each scorer of some projects, by project and name.

    Without projects, those of all that are not deleted.
    """
    where = "project IN (SELECT id FROM projects WHERE deleted IS NULL)"
    values: tuple[str, ...] = ()
    if projects is not None:
        where = "project IN (SELECT value FROM json_each(?))"
        values = (msgspec.json.encode([*projects]).decode(),)
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM {_JOINED} WHERE {where} AND version = (SELECT max(version)"  # noqa: S608 - of fixed words
        " FROM scorer_versions WHERE scorer = scorer.id) ORDER BY project, name",
        *values,
    )
    return [ScorerVersion._make(row) for row in rows]


def delete(metadata: Metadata, project: int, name: str, version: int | None = None) -> bool:
    """Delete a version of a scorer, or without one all of it; return whether it was there.

    A scorer whose last version was deleted by its number keeps its id: the next that is
    registered under the name is its first again.
    """
    with metadata.transaction():
        found = find(metadata, project, name, version)
        if found is None:
            return False
        if version is not None:
            metadata.run(
                "DELETE FROM scorer_versions WHERE scorer = ? AND version = ?",
                *(found.scorer, version),
            )
            return True
        metadata.run("DELETE FROM scorer_versions WHERE scorer = ?", found.scorer)
        metadata.run("DELETE FROM scorers WHERE id = ?", found.scorer)
    return True
