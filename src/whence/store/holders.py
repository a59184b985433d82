"""What still needs runs and files: versions of registered models, and datasets that runs use.

Who deletes is told by these names what would be lost. Nothing is deleted for good that a version
is made of, nor the run and the logged model that it came from; what those used may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from whence.errors import BadInput, NotFound
from whence.store import artifacts, places, projects, registered_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from whence.store.artifacts import Freed
    from whence.store.metadata import Metadata
    from whence.store.registered_versions import RegisteredVersion

__all__ = [
    "Holder",
    "Holders",
    "datasets",
    "delete",
    "folder_at",
    "folder_of_model",
    "refuse_held",
    "versions",
    "versions_near",
]

_NO_STAGE = registered_versions.NO_STAGE

_DATASETS = """
SELECT name, digest, source FROM datasets WHERE instr(source, ':/')
AND EXISTS (SELECT 1 FROM inputs JOIN runs ON runs.id = inputs.run
            WHERE inputs.dataset = datasets.id AND runs.deleted IS NULL)
ORDER BY name, digest
"""
"""Those that say where they lie, and that runs use which were not deleted."""

_HIDING = [f"instr(place, char({ord(sign)}))" for sign in "%?#\t\n\r"]
"""Of places with signs in them that stand for others, or for nothing."""

_NEAR = " OR ".join(
    (
        "run = ?1",
        "logged_model = ?1",
        "instr(place, ?1)",
        (
            "EXISTS (SELECT 1 FROM logged_models AS made WHERE made.run = ?1"
            " AND (made.id = logged_model OR instr(place, made.id)))"
        ),
        "(place LIKE '%mlflow-artifacts:%' AND place NOT LIKE '%/artifacts%')",
        "place LIKE '%http%'",
        *_HIDING,
    )
)
"""Of versions that may need what is a run's or a logged model's: those that name it, or a model
that it made, or may do so in other signs; and those of folders that hold many runs."""

_NESTED = " OR ".join(
    (
        "place LIKE '%mlflow-artifacts:%artifacts%'",
        "place LIKE '%mlflow-artifacts:%runs%'",
        "place LIKE '%http%'",
        *_HIDING,
    )
)
"""Of projects whose folder may lie in that of a run, so that other runs have files there."""

_FILES = "artifacts"
"""The folder of files in one of MLflow's runs or logged models."""

_DIGITS = 12
"""Of a dataset's digest, in words."""


class Holder(NamedTuple):
    """What needs a run, or files.

    Attributes
    ----------
    name
        In words: ``version 3 of 'digits' (production)``.
    how
        What to call so that it needs them no more; ``""`` where nothing does.
    run, logged_model
        The run and the logged model that it comes from; None where none is known.
    folders
        Where its files lie among the store's artifacts; none where they lie elsewhere.
    """

    name: str
    how: str
    run: str | None
    logged_model: str | None
    folders: list[str]


class Holders:
    """Holders, found by what they need.

    Parameters
    ----------
    among
        Of which.
    """

    def __init__(self, among: Iterable[Holder]) -> None:
        self._of_run: dict[str | None, list[Holder]] = {}
        self._of_model: dict[str | None, list[Holder]] = {}
        self._at: dict[str, list[Holder]] = {}
        self._below: dict[str, list[Holder]] = {}
        for one in among:
            self._of_run.setdefault(one.run, []).append(one)
            self._of_model.setdefault(one.logged_model, []).append(one)
            for folder in one.folders:
                self._at.setdefault(folder, []).append(one)
                for above in _above(folder):
                    self._below.setdefault(above, []).append(one)

    def of_run(self, run: str, folders: Iterable[str]) -> list[Holder]:
        """Return those that come from a run, or need files in its folders."""
        return _once([*self._of_run.get(run, []), *self._of_paths(folders)])

    def of_logged_model(self, model: str, folders: Iterable[str]) -> list[Holder]:
        """Return those that come from a logged model, or need files in its folders."""
        return _once([*self._of_model.get(model, []), *self._of_paths(folders)])

    def of_path(self, path: str) -> list[Holder]:
        """Return those that need a file, or files below a folder."""
        return _once(self._of_paths([path]))

    def _of_paths(self, paths: Iterable[str]) -> Iterator[Holder]:
        for path in paths:
            yield from self._at.get(path, [])
            yield from self._below.get(path, [])
            for above in _above(path):
                yield from self._at.get(above, [])


