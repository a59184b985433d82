"""Registered models in an export: ``registry.json``, with their versions and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from whence.errors import NotFound
from whence.store import holders, places, registered_versions, registry
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
                versions=[_version(store, one) for one in versions],
            )


def _version(store: StoreFolder, one: registered_versions.RegisteredVersion) -> ExportedVersion:
    said = one._asdict()
    for name in ("model", "aliases"):
        del said[name]
    times = {"created": moment(one.created), "updated": moment(one.updated)}
    return ExportedVersion(**{**said, **times, "place": _portable(store, one.place)})


def _portable(store: StoreFolder, place: str) -> str:
    """Return where a version's files lie, in words that another store understands too.

    Folders of artifacts have the numbers of projects in them, which differ from store to store.
    They are looked for as what they are here; a folder of no run or logged model stays as it is.
    """
    folder = holders.folder_at(place)
    names = [] if folder is None else folder.split("/")
    for depth in [number for number, name in enumerate(names, 1) if name == "artifacts"]:
        *above, owner, _ = ["", *names[:depth]]
        path, rest = "/".join(names[:depth]), "".join(f"/{name}" for name in names[depth:])
        if above[-1:] == ["models"] and path == holders.folder_of_model(store.metadata, owner):
            return f"models:/{owner}{quote(rest)}"
        if path in _folders_of_run(store, owner):
            return f"runs:/{owner}{rest}"
    return place


def _folders_of_run(store: StoreFolder, run: str) -> list[str]:
    try:
        return places.folders_of_run(store.metadata, run)
    except NotFound:
        return []
