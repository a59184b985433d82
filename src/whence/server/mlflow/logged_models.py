"""Logged models: made, finished, described and deleted one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.server.mlflow.experiments import Pair, experiment, must_be_active
from whence.server.mlflow.logged_model_messages import STATUSES, Model, model_messages
from whence.server.mlflow.logged_model_search import SEARCH
from whence.server.mlflow.names import invented_name
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import logged_models

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.logged_models import LoggedModel, State

__all__ = ["LOGGED_MODELS", "known_logged_model"]

_NOT_IN_NAMES = ("/", ":", ".", "%", '"', "'")


class Create(Message):
    """A new model."""

    experiment_id: str
    name: str = ""
    model_type: str = ""
    source_run_id: str = ""
    params: list[Pair] = msgspec.field(default_factory=list)
    tags: list[Pair] = msgspec.field(default_factory=list)


class OfModel(Message):
    """One model."""

    model_id: str


class Get(OfModel):
    """One model; `allow_deleted` is ``"true"`` where a deleted one is wanted too."""

    allow_deleted: str = ""


class Finalize(OfModel):
    """How the logging of a model ended."""

    status: int | str


class SetTags(OfModel):
    """Tags of a model."""

    tags: list[Pair] = msgspec.field(default_factory=list)


class UnsetTag(OfModel):
    """A tag to remove."""

    tag_key: str


class AddParams(OfModel):
    """Params that a model does not have yet."""

    params: list[Pair] = msgspec.field(default_factory=list)


def known_logged_model(shared: Shared, model: str, *, deleted: bool = False) -> LoggedModel:
    """Return a logged model, with `deleted` also one that is.

    Raises
    ------
    Refused
        If there is none.
    """
    found = logged_models.find(shared.store.metadata, model, deleted=deleted)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Logged model with ID '{model}' not found.")
    return found


def _create(shared: Shared, asked: Create) -> dict[str, Model]:
    if any(mark in asked.name for mark in _NOT_IN_NAMES):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid model name ({asked.name!r}) provided. Model name must be a non-empty string "
            f"and cannot contain the following characters: {_NOT_IN_NAMES}",
        )
    found = experiment(shared, asked.experiment_id)
    must_be_active(found)
    model = logged_models.create(
        shared.store.metadata,
        found.name,
        asked.name or invented_name(),
        run=asked.source_run_id or None,
        kind=asked.model_type,
        params=_once(asked.params),
        tags=_once(asked.tags),
    )
    return _read(shared, model)


def _once(pairs: Sequence[Pair]) -> dict[str, str]:
    """Return pairs by key, or refuse those that say one key twice."""
    found = {pair.key: pair.value for pair in pairs}
    if len(found) < len(pairs):
        keys = [pair.key for pair in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise Refused("BAD_REQUEST", f"The keys {twice} are given more than once; give each once.")
    return found


def _read(shared: Shared, model: str) -> dict[str, Model]:
    found = known_logged_model(shared, model, deleted=True)
    return {"model": model_messages(shared, [found])[0]}


def _get(shared: Shared, asked: Get) -> dict[str, Model]:
    deleted = asked.allow_deleted.lower() == "true"
    found = known_logged_model(shared, asked.model_id, deleted=deleted)
    return {"model": model_messages(shared, [found])[0]}


def _finalize(shared: Shared, asked: Finalize) -> dict[str, Model]:
    model = known_logged_model(shared, asked.model_id, deleted=True).id
    logged_models.set_state(shared.store.metadata, model, _state(asked.status))
    return _read(shared, model)


def _state(status: int | str) -> State:
    """Return the state of a status by name or number; what is neither is unspecified."""
    said = str(status)
    for one in STATUSES:
        if said in {one.wire, str(one.number)}:
            return one.state
    return "unspecified"


def _delete(shared: Shared, asked: OfModel) -> None:
    model = known_logged_model(shared, asked.model_id, deleted=True).id
    logged_models.delete(shared.store.metadata, model)


def _set_tags(shared: Shared, asked: SetTags) -> None:
    metadata = shared.store.metadata
    with metadata.transaction():
        model = known_logged_model(shared, asked.model_id, deleted=True).id
        logged_models.set_tags(metadata, model, {tag.key: tag.value for tag in asked.tags})


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    model = known_logged_model(shared, asked.model_id, deleted=True).id
    if not logged_models.unset_tag(shared.store.metadata, model, asked.tag_key):
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"No tag with key {asked.tag_key!r} found for model with ID {model!r}.",
        )


def _add_params(shared: Shared, asked: AddParams) -> None:
    metadata = shared.store.metadata
    params = _once(asked.params)
    with metadata.transaction():
        model = known_logged_model(shared, asked.model_id, deleted=True).id
        had = logged_models.add_params(metadata, model, params)
        if had:
            raise Refused(
                "BAD_REQUEST",
                f"The logged model '{model}' has the params {had} already; params cannot change.",
            )


_PATH = "2.0/mlflow/logged-models"

LOGGED_MODELS: tuple[Call, ...] = (
    *SEARCH,
    Call("POST", _PATH, _create, Create),
    Call("GET", f"{_PATH}/{{model_id}}", _get, Get),
    Call("PATCH", f"{_PATH}/{{model_id}}", _finalize, Finalize),
    Call("DELETE", f"{_PATH}/{{model_id}}", _delete, OfModel),
    Call("PATCH", f"{_PATH}/{{model_id}}/tags", _set_tags, SetTags),
    Call("DELETE", f"{_PATH}/{{model_id}}/tags/{{tag_key}}", _unset_tag, UnsetTag),
    Call("POST", f"{_PATH}/{{model_id}}/params", _add_params, AddParams),
)
