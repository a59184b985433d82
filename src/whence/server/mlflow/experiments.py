"""Experiments: the store's projects under MLflow's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput
from whence.server.mlflow.rules import check_experiment_name, check_experiment_tag, check_place
from whence.server.mlflow.wire import Call, Message, Refused
from whence.store import places, projects

if TYPE_CHECKING:
    from whence.server.shared import Shared
    from whence.store.projects import Project

__all__ = [
    "EXPERIMENTS",
    "Experiment",
    "Pair",
    "Tag",
    "base_of",
    "experiment",
    "experiment_message",
    "experiment_number",
    "must_be_active",
    "place_of",
]


_LARGEST = 2**63 - 1
"""SQLite's largest integer."""


_WORKSPACE = "default"
"""What clients call the only part of a server that is not divided into several."""


class Pair(Message):
    """A key and its value, as they are sent: a tag or a param."""

    key: str = ""
    value: str = ""


class Tag(Message):
    """A key and its value, as they are read."""

    key: str
    value: str


class Create(Message):
    """A new experiment."""

    name: str
    artifact_location: str | None = None
    tags: list[Pair] = msgspec.field(default_factory=list)


class OfExperiment(Message):
    """One experiment, by id."""

    experiment_id: str


class OfName(Message):
    """One experiment, by name."""

    experiment_name: str


class Update(OfExperiment):
    """Another name."""

    new_name: str


class SetTag(OfExperiment):
    """A tag."""

    key: str
    value: str = ""


class UnsetTag(OfExperiment):
    """A tag to remove."""

    key: str


class Experiment(Message):
    """An experiment as clients read it; times in milliseconds."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    workspace: str
    tags: list[Tag] = msgspec.field(default_factory=list)


def place_of(project: Project) -> str:
    """Return the URI below which an experiment's artifacts lie."""
    return project.place or f"mlflow-artifacts:/{project.id}"


def base_of(project: Project) -> str:
    """Return that URI as what a slash and a path are appended to."""
    return place_of(project).rstrip("/")


def experiment(shared: Shared, identifier: str) -> Project:
    """Return the project of an experiment's id, be it deleted.

    Raises
    ------
    Refused
        If there is none.
    """
    number = experiment_number(identifier)
    found = projects.of_id(shared.store.metadata, number)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"No Experiment with id={number} exists")
    return found


def experiment_number(identifier: str) -> int:
    """Return an experiment's id as the number that it is; an empty one is that of the default.

    Raises
    ------
    Refused
        If it is none.
    """
    try:
        number = int(identifier or "0")
    except ValueError:
        number = _LARGEST + 1
    if abs(number) > _LARGEST:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid experiment ID '{identifier}'. Experiment ID must be a valid integer.",
        )
    return number


def _active(shared: Shared, identifier: str, *, deleted: bool = False) -> Project:
    """Return an experiment that is active, or one that is deleted."""
    found = experiment(shared, identifier)
    if (found.deleted is not None) is not deleted:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"No Experiment with id={found.id} exists")
    return found


def experiment_message(found: Project) -> Experiment:
    """Return a project as clients read it."""
    return Experiment(
        experiment_id=str(found.id),
        name=found.name,
        artifact_location=place_of(found),
        lifecycle_stage="active" if found.deleted is None else "deleted",
        last_update_time=found.updated // 1000,
        creation_time=found.created // 1000,
        workspace=_WORKSPACE,
        tags=[Tag(key=key, value=value) for key, value in sorted(found.tags.items())],
    )


def must_be_active(found: Project) -> None:
    """Refuse a change of what belongs to a deleted experiment."""
    if found.deleted is not None:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"The experiment {found.id} must be in the 'active' state. Current state is deleted.",
        )


def _create(shared: Shared, asked: Create) -> dict[str, str]:
    check_experiment_name(asked.name)
    tags = {}
    for tag in asked.tags:
        check_experiment_tag(tag.key, tag.value)
        tags[tag.key] = tag.value
    place = None
    if asked.artifact_location:
        place = places.resolved(asked.artifact_location)
        check_place(asked.artifact_location)
    try:
        made = projects.create(
            shared.store.metadata,
            asked.name,
            place=place,
            tags=tags,
            root=None if shared.artifact_root is None else shared.artifact_root.uri,
        )
    except BadInput:
        raise Refused(
            "RESOURCE_ALREADY_EXISTS", f"Experiment(name={asked.name}) already exists."
        ) from None
    return {"experiment_id": str(made)}


def _get(shared: Shared, asked: OfExperiment) -> dict[str, Experiment]:
    return {"experiment": experiment_message(experiment(shared, asked.experiment_id))}


def _get_by_name(shared: Shared, asked: OfName) -> dict[str, Experiment]:
    found = projects.of_name(shared.store.metadata, asked.experiment_name)
    if found is None:
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"Could not find experiment with name '{asked.experiment_name}'",
        )
    return {"experiment": experiment_message(found)}


def _delete(shared: Shared, asked: OfExperiment) -> None:
    projects.delete(shared.store.metadata, _active(shared, asked.experiment_id).id)


def _restore(shared: Shared, asked: OfExperiment) -> None:
    found = _active(shared, asked.experiment_id, deleted=True)
    projects.restore(shared.store.metadata, found.id)


def _update(shared: Shared, asked: Update) -> None:
    check_experiment_name(asked.new_name)
    found = experiment(shared, asked.experiment_id)
    if found.deleted is not None:
        raise Refused("INVALID_STATE", "Cannot rename a non-active experiment.")
    try:
        projects.rename(shared.store.metadata, found.id, asked.new_name)
    except BadInput:
        raise Refused(
            "RESOURCE_ALREADY_EXISTS", f"Experiment(name={asked.new_name}) already exists."
        ) from None


def _set_tag(shared: Shared, asked: SetTag) -> None:
    check_experiment_tag(asked.key, asked.value)
    found = experiment(shared, asked.experiment_id)
    must_be_active(found)
    projects.set_tag(shared.store.metadata, found.id, asked.key, asked.value)


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    found = experiment(shared, asked.experiment_id)
    must_be_active(found)
    if not projects.unset_tag(shared.store.metadata, found.id, asked.key):
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST",
            f"No tag with name: {asked.key} in experiment with id {found.id}",
        )


_PATH = "2.0/mlflow/experiments"

EXPERIMENTS = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("GET", f"{_PATH}/get", _get, OfExperiment),
    Call("GET", f"{_PATH}/get-by-name", _get_by_name, OfName),
    Call("POST", f"{_PATH}/delete", _delete, OfExperiment),
    Call("POST", f"{_PATH}/restore", _restore, OfExperiment),
    Call("POST", f"{_PATH}/update", _update, Update),
    Call("POST", f"{_PATH}/set-experiment-tag", _set_tag, SetTag),
    Call("POST", f"{_PATH}/delete-experiment-tag", _unset_tag, UnsetTag),
)
