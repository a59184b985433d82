"""Registered models, as a program holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.jobs import reading
from whence.errors import BadInput
from whence.journal import find_folder
from whence.ship.spool import refuse_spool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from whence.api.run import Run
    from whence.api.stored_run import StoredRun
    from whence.store.folder import StoreFolder
    from whence.types.registry import RegisteredModelPage, RegisteredModelRow, VersionRow

__all__ = ["Registered", "register", "registered"]

# The rooms below need the extra `app`, so each call loads its own when it runs.
# ruff: noqa: PLC0415

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")


class Registered:
    """A registered model of a store: its versions, and aliases that name them.

    What it returns is how things stand at the call.

    Examples
    --------
    >>> import whence
    >>> store = whence.open()
    >>> with whence.start_run(name="baseline") as run:
    ...     run.log({"accuracy": 0.9})
    >>> made = store.register("digits", run=run)
    >>> digits = store.registered("digits")
    >>> digits.set_alias("production", made.version)
    >>> digits.alias("production").run == run.id
    True
    """

    def __init__(self, store: Path, name: str) -> None:
        self._store = store
        self.name = name

    def __repr__(self) -> str:
        return f"Registered({self.name!r})"

    def read(self) -> RegisteredModelPage:
        """Return the model with all its versions, the newest first.

        Raises
        ------
        NotFound
            If there is no such model, or no store.
        MissingDependency
            If the extra ``app`` is not installed.
        """
        from whence.view.registry import model_page

        return model_page(_opened(self._store), self.name)

    def version(self, number: int) -> VersionRow:
        """Return one version; raises as `read` does, and if there is none of that number."""
        from whence.view.registry import version_of

        return version_of(_opened(self._store), self.name, number)

    def alias(self, alias: str) -> VersionRow:
        """Return the version that an alias names; raises as `read` does, and without one."""
        from whence.view.registry import alias_of

        return alias_of(_opened(self._store), self.name, alias)

    def set_alias(self, alias: str, version: int) -> None:
        """Let an alias name a version, and no longer the one it named before.

        Raises
        ------
        BadInput
            If that cannot be an alias: letters, digits, dashes and underscores.
        NotFound
            If there is no such version.
        """
        from whence.store import aliases

        aliases.set_alias(_changing(self._store).metadata, self.name, alias, version)

    def remove_alias(self, alias: str) -> None:
        """Remove an alias, if it is there; its version stays."""
        from whence.store import aliases

        aliases.remove(_changing(self._store).metadata, self.name, alias)

    def describe(self, description: str, *, version: int | None = None) -> None:
        """Say what the model is, or one of its versions; the text of before is gone."""
        from whence.store import registered_versions, registry

        metadata = _changing(self._store).metadata
        if version is None:
            registry.describe(metadata, self.name, description)
        else:
            registered_versions.describe(metadata, self.name, version, description)

    def set_tags(self, tags: Mapping[str, str], *, version: int | None = None) -> None:
        """Tag the model, or one of its versions; of a tag said again the later holds."""
        from whence.store import registered_versions, registry

        metadata = _changing(self._store).metadata
        for key, value in tags.items():
            if version is None:
                registry.set_tag(metadata, self.name, key, str(value))
            else:
                registered_versions.set_tag(metadata, self.name, version, key, str(value))

    def rename(self, name: str) -> None:
        """Give the model another name; versions, tags and aliases stay with it.

        Raises
        ------
        BadInput
            If the other is no name, or is taken.
        """
        from whence.store import registry

        registry.rename(_changing(self._store).metadata, self.name, name)
        self.name = name

    def delete(self, version: int | None = None) -> None:
        """Delete one version, or without a number the model with all its versions.

        The files that versions were made of stay. No other version gets the number of a deleted
        one while the model lives.
        """
        from whence.store import registered_versions, registry

        metadata = _changing(self._store).metadata
        if version is None:
            registry.delete(metadata, self.name)
        else:
            registered_versions.delete(metadata, self.name, version)


def registered(store: Path) -> list[RegisteredModelRow]:
    """Return all registered models, by name; see `Store.registered`."""
    from whence.view.registry import every_model

    return every_model(_opened(store))


def register(
    store: Path,
    name: str,
    *,
    run: Run | StoredRun | str | None,
    artifact: str | None,
    description: str,
    tags: Mapping[str, str] | None,
) -> VersionRow:
    """Add a version to a registered model; see `Store.register`."""
    from whence.store import registered_versions, registry, runs
    from whence.view.registry import version_of

    opened = _changing(store)
    identifier = None
    if run is not None:
        said = run if isinstance(run, str) else run.id
        identifier = runs.named(reading(store), said)
    source = _source(identifier, artifact)
    origin = registered_versions.Origin(source=source, place=source, run=identifier)
    with opened.metadata.transaction():
        registry.ensure(opened.metadata, name)
        number = registered_versions.add(
            opened.metadata, name, origin, description=description or None, tags=tags
        )
    return version_of(opened, name, number)


def _source(run: str | None, artifact: str | None) -> str:
    """Return the URI of what is registered."""
    if run is None:
        if artifact is None or not _URI.match(artifact):
            raise BadInput(
                f"artifact is {artifact!r:.80}; give the run it is of (run=), or the URI of its "
                "files, such as 's3://bucket/model'"
            )
        return artifact
    path = "model" if artifact is None else artifact
    if not path or path.startswith("/") or ".." in path.split("/") or _URI.match(path):
        raise BadInput(
            f"artifact is {path!r:.80}; give where it lies among the run's artifacts, such as "
            "'model'"
        )
    return f"runs:/{run}/{path}"


def _opened(store: Path) -> StoreFolder:
    """Open a store that is there, to read; the registry is never in a journal."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder

    return StoreFolder(store, reading=True)


def _changing(store: Path) -> StoreFolder:
    """Open a store that is there, to change it."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder

    return StoreFolder(find_folder(store))