def _above(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, without the root of all."""
    names = path.split("/")
    yield from ("/".join(names[:depth]) for depth in range(1, len(names)))


def _once(found: Iterable[Holder]) -> list[Holder]:
    return list({one.name: one for one in found}.values())


def versions(metadata: Metadata) -> list[Holder]:
    """Return the versions of registered models as holders of what they were made of."""
    return [_of_version(metadata, one) for one in registered_versions.page(metadata)]


def versions_near(metadata: Metadata, owner: str) -> list[Holder]:
    """Return the versions that need what is a run's or a logged model's, and perhaps others.

    Only their rows are looked at first, so that a large registry costs little.

    Parameters
    ----------
    owner
        The id of the run or the logged model.
    """
    if metadata.one(f"SELECT 1 FROM projects WHERE {_NESTED}"):  # noqa: S608 - of fixed words
        return versions(metadata)
    near = registered_versions.page(metadata, where=_NEAR, values=(owner,))
    return [_of_version(metadata, one) for one in near]


def _of_version(metadata: Metadata, one: RegisteredVersion) -> Holder:
    names = [*one.aliases, *([one.stage] if one.stage != _NO_STAGE else [])]
    called = f" ({', '.join(names)})" if names else ""
    place = _Place.read(metadata, one.place)
    model = one.logged_model or place.logged_model
    return Holder(
        f"version {one.version} of {one.model!r}{called}",
        f"whence.open().registered({one.model!r}).delete({one.version})",
        one.run or place.run or _maker(metadata, model),
        model,
        place.folders,
    )


def _maker(metadata: Metadata, model: str | None) -> str | None:
    """Return the run that made a logged model, if it is known."""
    row = metadata.one("SELECT run FROM logged_models WHERE id = ?", model)
    return None if row is None else row[0]


def datasets(metadata: Metadata) -> Iterator[Holder]:
    """Yield the datasets whose files lie among the artifacts of this store."""
    for name, digest, source in metadata.all(_DATASETS):
        place = _Place.read(metadata, _uri_of(source))
        if place.folders:
            title = f"dataset {name!r}@{digest[:_DIGITS]}"
            yield Holder(title, "", place.run, place.logged_model, place.folders)


def _uri_of(source: str) -> str:
    """Return the URI that a dataset's source is, or has: MLflow's clients send an object."""
    try:
        said = msgspec.json.decode(source)
    except msgspec.DecodeError:
        return source
    uri = said.get("uri") if isinstance(said, dict) else None
    return uri if isinstance(uri, str) else source


class _Place(NamedTuple):
    """What a URI says of where files lie."""

    run: str | None = None
    logged_model: str | None = None
    folders: list[str] = []  # noqa: RUF012 - of a tuple, and never changed

    @classmethod
    def read(cls, metadata: Metadata, uri: str) -> _Place:
        own = folder_at(uri)
        if own is not None:
            owner = _owner(metadata, own)
            return cls(owner.run, owner.logged_model, [own])
        try:
            parts = urlsplit(uri)
        except ValueError:
            return cls()
        first, _, rest = unquote(parts.path).strip("/").partition("/")
        if parts.scheme == "runs" and first:
            roots = _folders_of_run(metadata, first)
            return cls(run=first, folders=["/".join(filter(None, (root, rest))) for root in roots])
        if parts.scheme == "models" and first and not rest:
            root = folder_of_model(metadata, first)
            return cls(logged_model=first, folders=[] if root is None else [root])
        return cls()


def folder_at(uri: str) -> str | None:
    """Return the folder of the store's artifacts that a URI names; None if it names none."""
    try:
        return places.inside(uri)
    except BadInput:  # it is no URI, or leads out of the store: nothing can lie there
        return None


def _owner(metadata: Metadata, path: str) -> _Owner:
    """Return the run or the logged model in whose folder a path lies, if it lies in one."""
    names = path.split("/")
    if names[0] == places.OWN:
        return _Owner(run=names[1] if len(names) > 1 else None)
    for depth in [number for number, name in enumerate(names) if name == _FILES and number]:
        folder, owner = "/".join(names[: depth + 1]), names[depth - 1]
        if folder in _folders_of_run(metadata, owner):
            return _Owner(run=owner)
        if folder == folder_of_model(metadata, owner):
            return _Owner(logged_model=owner)
    return _Owner()


class _Owner(NamedTuple):
    run: str | None = None
    logged_model: str | None = None


def _folders_of_run(metadata: Metadata, run: str) -> list[str]:
    try:
        return places.folders_of_run(metadata, run)
    except NotFound:
        return []


def folder_of_model(metadata: Metadata, model: str) -> str | None:
    """Return the folder of a logged model's artifacts, be it deleted; None if there is none."""
    found = metadata.one("SELECT project FROM logged_models WHERE id = ?", model)
    project = None if found is None else projects.of_name(metadata, found[0])
    root = None if project is None else places.root_of(project)
    return None if root is None else "/".join(filter(None, (root, "models", model, _FILES)))


def refuse_held(metadata: Metadata, path: str) -> None:
    """Do nothing if no version of a registered model is made of a file, or of one below it.

    Raises
    ------
    BadInput
        If one is; the message names it, and how it is deleted.
    """
    owner = _owner(metadata, path)
    name = owner.run or owner.logged_model
    among = versions(metadata) if name is None else versions_near(metadata, name)
    found = Holders(among).of_path(path)
    if found:
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise BadInput(
            f"{found[0].name} is made of {path!r}{more}; delete the version first: {found[0].how}"
        )


def delete(metadata: Metadata, path: str) -> Freed:
    """Delete a file, or a folder with all below it; return what `whence gc` then frees.

    Nothing happens for a path that is not there.

    Raises
    ------
    BadInput
        If a version of a registered model is made of it.
    """
    with metadata.transaction():
        refuse_held(metadata, path)
        return artifacts.delete(metadata, path)
