"""Label schemas: the questions of a review, made, changed, listed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.experiments import experiment
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import label_schemas
from whence.store.label_inputs import Input
from whence.store.paging import offset_of, token_of

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.label_schemas import Kind, LabelSchema

__all__ = ["LABEL_SCHEMAS", "active_project"]

_PAGE, _MOST = 100, 50_000

_KINDS: dict[object, Kind] = {
    "FEEDBACK": "FEEDBACK",
    "EXPECTATION": "EXPECTATION",
    1: "FEEDBACK",
    2: "EXPECTATION",
}
"""By their names in the proto, and by their numbers."""


class Create(Message):
    """A new question."""

    experiment_id: str
    name: str
    type: str | int = ""
    input: dict[str, Any] = msgspec.field(default_factory=dict)
    instruction: str | None = None
    enable_comment: bool = False


class OfSchema(Message):
    """One question, by its id."""

    schema_id: str


class OfName(Message):
    """One question, by its name."""

    experiment_id: str
    name: str


class InExperiment(Message):
    """An experiment's questions."""

    experiment_id: str
    max_results: int = _PAGE
    page_token: str = ""


class Update(OfSchema):
    """What changes of a question."""

    name: str | None = None
    input: dict[str, Any] | None = None
    instruction: str | None = None
    enable_comment: bool | None = None


class Schema(Message, omit_defaults=False):
    """A question as clients read it; times in milliseconds."""

    schema_id: str
    experiment_id: str
    name: str
    type: str
    instruction: str | UnsetType
    enable_comment: bool
    input: dict[str, Any]
    created_at: int
    last_updated_at: int
    is_default: bool


def _shown(found: LabelSchema) -> dict[str, Schema]:
    return {"label_schema": _message(found)}


def _message(found: LabelSchema) -> Schema:
    said = msgspec.to_builtins(found.input)
    return Schema(
        schema_id=found.id,
        experiment_id=str(found.project),
        name=found.name,
        type=found.kind,
        instruction=UNSET if found.instruction is None else found.instruction,
        enable_comment=found.comments,
        input={said.pop("type"): {key: value for key, value in said.items() if value is not None}},
        created_at=found.created // 1000,
        last_updated_at=found.updated // 1000,
        is_default=found.preset,
    )


def _input(said: dict[str, Any]) -> Input:
    """Return the control of the only field that is set."""
    kind, fields = next(iter(said.items())) if len(said) == 1 else ("", None)
    if not isinstance(fields, dict):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Label schema `input` must set exactly one of pass_fail, categorical, numeric, text.",
        )
    try:
        found: Input = msgspec.convert({**fields, "type": kind}, Input, strict=False)
    except msgspec.ValidationError as error:
        raise Refused("INVALID_PARAMETER_VALUE", f"Label schema `input`: {error}.") from error
    return found


def active_project(shared: Shared, identifier: str) -> int:
    """Return the number of an experiment that is there and not deleted.

    Raises
    ------
    Refused
        If there is none.
    """
    found = experiment(shared, identifier)
    if found.deleted is not None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"No Experiment with id={found.id} exists")
    return found.id


def _known(shared: Shared, schema: str) -> LabelSchema:
    found = label_schemas.find(shared.store.metadata, schema)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Label schema with id '{schema}' not found.")
    return found


def _taken(name: str | None, project: int) -> Refused:
    return Refused(
        "RESOURCE_ALREADY_EXISTS",
        f"Label schema with name '{name}' already exists for experiment '{project}'.",
    )


def _create(shared: Shared, asked: Create) -> dict[str, Schema]:
    kind = _KINDS.get(asked.type)
    if kind is None:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Label schema `type` must be one of FEEDBACK or EXPECTATION; got {asked.type!r}.",
        )
    answered, project = _input(asked.input), active_project(shared, asked.experiment_id)
    made = label_schemas.create(
        shared.store.metadata,
        project,
        asked.name,
        kind=kind,
        answered=answered,
        instruction=asked.instruction,
        comments=asked.enable_comment,
    )
    if made is None:
        raise _taken(asked.name, project)
    return _shown(made)


def _get(shared: Shared, asked: OfSchema) -> dict[str, Schema]:
    return _shown(_known(shared, asked.schema_id))


def _get_by_name(shared: Shared, asked: OfName) -> dict[str, Schema]:
    project = active_project(shared, asked.experiment_id)
    found = label_schemas.named(shared.store.metadata, project, asked.name)
    if found is None:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"Label schema with name '{asked.name}' not found for experiment '{project}'.",
        )
    return _shown(found)


def _list(shared: Shared, asked: InExperiment) -> dict[str, Any]:
    most, first = asked.max_results, offset_of(asked.page_token)
    if not 1 <= most <= _MOST:
        raise Refused("INVALID_PARAMETER_VALUE", f"max_results must be between 1 and {_MOST}.")
    project = active_project(shared, asked.experiment_id)
    found = label_schemas.page(shared.store.metadata, project, limit=most + 1, offset=first)
    return {
        "label_schemas": [_message(one) for one in found[:most]],
        "next_page_token": token_of(first + most) if len(found) > most else "",
    }


def _update(shared: Shared, asked: Update) -> dict[str, Schema]:
    before = _known(shared, asked.schema_id)
    after = label_schemas.update(
        shared.store.metadata,
        before,
        name=asked.name,
        answered=None if asked.input is None else _input(asked.input),
        instruction=asked.instruction,
        comments=asked.enable_comment,
    )
    if after is None:
        raise _taken(asked.name, before.project)
    return _shown(after)


def _delete(shared: Shared, asked: OfSchema) -> None:
    label_schemas.delete(shared.store.metadata, asked.schema_id)


_PATH = "3.0/mlflow/label-schemas"

LABEL_SCHEMAS: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("GET", f"{_PATH}/get", _get, OfSchema),
    Call("GET", f"{_PATH}/get-by-name", _get_by_name, OfName),
    Call("GET", f"{_PATH}/list", _list, InExperiment),
    Call("PATCH", f"{_PATH}/update", _update, Update),
    Call("DELETE", f"{_PATH}/delete", _delete, OfSchema),
)
