"""The versions of registered models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.experiments import Pair, Tag
from whence.server.mlflow.registry_rules import (
    check_most,
    check_version_tag,
    checked_tags,
    known_model,
    known_version,
    stage_of,
    tag_key,
)
from whence.server.mlflow.sources import origin_of, prompt_origin
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import grammars, logged_models, paging, registered_versions, registry_search
from whence.store.filters import FilterError, parse, parse_order
from whence.store.registry_search import PROMPT

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.server.shared import Shared
    from whence.store.grammars import Grammar
    from whence.store.metadata import Metadata
    from whence.store.registered_versions import RegisteredVersion

__all__ = ["VERSIONS", "Alias", "OfModel", "Version", "searched", "version_message"]

_MOST = 200_000
"""Versions on one page: at most, and where it is not said."""

_REGISTERED_AS = "mlflow.modelVersions"
"""The tag of a logged model with the versions it was registered as, in JSON."""

_DEFAULT_ORDER = ["last_updated_timestamp DESC", "name ASC", "version_number DESC"]

_ACTIVE = ("Staging", "Production")
"""Stages whose versions can be archived for another."""


class OfModel(Message):
    """One registered model."""

    name: str


class OfVersion(OfModel):
    """One version."""

    version: str


class MaybeVersion(Message):
    """One version, of a call that looks at nothing before."""

    name: str = ""
    version: str = ""


class Create(OfModel):
    """A new version; what is said of its run and logged model counts even if it is empty."""

    source: str
    run_id: str | UnsetType = UNSET
    model_id: str | UnsetType = UNSET
    run_link: str = ""
    description: str = ""
    tags: list[Pair] = msgspec.field(default_factory=list)


class Update(OfVersion):
    """Another description, or none any more."""

    description: str | None = None


class Move(OfVersion):
    """Another stage."""

    stage: str
    archive_existing_versions: bool = False


class Search(Message):
    """A page of versions."""

    filter: str = ""
    max_results: int = _MOST
    order_by: list[str] = msgspec.field(default_factory=list)
    page_token: str = ""


class SetTag(OfVersion):
    """A tag."""

    key: str
    value: str = ""


class UnsetTag(OfVersion):
    """A tag to remove."""

    key: str


class Alias(Message):
    """An alias and the version that it names."""

    alias: str
    version: str


class Version(Message):
    """A version as clients read it; times in milliseconds."""

    name: str
    version: str
    creation_timestamp: int
    last_updated_timestamp: int
    current_stage: str
    source: str
    run_id: str
    status: str
    run_link: str
    description: str | UnsetType = UNSET
    user_id: str = ""
    status_message: str = ""
    tags: list[Tag] = msgspec.field(default_factory=list)
    aliases: list[str] = msgspec.field(default_factory=list)


class Page(Message):
    """Some versions."""

    model_versions: list[Version] = msgspec.field(default_factory=list)
    next_page_token: str | UnsetType = UNSET


def version_message(found: RegisteredVersion, *, aliases: bool = True) -> Version:
    """Return a version as clients read it, with its aliases or without."""
    return Version(
        name=found.model,
        version=str(found.version),
        creation_timestamp=found.created // 1000,
        last_updated_timestamp=found.updated // 1000,
        current_stage=found.stage,
        source=found.source,
        run_id=found.run or "",
        status=_STATUS[found.state],
        run_link=found.run_link,
        description=UNSET if found.description is None else found.description,
        user_id=found.user,
        status_message=found.message,
        tags=[Tag(key=key, value=value) for key, value in found.tags.items()],
        aliases=found.aliases if aliases else [],
    )


_STATUS = {"ready": "READY", "pending": "PENDING_REGISTRATION", "failed": "FAILED_REGISTRATION"}

_Found = TypeVar("_Found")


def searched(
    shared: Shared,
    wanted: str,
    order_by: list[str],
    page_token: str,
    most: int,
    grammar: Grammar,
    search: Callable[..., list[_Found]],
) -> tuple[list[_Found], str | UnsetType]:
    """Return a page of what is searched for, and the token of the next if there is one."""
    try:
        conditions = parse(wanted, grammar)
        orders = [parse_order(clause, grammar) for clause in order_by]
    except FilterError as error:
        raise Refused("INVALID_PARAMETER_VALUE", error.reason) from None
    if len({order.key for order in orders}) < len(orders):
        raise Refused("INTERNAL_ERROR", f"`order_by` contains duplicate fields: {order_by}")
    offset = paging.offset_of(page_token)
    # One more than is asked for tells whether there is a page after this one.
    found = search(shared.store.metadata, conditions, orders, limit=most + 1, offset=offset)
    if len(found) != most + 1:
        return found, UNSET
    return found[:most], paging.token_of(offset + most)


def _read(shared: Shared, model: str, version: str) -> dict[str, Version]:
    return {"model_version": version_message(known_version(shared, model, version))}


def _create(shared: Shared, asked: Create) -> dict[str, Version]:
    is_prompt = {tag.key: tag.value for tag in asked.tags}.get(PROMPT, "").lower() == "true"
    origin = (
        prompt_origin(asked.source, asked.run_id or "", asked.run_link)
        if is_prompt
        else origin_of(shared, asked.source, asked.run_id, asked.model_id, asked.run_link)
    )
    model = known_model(shared, asked.name).name
    tags = checked_tags(asked.tags, check_version_tag)
    metadata = shared.store.metadata
    with metadata.transaction():
        number = registered_versions.add(
            metadata, model, origin, description=asked.description, tags=tags
        )
        if asked.model_id and not is_prompt:
            _note_on_logged_model(metadata, asked.model_id, model, number)
    return _read(shared, model, str(number))


def _note_on_logged_model(metadata: Metadata, model: str, name: str, number: int) -> None:
    """Name the version in the tag of the logged model by which clients find it."""
    found = logged_models.find(metadata, model)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Logged model with ID '{model}' not found.")
    said = json.loads(found.tags.get(_REGISTERED_AS, "[]"))
    said.append({"name": name, "version": number})
    logged_models.set_tags(metadata, model, {_REGISTERED_AS: json.dumps(said)})


def _get(shared: Shared, asked: OfVersion) -> dict[str, Version]:
    return _read(shared, asked.name, asked.version)


def _update(shared: Shared, asked: Update) -> dict[str, Version]:
    found = known_version(shared, asked.name, asked.version)
    registered_versions.describe(
        shared.store.metadata, found.model, found.version, asked.description
    )
    return _read(shared, asked.name, asked.version)


def _move(shared: Shared, asked: Move) -> dict[str, Version]:
    stage = stage_of(asked.stage)
    if asked.archive_existing_versions and stage not in _ACTIVE:
        raise Refused(
            "INTERNAL_ERROR",
            "Model version transition cannot archive existing model versions because "
            f"'{asked.stage}' is not an Active stage. Valid stages are {[*_ACTIVE]}",
        )
    found = known_version(shared, asked.name, asked.version)
    registered_versions.set_stage(
        shared.store.metadata,
        found.model,
        found.version,
        stage,
        archive=asked.archive_existing_versions,
    )
    return _read(shared, asked.name, asked.version)


def _delete(shared: Shared, asked: OfVersion) -> None:
    found = known_version(shared, asked.name, asked.version)
    registered_versions.delete(shared.store.metadata, found.model, found.version)


def _place(shared: Shared, asked: MaybeVersion) -> dict[str, str]:
    return {"artifact_uri": known_version(shared, asked.name, asked.version).place}


def _search(shared: Shared, asked: Search) -> Page:
    check_most(asked.max_results, _MOST)
    if asked.max_results < 1:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Invalid value for max_results. It must be a positive integer, but got "
            f"{asked.max_results}",
        )
    found, token = searched(
        shared, asked.filter, asked.order_by or _DEFAULT_ORDER, asked.page_token,
        asked.max_results, grammars.MODEL_VERSIONS, registry_search.versions,
    )  # fmt: skip
    return Page(
        model_versions=[version_message(one, aliases=False) for one in found],
        next_page_token=token,
    )


def _set_tag(shared: Shared, asked: SetTag) -> None:
    check_version_tag(asked.key, asked.value)
    found = known_version(shared, asked.name, asked.version)
    registered_versions.set_tag(
        shared.store.metadata, found.model, found.version, asked.key, asked.value
    )


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    key = tag_key(asked.key)
    found = known_version(shared, asked.name, asked.version)
    registered_versions.unset_tag(shared.store.metadata, found.model, found.version, key)


_PATH = "2.0/mlflow/model-versions"

VERSIONS = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("PATCH", f"{_PATH}/update", _update, Update),
    Call("POST", f"{_PATH}/transition-stage", _move, Move),
    Call("DELETE", f"{_PATH}/delete", _delete, OfVersion),
    Call("GET", f"{_PATH}/get", _get, OfVersion),
    Call("GET", f"{_PATH}/search", _search, Search),
    Call("GET", f"{_PATH}/get-download-uri", _place, MaybeVersion),
    Call("POST", f"{_PATH}/set-tag", _set_tag, SetTag),
    Call("DELETE", f"{_PATH}/delete-tag", _unset_tag, UnsetTag),
)
"""The versions of registered models."""
