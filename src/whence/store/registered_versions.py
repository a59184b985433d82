"""The versions of registered models: what each was made of, its stage, its tags.

Version numbers count from 1 in each model. What is left of a deleted version is its number, so
that no other gets it while the model lives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput, NotFound
from whence.store import registry
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = [
    "NO_STAGE",
    "STAGES",
    "Origin",
    "RegisteredVersion",
    "add",
    "create",
    "delete",
    "describe",
    "find",
    "known",
    "latest",
    "page",
    "set_stage",
    "set_tag",
    "unset_tag",
]

NO_STAGE = "None"
STAGES = (NO_STAGE, "Staging", "Production", "Archived")
"""What a version may stand at; aliases say the same, and more freely."""

_LARGEST = 2**63 - 1
"""SQLite's largest integer."""

_FIELDS = (
    "model, version, source, place, run, run_link, logged_model, description, user, state,"
    " message, stage, created, updated"
)


class Origin(NamedTuple):
    """Where a version comes from.

    Attributes
    ----------
    source
        The URI of the model's files as it was given; of another version ``models:/NAME/3``, of a
        logged model ``models:/ID``.
    place
        The URI where the files lie: of ``models:/`` the place that stands for, else the source.
    run
        The id of the run that made it, if known; it need not be a run of this store.
    run_link
        Where people find that run, if it is elsewhere.
    logged_model
        The id of the logged model that it is, if it is one.
    """

    source: str
    place: str
    run: str | None = None
    run_link: str = ""
    logged_model: str | None = None


class RegisteredVersion(NamedTuple):
    """One version; times are microseconds since 1970 (UTC); see `Origin` too.

    `state` is ``"ready"``, ``"pending"`` or ``"failed"``, and `message` why; `stage` is one of
    `STAGES`; `description` is None if there is none, or it was taken back.
    """

    model: str
    version: int
    source: str
    place: str
    run: str | None
    run_link: str
    logged_model: str | None
    description: str | None
    user: str
    state: str
    message: str
    stage: str
    created: int
    updated: int
    tags: dict[str, str]
    aliases: list[str]


