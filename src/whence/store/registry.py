"""The registry: models under a name, with tags; their versions and aliases lie beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput, NotFound
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.store.metadata import Metadata

__all__ = [
    "RegisteredModel",
    "create",
    "delete",
    "describe",
    "ensure",
    "find",
    "is_name",
    "known",
    "page",
    "rename",
    "set_tag",
    "standing",
    "touch",
    "unset_tag",
]

_FIELDS = "name, description, created, updated"

_STANDING = (
    "SELECT COUNT(*), MAX(updated) FROM registered_models",
    "SELECT COUNT(*), MAX(updated) FROM versions",
    "SELECT * FROM aliases",
    "SELECT * FROM registered_model_tags",
    "SELECT * FROM version_tags",
)


class RegisteredModel(NamedTuple):
    """A registered model; times are microseconds since 1970 (UTC).

    `updated` is when it, or one of its versions' stages, last changed, or a version was added or
    deleted; `aliases` has the number of the version that each alias names.
    """

    name: str
    description: str
    created: int
    updated: int
    tags: dict[str, str]
    aliases: dict[str, int]


def is_name(name: str) -> bool:
    """Whether a model can be called so: ``models:/NAME/3`` must name one version of one model."""
    return bool(name.strip()) and not re.search("[/:]", name) and not re.match(r"\.\.|\.$", name)


def create(
    metadata: Metadata,
    name: str,
    *,
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> None:
    """Register a model; it has no version yet.

    Raises
    ------
    BadInput
        If that is no name, or there is one of that name.
    """
    _check_name(name)
    at = now()
    with metadata.transaction():
        _refuse_taken(metadata, name)
        metadata.run(
            "INSERT INTO registered_models (name, description, created, updated)"
            " VALUES (?, ?, ?, ?)",
            *(name, description, at, at),
        )
        metadata.run_many(
            "INSERT INTO registered_model_tags (model, key, value) VALUES (?, ?, ?)",
            [(name, key, value) for key, value in (tags or {}).items()],
        )


def ensure(metadata: Metadata, name: str) -> None:
    """Register a model if there is none of that name; the caller holds the transaction.

    Raises
    ------
    BadInput
        If that is no name.
    """
    _check_name(name)
    at = now()
    metadata.run(
        "INSERT INTO registered_models (name, description, created, updated)"
        " VALUES (?, '', ?, ?) ON CONFLICT (name) DO NOTHING",
        *(name, at, at),
    )


def find(metadata: Metadata, name: str) -> RegisteredModel | None:
    """Return a registered model; None if there is none of that name."""
    found = page(metadata, where="name = ?", values=(name,))
    return found[0] if found else None


def known(metadata: Metadata, name: str) -> RegisteredModel:
    """Return a registered model.

    Raises
    ------
    NotFound
        If there is none; the message names some that there are.
    """
    found = find(metadata, name)
    if found is None:
        some = ", ".join(repr(one.name) for one in page(metadata, limit=20)) or "none"
        raise NotFound(f"there is no registered model {name!r}; there are: {some}")
    return found


def page(
    metadata: Metadata,
    *,
    where: str = "1",
    values: Sequence[object] = (),
    order: str = "name",
    limit: int = -1,
    offset: int = 0,
) -> list[RegisteredModel]:
    """Return a page of registered models.

    Parameters
    ----------
    where, values
        A condition in SQL over the columns of ``registered_models``, and its values.
    order
        What follows ``ORDER BY``.
    limit, offset
        The page; all for a negative limit.
    """
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM registered_models WHERE {where}"  # noqa: S608 - of our own words
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        *(*values, limit, offset),
    )
    # One question for all models of a page: a host of variables has a limit in SQLite.
    names = msgspec.json.encode([row[0] for row in rows]).decode()
    ask = (
        "SELECT model, {0}, {1} FROM {2} WHERE model IN (SELECT value FROM json_each(?))"
        " ORDER BY model, {0}"
    )
    tags: dict[str, dict[str, str]] = {}
    for model, key, value in metadata.all(
        ask.format("key", "value", "registered_model_tags"), names
    ):
        tags.setdefault(model, {})[key] = value
    aliases: dict[str, dict[str, int]] = {}
    for model, alias, version in metadata.all(ask.format("alias", "version", "aliases"), names):
        aliases.setdefault(model, {})[alias] = version
    return [RegisteredModel(*(*row, tags.get(row[0], {}), aliases.get(row[0], {}))) for row in rows]


def describe(metadata: Metadata, name: str, description: str) -> None:
    """Say what a model is; the text of before is gone.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    with metadata.transaction():
        known(metadata, name)
        metadata.run(
            "UPDATE registered_models SET description = ?, updated = ? WHERE name = ?",
            *(description, now(), name),
        )


