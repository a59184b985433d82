"""Logged models: what runs made and logged as a model, before it is registered, if ever."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from whence.store import logged_metrics
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.store.logged_metrics import ModelPoint
    from whence.store.metadata import Metadata

__all__ = [
    "STATES",
    "LoggedModel",
    "State",
    "add_params",
    "create",
    "delete",
    "find",
    "page",
    "set_state",
    "set_tags",
    "unset_tag",
]

State = Literal["unspecified", "pending", "ready", "failed"]

STATES: tuple[State, ...] = ("unspecified", "pending", "ready", "failed")
"""How the logging of a model stands, in order; a new one is pending."""

_FIELDS = "id, project, name, run, kind, state, message, created, updated, deleted"


class LoggedModel(NamedTuple):
    """One logged model; times are microseconds since 1970 (UTC).

    `run` is the id of the run that made it, if known, which need not be a run of this store;
    `kind` is what its maker calls it, such as ``"agent"``, or empty; `message` says more of the
    state, such as why it failed; `deleted` is when it was marked so.
    """

    id: str
    project: str
    name: str
    run: str | None
    kind: str
    state: State
    message: str
    created: int
    updated: int
    deleted: int | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[ModelPoint]


def create(
    metadata: Metadata,
    project: str,
    name: str,
    *,
    run: str | None = None,
    kind: str = "",
    params: Mapping[str, str],
    tags: Mapping[str, str],
) -> str:
    """Make a model of a project, pending, and return its id: ``m-`` and 32 hexadecimal digits."""
    model, at = f"m-{uuid.uuid4().hex}", now()
    with metadata.transaction():
        metadata.run(
            f"INSERT INTO logged_models ({_FIELDS})"  # noqa: S608 - of fixed words
            " VALUES (?, ?, ?, ?, ?, 'pending', '', ?, ?, NULL)",
            *(model, project, name, run, kind, at, at),
        )
        add_params(metadata, model, params)
        set_tags(metadata, model, tags)
    return model


def find(metadata: Metadata, model: str, *, deleted: bool = False) -> LoggedModel | None:
    """Return a model; None if there is none of that id, or it is deleted.

    Parameters
    ----------
    deleted
        Whether a deleted one is returned too.
    """
    found = page(metadata, where="id = ? AND (? OR deleted IS NULL)", values=(model, deleted))
    return found[0] if found else None


def page(
    metadata: Metadata,
    *,
    where: str,
    values: Sequence[object],
    order: str = "id",
    limit: int = -1,
    offset: int = 0,
) -> list[LoggedModel]:
    """Return a page of models; `where` and `order` are SQL, with `values` for what stands open.

    A negative limit is none.
    """
    rows = metadata.all(
        f"SELECT {_FIELDS} FROM logged_models WHERE {where}"  # noqa: S608 - of our own words
        f" ORDER BY {order} LIMIT ? OFFSET ?",
        *(*values, limit, offset),
    )
    models = [row[0] for row in rows]
    params, tags = (_facts(metadata, what, models) for what in ("params", "tags"))
    metrics = logged_metrics.of_models(metadata, models)
    return [
        LoggedModel._make(
            (*row, params.get(row[0], {}), tags.get(row[0], {}), metrics.get(row[0], []))
        )
        for row in rows
    ]


def _facts(
    metadata: Metadata, what: Literal["params", "tags"], models: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return the params or tags of some models, by key."""
    found: dict[str, dict[str, str]] = {}
    for model, key, value in metadata.all(
        f"SELECT model, key, value FROM logged_model_{what}"  # noqa: S608 - of two words
        " WHERE model IN (SELECT value FROM json_each(?)) ORDER BY model, key",
        msgspec.json.encode(models).decode(),
    ):
        found.setdefault(model, {})[key] = value
    return found


def set_state(metadata: Metadata, model: str, state: State) -> None:
    """Say how the logging of a model stands."""
    metadata.run(
        "UPDATE logged_models SET state = ?, updated = ? WHERE id = ?", state, now(), model
    )


def delete(metadata: Metadata, model: str) -> None:
    """Mark a model as deleted; again changes when."""
    at = now()
    metadata.run("UPDATE logged_models SET deleted = ?, updated = ? WHERE id = ?", at, at, model)


def add_params(metadata: Metadata, model: str, params: Mapping[str, str]) -> list[str]:
    """Add params; the caller holds the transaction.

    Returns
    -------
    list
        The keys of those that the model has already: those stay as they are.
    """
    had = [key for key in _facts(metadata, "params", [model]).get(model, {}) if key in params]
    metadata.run_many(
        "INSERT INTO logged_model_params (model, key, value) VALUES (?, ?, ?)",
        [(model, key, value) for key, value in params.items() if key not in had],
    )
    return had


def set_tags(metadata: Metadata, model: str, tags: Mapping[str, str]) -> None:
    """Set tags; of those that were there the value changes; the caller holds the transaction."""
    metadata.run_many(
        "INSERT INTO logged_model_tags (model, key, value) VALUES (?, ?, ?)"
        " ON CONFLICT (model, key) DO UPDATE SET value = excluded.value",
        [(model, key, value) for key, value in tags.items()],
    )


def unset_tag(metadata: Metadata, model: str, key: str) -> bool:
    """Remove a tag, and return whether it was there."""
    with metadata.transaction():
        had = metadata.one(
            "SELECT 1 FROM logged_model_tags WHERE model = ? AND key = ?", model, key
        )
        metadata.run("DELETE FROM logged_model_tags WHERE model = ? AND key = ?", model, key)
    return had is not None
