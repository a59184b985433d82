"""Registered models of another store: taken in with their versions, tags and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from whence.store import registry
from whence.store.holders import folder_of_model

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.store.metadata import Metadata
    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel
    from whence.work.importing.brought import Brought
    from whence.work.importing.sources.source import Source

__all__ = ["bring_models"]

_MARK = (
    "INSERT INTO imports (digest, epoch, path, rows) VALUES (?, 0, '', 0) ON CONFLICT DO NOTHING"
)


def bring_models(store: StoreFolder, source: Source, done: Brought) -> None:
    """Bring the models, each with its new versions in one transaction; count the versions.

    A model of a name that is taken here by one that no import made is left out, and said.
    """
    for model, versions in source.models():
        metadata = store.metadata
        with metadata.transaction():
            key = f"registered model {model.name}"
            here = registry.find(metadata, model.name)
            ours = metadata.one("SELECT 1 FROM imports WHERE digest = ?", key) is None
            if not registry.is_name(model.name) or (here is not None and ours):
                why = "there is one of that name" if here else "it cannot be called so"
                done.notes.append(f"the registered model {model.name!r} was left out: {why} here")
                continue
            metadata.run(_MARK, key)
            _bring_model(metadata, model, is_new=here is None)
            # One that was deleted here is there too, and stays deleted.
            had = dict(metadata.all(
                "SELECT version, created FROM versions WHERE model = ?", model.name))  # fmt: skip
            for version in versions:
                if version.version not in had:
                    _bring_version(metadata, version)
                    done.versions += 1
                elif had[version.version] != version.created:
                    done.notes.append(
                        f"version {version.version} of the registered model {model.name!r} was "
                        "left out: there is another of that number here"
                    )
            if here is None:
                metadata.run_many(
                    "INSERT INTO aliases (model, alias, version) VALUES (?, ?, ?)",
                    [(model.name, alias, version) for alias, version in model.aliases.items()],
                )


def _bring_model(metadata: Metadata, model: RegisteredModel, *, is_new: bool) -> None:
    if not is_new:
        return
    metadata.run(
        "INSERT INTO registered_models (name, description, created, updated) VALUES (?, ?, ?, ?)",
        *model[:4],
    )
    metadata.run_many(
        "INSERT INTO registered_model_tags (model, key, value) VALUES (?, ?, ?)",
        [(model.name, key, value) for key, value in model.tags.items()],
    )


def _placed(metadata: Metadata, place: str) -> str:
    """Return the place of a version; of a folder below a logged model, where it lies here."""
    model, _, path = place.removeprefix("models:/").partition("/")
    if not place.startswith("models:/") or not path:
        return place
    folder = folder_of_model(metadata, model)
    return place if folder is None else f"mlflow-artifacts:/{quote(folder)}/{path}"


def _bring_version(metadata: Metadata, version: RegisteredVersion) -> None:
    *fields, tags, _ = version._replace(place=_placed(metadata, version.place))
    metadata.run(
        "INSERT INTO versions (model, version, source, place, run, run_link, logged_model,"
        " description, user, state, message, stage, created, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *fields,
    )
    metadata.run_many(
        "INSERT INTO version_tags (model, version, key, value) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(version.model, version.version, key, value) for key, value in tags.items()],
    )