def rename(metadata: Metadata, name: str, to: str) -> None:
    """Give a model another name; its versions, tags and aliases stay with it.

    Raises
    ------
    NotFound
        If there is none of that name.
    BadInput
        If the other is no name, or another model has it.
    """
    _check_name(to)
    with metadata.transaction():
        known(metadata, name)
        if to != name:
            _refuse_taken(metadata, to)
        at = now()
        metadata.run(
            "UPDATE registered_models SET name = ?, updated = ? WHERE name = ?", to, at, name
        )
        metadata.run(
            "UPDATE versions SET model = ?, updated = ? WHERE model = ? AND state != 'deleted'",
            *(to, at, name),
        )
        for table in ("versions", "registered_model_tags", "version_tags", "aliases"):
            metadata.run(f"UPDATE {table} SET model = ? WHERE model = ?", to, name)  # noqa: S608 - of fixed words


def delete(metadata: Metadata, name: str) -> None:
    """Delete a model with all its versions; of the same name made anew, they count from 1.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    with metadata.transaction():
        known(metadata, name)
        for table in ("versions", "registered_model_tags", "version_tags", "aliases"):
            metadata.run(f"DELETE FROM {table} WHERE model = ?", name)  # noqa: S608 - of fixed words
        metadata.run("DELETE FROM registered_models WHERE name = ?", name)


def set_tag(metadata: Metadata, name: str, key: str, value: str) -> None:
    """Tag a model; said again, the later holds.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    with metadata.transaction():
        known(metadata, name)
        metadata.run(
            "INSERT INTO registered_model_tags (model, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
            *(name, key, value),
        )


def unset_tag(metadata: Metadata, name: str, key: str) -> None:
    """Remove a tag of a model, if it is there.

    Raises
    ------
    NotFound
        If there is no model of that name.
    """
    with metadata.transaction():
        known(metadata, name)
        metadata.run("DELETE FROM registered_model_tags WHERE model = ? AND key = ?", name, key)


def standing(metadata: Metadata) -> int:
    """Return what differs as soon as a model, version, alias or tag does; 0 without models.

    Aliases and tags carry no time, and so are read whole.
    """
    if metadata.one("SELECT 1 FROM registered_models LIMIT 1") is None:
        return 0
    return hash(tuple(tuple(metadata.all(asked)) for asked in _STANDING))


def touch(metadata: Metadata, name: str, at: int) -> None:
    """Note that a model changed; the caller holds the transaction."""
    metadata.run("UPDATE registered_models SET updated = ? WHERE name = ?", at, name)


def _check_name(name: str) -> None:
    if not is_name(name):
        raise BadInput(
            f"a registered model cannot be called {name!r:.80}; give a name without '/' and ':', "
            "which separate it from its version in models:/NAME/3, and without dots in front"
        )


def _refuse_taken(metadata: Metadata, name: str) -> None:
    if metadata.one("SELECT 1 FROM registered_models WHERE name = ?", name):
        raise BadInput(
            f"there is a registered model {name!r} already; choose another name, or add a "
            "version to it"
        )
