"""Registered models, their tags and aliases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from whence.errors import BadInput
from whence.server.mlflow.experiments import Pair, Tag
from whence.server.mlflow.registry_rules import (
    aliased_version,
    check_alias,
    check_model_name,
    check_most,
    check_new_alias,
    check_tag,
    checked_tags,
    known_model,
    known_version,
    stage_of,
    tag_key,
    version_of,
)
from whence.server.mlflow.versions import (
    Alias,
    OfModel,
    Version,
    searched,
    version_message,
)
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import aliases, grammars, registered_versions, registry, registry_search
from whence.store.registry_search import PROMPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.server.shared import Shared
    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel

__all__ = ["REGISTRY"]

_MOST, _DEFAULT = 1000, 100
"""Registered models on one page: at most, and where it is not said."""


class Create(OfModel):
    """A new model."""

    description: str = ""
    tags: list[Pair] = msgspec.field(default_factory=list)


class Rename(OfModel):
    """Another name."""

    new_name: str


class Update(OfModel):
    """Another description."""

    description: str = ""


class Search(Message):
    """A page of registered models."""

    filter: str = ""
    max_results: int = _DEFAULT
    order_by: list[str] = msgspec.field(default_factory=list)
    page_token: str = ""


class Latest(OfModel):
    """The latest versions, at some stages."""

    stages: list[str] = msgspec.field(default_factory=list)


class SetTag(OfModel):
    """A tag."""

    key: str
    value: str = ""


class UnsetTag(OfModel):
    """A tag to remove."""

    key: str


class OfAlias(OfModel):
    """One alias."""

    alias: str


class SetAlias(OfAlias):
    """An alias, and what it names."""

    version: str


class Model(Message):
    """A registered model as clients read it; times in milliseconds."""

    name: str
    creation_timestamp: int
    last_updated_timestamp: int
    description: str = ""
    latest_versions: list[Version] = msgspec.field(default_factory=list)
    tags: list[Tag] = msgspec.field(default_factory=list)
    aliases: list[Alias] = msgspec.field(default_factory=list)


class Page(Message):
    """Some registered models."""

    registered_models: list[Model] = msgspec.field(default_factory=list)
    next_page_token: str | UnsetType = UNSET


def _message(found: RegisteredModel, latest: Sequence[RegisteredVersion]) -> Model:
    return Model(
        name=found.name,
        creation_timestamp=found.created // 1000,
        last_updated_timestamp=found.updated // 1000,
        description=found.description,
        latest_versions=[version_message(one, aliases=False) for one in latest],
        tags=[Tag(key=key, value=value) for key, value in found.tags.items()],
        aliases=[Alias(alias=alias, version=str(version))
                 for alias, version in found.aliases.items()],
    )  # fmt: skip


def _read(shared: Shared, name: str) -> dict[str, Model]:
    found = known_model(shared, name)
    latest = registered_versions.latest(shared.store.metadata, [name])
    return {"registered_model": _message(found, latest.get(name, []))}


def _create(shared: Shared, asked: Create) -> dict[str, Model]:
    check_model_name(asked.name)
    tags = checked_tags(asked.tags, check_tag)
    try:
        registry.create(shared.store.metadata, asked.name, description=asked.description, tags=tags)
    except BadInput:
        _refuse_taken(known_model(shared, asked.name), tags)
    return _read(shared, asked.name)


def _refuse_taken(there: RegisteredModel, tags: Mapping[str, str]) -> None:
    """Say that a name is taken, and by what: prompts are registered models too."""
    old = "Prompt" if PROMPT in there.tags else "Registered Model"
    new = "Prompt" if PROMPT in tags else "Registered Model"
    if old != new:
        raise Refused(
            "RESOURCE_ALREADY_EXISTS",
            f"Tried to create a {new.lower()} with name {there.name!r}, but the name is already "
            f"taken by a {old.lower()}. MLflow does not allow creating a model and a prompt with "
            "the same name.",
        )
    raise Refused("RESOURCE_ALREADY_EXISTS", f"{new} (name={there.name}) already exists.")


def _get(shared: Shared, asked: OfModel) -> dict[str, Model]:
    return _read(shared, asked.name)


def _update(shared: Shared, asked: Update) -> dict[str, Model]:
    known_model(shared, asked.name)
    registry.describe(shared.store.metadata, asked.name, asked.description)
    return _read(shared, asked.name)


def _rename(shared: Shared, asked: Rename) -> dict[str, Model]:
    check_model_name(asked.new_name, "new_name")
    known_model(shared, asked.name)
    try:
        registry.rename(shared.store.metadata, asked.name, asked.new_name)
    except BadInput as error:
        raise Refused(
            "RESOURCE_ALREADY_EXISTS",
            f"Registered Model (name={asked.new_name}) already exists. Error: {error}",
        ) from None
    return _read(shared, asked.new_name)


def _delete(shared: Shared, asked: OfModel) -> None:
    known_model(shared, asked.name)
    registry.delete(shared.store.metadata, asked.name)


def _search(shared: Shared, asked: Search) -> Page:
    check_most(asked.max_results, _MOST)
    found, token = searched(
        shared, asked.filter, asked.order_by, asked.page_token, asked.max_results,
        grammars.REGISTERED_MODELS, registry_search.models,
    )  # fmt: skip
    latest = registered_versions.latest(shared.store.metadata, [one.name for one in found])
    return Page(
        registered_models=[
            _message(one, sorted(latest.get(one.name, []), key=lambda version: version.stage))
            for one in found
        ],
        next_page_token=token,
    )


def _latest(shared: Shared, asked: Latest) -> dict[str, list[Version]]:
    known_model(shared, asked.name)
    stages = {stage_of(stage) for stage in asked.stages} or set(registered_versions.STAGES)
    latest = registered_versions.latest(shared.store.metadata, [asked.name]).get(asked.name, [])
    found = [version_message(one) for one in latest if one.stage in stages]
    return {"model_versions": found} if found else {}


def _set_tag(shared: Shared, asked: SetTag) -> None:
    check_model_name(asked.name)
    check_tag(asked.key, asked.value)
    known_model(shared, asked.name)
    registry.set_tag(shared.store.metadata, asked.name, asked.key, asked.value)


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    check_model_name(asked.name)
    key = tag_key(asked.key)
    known_model(shared, asked.name)
    registry.unset_tag(shared.store.metadata, asked.name, key)


def _set_alias(shared: Shared, asked: SetAlias) -> None:
    check_model_name(asked.name)
    check_new_alias(asked.alias)
    number = version_of(asked.version)
    known_version(shared, asked.name, asked.version)
    aliases.set_alias(shared.store.metadata, asked.name, asked.alias, number)


def _unset_alias(shared: Shared, asked: OfAlias) -> None:
    check_model_name(asked.name)
    check_alias(asked.alias)
    known_model(shared, asked.name)
    aliases.remove(shared.store.metadata, asked.name, asked.alias)


def _of_alias(shared: Shared, asked: OfAlias) -> dict[str, Version]:
    check_model_name(asked.name)
    check_alias(asked.alias)
    return {"model_version": version_message(aliased_version(shared, asked.name, asked.alias))}


_PATH = "2.0/mlflow/registered-models"

REGISTRY = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("POST", f"{_PATH}/rename", _rename, Rename),
    Call("PATCH", f"{_PATH}/update", _update, Update),
    Call("DELETE", f"{_PATH}/delete", _delete, OfModel),
    Call("GET", f"{_PATH}/get", _get, OfModel),
    Call("GET", f"{_PATH}/search", _search, Search),
    Call("GET", f"{_PATH}/get-latest-versions", _latest, Latest),
    Call("POST", f"{_PATH}/get-latest-versions", _latest, Latest),
    Call("POST", f"{_PATH}/set-tag", _set_tag, SetTag),
    Call("DELETE", f"{_PATH}/delete-tag", _unset_tag, UnsetTag),
    Call("POST", f"{_PATH}/alias", _set_alias, SetAlias),
    Call("DELETE", f"{_PATH}/alias", _unset_alias, OfAlias),
    Call("GET", f"{_PATH}/alias", _of_alias, OfAlias),
)
"""Registered models."""