def create(
    metadata: Metadata,
    model: str,
    origin: Origin,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> int:
    """Add a version to a registered model, and return its number.

    Raises
    ------
    NotFound
        If there is no such model.
    """
    with metadata.transaction():
        return add(metadata, model, origin, description=description, tags=tags)


def add(
    metadata: Metadata,
    model: str,
    origin: Origin,
    *,
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> int:
    """Do what `create` does, in the transaction that the caller holds."""
    at = now()
    registry.known(metadata, model)
    (number,) = metadata.one(
        "SELECT ifnull(max(version), 0) + 1 FROM versions WHERE model = ?", model
    ) or (1,)
    metadata.run(
        f"INSERT INTO versions ({_FIELDS})"  # noqa: S608 - of fixed words
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', 'ready', '', ?, ?, ?)",
        *(model, number, *origin, description, NO_STAGE, at, at),
    )
    metadata.run_many(
        "INSERT INTO version_tags (model, version, key, value) VALUES (?, ?, ?, ?)",
        [(model, number, key, value) for key, value in (tags or {}).items()],
    )
    registry.touch(metadata, model, at)
    return int(number)


def find(metadata: Metadata, model: str, version: int) -> RegisteredVersion | None:
    """Return a version; None if there is none of that number."""
    if abs(version) > _LARGEST:
        return None
    found = page(metadata, where="model = ? AND version = ?", values=(model, version))
    return found[0] if found else None


def known(metadata: Metadata, model: str, version: int) -> RegisteredVersion:
    """Return a version.

    Raises
    ------
    NotFound
        If there is no such model or version.
    """
    registry.known(metadata, model)
    found = find(metadata, model, version)
    if found is None:
        some = ", ".join(
            str(one.version)
            for one in page(metadata, where="model = ?", values=(model,), order="version", limit=20)
        )
        raise NotFound(
            f"registered model {model!r} has no version {version}; it has: {some or 'none'}"
        )
    return found


def page(
    metadata: Metadata,
    *,
    where: str = "1",
    values: Sequence[object] = (),
    order: str = "model, version DESC",
    limit: int = -1,
    offset: int = 0,
) -> list[RegisteredVersion]:
    """Return a page of versions; see `registry.page` for the parameters."""
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM versions WHERE state != 'deleted' AND ({where})"  # noqa: S608 - of our own words
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        *(*values, limit, offset),
    )
    names = msgspec.json.encode([row[:2] for row in rows]).decode()
    ask = (
        "SELECT model, version, {} FROM {} WHERE (model, version) IN"
        " (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
        " ORDER BY 3"
    )
    tags: dict[tuple[str, int], dict[str, str]] = {}
    for model, version, key, value in metadata.all(ask.format("key, value", "version_tags"), names):
        tags.setdefault((model, version), {})[key] = value
    aliases: dict[tuple[str, int], list[str]] = {}
    for model, version, alias in metadata.all(ask.format("alias", "aliases"), names):
        aliases.setdefault((model, version), []).append(alias)
    return [
        RegisteredVersion(*(*row, tags.get(row[:2], {}), aliases.get(row[:2], []))) for row in rows
    ]


def latest(metadata: Metadata, models: Iterable[str]) -> dict[str, list[RegisteredVersion]]:
    """Return of each model the latest version at each stage.

    The stage that has the first version comes first.
    """
    wanted = msgspec.json.encode([*models]).decode()
    found: dict[str, list[RegisteredVersion]] = {}
    for one in page(
        metadata,
        where="(model, version) IN (SELECT model, max(version) FROM versions WHERE model IN"
        " (SELECT value FROM json_each(?)) AND state != 'deleted' GROUP BY model, stage)",
        values=(wanted,),
        order="(SELECT min(version) FROM versions AS first WHERE first.model = versions.model"
        " AND first.stage = versions.stage AND first.state != 'deleted')",
    ):
        found.setdefault(one.model, []).append(one)
    return found


def describe(metadata: Metadata, model: str, version: int, description: str | None) -> None:
    """Say what a version is, or take that back.

    Raises
    ------
    NotFound
        If there is no such model or version.
    """
    with metadata.transaction():
        known(metadata, model, version)
        metadata.run(
            "UPDATE versions SET description = ?, updated = ? WHERE model = ? AND version = ?",
            *(description, now(), model, version),
        )


def set_stage(
    metadata: Metadata, model: str, version: int, stage: str, *, archive: bool = False
) -> None:
    """Move a version to a stage, and with `archive` those that are there to ``"Archived"``.

    Raises
    ------
    BadInput
        If it is none of `STAGES`.
    NotFound
        If there is no such model or version.
    """
    if stage not in STAGES:
        raise BadInput(f"the stage is {stage!r:.80}; give one of {', '.join(STAGES)}")
    with metadata.transaction():
        known(metadata, model, version)
        at = now()
        if archive:
            metadata.run(
                "UPDATE versions SET stage = 'Archived', updated = ?"
                " WHERE model = ? AND version != ? AND stage = ? AND state != 'deleted'",
                *(at, model, version, stage),
            )
        metadata.run(
            "UPDATE versions SET stage = ?, updated = ? WHERE model = ? AND version = ?",
            *(stage, at, model, version),
        )
        registry.touch(metadata, model, at)


def delete(metadata: Metadata, model: str, version: int) -> None:
    """Delete a version, and the aliases that name it; no other gets its number.

    Raises
    ------
    NotFound
        If there is no such model or version.
    """
    with metadata.transaction():
        known(metadata, model, version)
        at = now()
        metadata.run(
            "UPDATE versions SET state = 'deleted', source = '', place = '', run = NULL,"
            " run_link = '', logged_model = NULL, description = NULL, user = '', message = '',"
            " updated = ? WHERE model = ? AND version = ?",
            *(at, model, version),
        )
        for table in ("version_tags", "aliases"):
            metadata.run(
                f"DELETE FROM {table} WHERE model = ? AND version = ?",  # noqa: S608 - of fixed words
                *(model, version),
            )
        registry.touch(metadata, model, at)


def set_tag(metadata: Metadata, model: str, version: int, key: str, value: str) -> None:
    """Tag a version; said again, the later holds.

    Raises
    ------
    NotFound
        If there is no such model or version.
    """
    with metadata.transaction():
        known(metadata, model, version)
        metadata.run(
            "INSERT INTO version_tags (model, version, key, value) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (model, version, key) DO UPDATE SET value = excluded.value",
            *(model, version, key, value),
        )


def unset_tag(metadata: Metadata, model: str, version: int, key: str) -> None:
    """Remove a tag of a version, if it is there.

    Raises
    ------
    NotFound
        If there is no such model or version.
    """
    with metadata.transaction():
        known(metadata, model, version)
        metadata.run(
            "DELETE FROM version_tags WHERE model = ? AND version = ? AND key = ?",
            *(model, version, key),
        )
