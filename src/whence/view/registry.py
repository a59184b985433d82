"""The registry as people read it: a list of models, and one with its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput, NotFound
from whence.store import registered_versions, registry, registry_search
from whence.types.registry import (
    RegisteredModelPage,
    RegisteredModelRow,
    RegistryPage,
    VersionRow,
)
from whence.types.time import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.folder import StoreFolder
    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel

__all__ = ["MOST", "alias_of", "every_model", "model_page", "registry_page", "version_of"]

MOST = 1000
"""Registered models on one page."""


def registry_page(store: StoreFolder, *, limit: int = MOST, offset: int = 0) -> RegistryPage:
    """Return registered models, by name; prompts are none of them.

    Raises
    ------
    BadInput
        If the page makes no sense.
    """
    if not 1 <= limit <= MOST or not 0 <= offset < 2**63:
        raise BadInput(
            f"limit {limit} and offset {offset} give no page; give 1 to {MOST}, and 0 or more"
        )
    found = registry_search.models(store.metadata, limit=limit, offset=offset)
    return RegistryPage(models=_rows(store, found), total=registry_search.count(store.metadata))


def every_model(store: StoreFolder) -> list[RegisteredModelRow]:
    """Return all registered models, by name; prompts are none of them."""
    return _rows(store, registry_search.models(store.metadata))


def model_page(store: StoreFolder, name: str) -> RegisteredModelPage:
    """Return one registered model with its versions, the newest first.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    (model,) = _rows(store, [registry.known(store.metadata, name)])
    found = registered_versions.page(store.metadata, where="model = ?", values=(name,))
    return RegisteredModelPage(model=model, versions=[_version(one) for one in found])


def version_of(store: StoreFolder, name: str, number: int) -> VersionRow:
    """Return one version.

    Raises
    ------
    NotFound
        If there is no such model or version.
    """
    return _version(registered_versions.known(store.metadata, name, number))


def alias_of(store: StoreFolder, name: str, alias: str) -> VersionRow:
    """Return the version that an alias names.

    Raises
    ------
    NotFound
        If there is no such model or alias.
    """
    has = registry.known(store.metadata, name).aliases
    if alias not in has:
        raise NotFound(
            f"registered model {name!r} has no alias {alias!r}; it has: {', '.join(has) or 'none'}"
        )
    return version_of(store, name, has[alias])


def _rows(store: StoreFolder, models: Sequence[RegisteredModel]) -> list[RegisteredModelRow]:
    latest = registered_versions.latest(store.metadata, [one.name for one in models])
    return [
        RegisteredModelRow(
            name=one.name,
            description=one.description,
            latest=max((version.version for version in latest.get(one.name, [])), default=None),
            aliases=one.aliases,
            tags=one.tags,
            created=moment(one.created),
            updated=moment(one.updated),
        )
        for one in models
    ]


def _version(found: RegisteredVersion) -> VersionRow:
    return VersionRow(
        model=found.model,
        version=found.version,
        source=found.source,
        run=found.run,
        logged_model=found.logged_model,
        description=found.description or "",
        stage=found.stage,
        aliases=found.aliases,
        tags=found.tags,
        created=moment(found.created),
        updated=moment(found.updated),
    )
