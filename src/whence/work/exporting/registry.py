"""Registered models in an export: ``registry.json``, with their versions and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.store import holders, registered_versions, registry
from whence.types.time import moment
from whence.work.exporting.layout import ExportedModel, ExportedVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whence.store.folder import StoreFolder

__all__ = ["models_of"]


def models_of(store: StoreFolder, ids: Sequence[str] | None) -> Iterator[ExportedModel]:
    """Yield the registered models: those of which one of some runs made a version; all if None."""
    made = None if ids is None else set(ids)
    for model in registry.page(store.metadata):
        versions = registered_versions.page(
            store.metadata, where="model = ?", values=(model.name,), order="version"
        )
        if made is None or any(one.run in made for one in versions):
            yield ExportedModel(
                name=model.name,
                description=model.description,
                created=moment(model.created),
                updated=moment(model.updated),
                tags=model.tags,
                aliases=model.aliases,
                versions=[_version(one) for one in versions],
            )


def _version(one: registered_versions.RegisteredVersion) -> ExportedVersion:
    said = one._asdict()
    for name in ("model", "aliases"):
        del said[name]
    times = {"created": moment(one.created), "updated": moment(one.updated)}
    return ExportedVersion(**{**said, **times, "place": _portable(one)})


def _portable(one: registered_versions.RegisteredVersion) -> str:
    """Return where a version's files lie, in words that another store understands too.

    Folders of artifacts have the numbers of projects in them, which differ from store to store.
    """
    folder = holders.folder_at(one.place)
    if folder is None:
        return one.place
    if one.logged_model and folder.endswith(f"/models/{one.logged_model}/artifacts"):
        return f"models:/{one.logged_model}"
    _, is_of_run, path = folder.partition(f"/{one.run}/artifacts/")
    return f"runs:/{one.run}/{path}" if one.run and is_of_run else one.place
