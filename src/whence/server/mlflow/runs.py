"""Runs: begun, changed and read one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.experiments import (
    Pair,
    Tag,
    experiment,
    must_be_active,
    place_of,
)
from whence.server.mlflow.names import invented_name
from whence.server.mlflow.rules import check_param, check_tag
from whence.server.mlflow.wire import Call, Message, Refused, number, required
from whence.store import datasets, projects, run_edits, run_models, runs
from whence.types.time import micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.datasets import Input
    from whence.store.run_edits import Head
    from whence.store.run_models import Tie
    from whence.store.runs import Latest
    from whence.types.runs import RunRow

__all__ = ["RUNS", "OfRun", "Run", "active_run", "run_messages"]

NAME = "mlflow.runName"
PARENT = "mlflow.parentRunId"
"""Tags that say what the store has fields of its own for: both are kept, and tell the same."""

STATUS = {
    "running": "RUNNING",
    "scheduled": "SCHEDULED",
    "finished": "FINISHED",
    "failed": "FAILED",
    "killed": "KILLED",
    "unknown": "RUNNING",
}
_FROM_STATUS = {said: ours for ours, said in STATUS.items() if ours != "unknown"}
_NUMBERS = dict(enumerate(("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"), start=1))
"""The numbers of the enumeration in the proto file."""


class Create(Message):
    """A new run."""

    experiment_id: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: int | None = None
    tags: list[Pair] = msgspec.field(default_factory=list)


class OfRun(Message, kw_only=True):
    """One run; `run_uuid` is what old clients say."""

    run_id: str = ""
    run_uuid: str = ""

    @property
    def run(self) -> str:
        """The id; refused where neither was said."""
        required(self.run_id or self.run_uuid, "run_id")
        return self.run_id or self.run_uuid


class Update(OfRun):
    """What changes of a run."""

    status: str | int | None = None
    end_time: int | None = None
    run_name: str | None = None


class LogParam(OfRun):
    """One param."""

    key: str
    value: str = ""


class SetTag(OfRun):
    """One tag."""

    key: str
    value: str = ""


class UnsetTag(OfRun):
    """A tag to remove."""

    key: str


class Info(Message):
    """What a run is; times in milliseconds."""

    run_id: str
    run_uuid: str
    run_name: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int
    artifact_uri: str
    lifecycle_stage: str
    end_time: int | UnsetType = UNSET


class Value(Message):
    """A metric at a step."""

    key: str
    value: float | str
    timestamp: int
    step: int


class Data(Message):
    """What a run was given, and how it went."""

    metrics: list[Value] = msgspec.field(default_factory=list)
    params: list[Tag] = msgspec.field(default_factory=list)
    tags: list[Tag] = msgspec.field(default_factory=list)


class Dataset(Message):
    """A dataset as clients read it."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | UnsetType = UNSET
    profile: str | UnsetType = UNSET


class DatasetInput(Message):
    """A dataset that a run used."""

    dataset: Dataset
    tags: list[Tag] = msgspec.field(default_factory=list)


class ModelTie(Message):
    """A logged model that a run used, or made at a step."""

    model_id: str
    step: int | UnsetType = UNSET


class Inputs(Message):
    """What a run used."""

    dataset_inputs: list[DatasetInput] = msgspec.field(default_factory=list)
    model_inputs: list[ModelTie] = msgspec.field(default_factory=list)


class Outputs(Message):
    """What a run made."""

    model_outputs: list[ModelTie] = msgspec.field(default_factory=list)


class Run(Message):
    """A run as clients read it."""

    info: Info
    data: Data
    inputs: Inputs
    outputs: Outputs


def run_messages(shared: Shared, rows: Sequence[RunRow]) -> list[Run]:
    """Return runs as clients read them."""
    metadata, ids = shared.store.metadata, [row.id for row in rows]
    places = {}
    for name in {row.project for row in rows}:
        project = projects.of_name(metadata, name)
        if project is not None:
            places[name] = (str(project.id), place_of(project))
    last = runs.last_points(shared.store, ids)
    used = datasets.inputs_of(metadata, ids)
    ties = run_models.of_runs(metadata, ids)
    return [
        Run(
            info=_info(row, *places[row.project]),
            data=_data(row, last.get(row.id, [])),
            inputs=_inputs(used.get(row.id, []), ties.get(row.id, [])),
            outputs=Outputs(
                model_outputs=[ModelTie(model_id=tie.model, step=tie.step)
                               for tie in ties.get(row.id, []) if tie.role == "output"]
            ),
        )
        for row in rows
    ]  # fmt: skip


def _info(row: RunRow, experiment_id: str, place: str) -> Info:
    return Info(
        run_id=row.id,
        run_uuid=row.id,
        run_name=row.name,
        experiment_id=experiment_id,
        user_id=row.user,
        status=STATUS[row.status],
        start_time=micros(row.started) // 1000,
        end_time=UNSET if row.ended is None else micros(row.ended) // 1000,
        artifact_uri=f"{place}/{row.id}/artifacts",
        lifecycle_stage="active" if row.deleted is None else "deleted",
    )


def _data(row: RunRow, last: Sequence[Latest]) -> Data:
    tags = {NAME: row.name} | ({} if row.parent is None else {PARENT: row.parent}) | row.tags
    return Data(
        metrics=[
            Value(key=key, value=number(value), timestamp=time // 1000, step=step)
            for _, key, value, step, time in last
        ],
        params=[Tag(key=key, value=runs.text_of(value)) for key, value in row.params.items()],
        tags=[Tag(key=key, value=value) for key, value in sorted(tags.items())],
    )


def _inputs(used: Sequence[Input], ties: Sequence[Tie]) -> Inputs:
    return Inputs(
        dataset_inputs=[
            DatasetInput(
                dataset=Dataset(
                    name=dataset.name,
                    digest=dataset.digest,
                    source_type=dataset.kind,
                    source=dataset.source,
                    schema=UNSET if dataset.schema is None else dataset.schema,
                    profile=UNSET if dataset.profile is None else dataset.profile,
                ),
                tags=[Tag(key=key, value=value) for key, value in tags.items()],
            )
            for dataset, tags in used
        ],
        model_inputs=[ModelTie(model_id=tie.model) for tie in ties if tie.role == "input"],
    )


def active_run(shared: Shared, run: str) -> Head:
    """Return the head of a run that may be changed.

    Raises
    ------
    Refused
        If there is none, or it is deleted.
    """
    found = _head(shared, run)
    if found.deleted is not None:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"The run {run} must be in the 'active' state. Current state is deleted.",
        )
    return found


def _head(shared: Shared, run: str) -> Head:
    found = run_edits.head(shared.store.metadata, run)
    if found is None:
        raise Refused("RESOURCE_DOES_NOT_EXIST", f"Run with id={run} not found")
    return found


def _create(shared: Shared, asked: Create) -> dict[str, Run]:
    found = experiment(shared, asked.experiment_id)
    must_be_active(found)
    tags = {tag.key: tag.value for tag in asked.tags}
    name = asked.run_name or tags.get(NAME) or invented_name()
    if name != tags.get(NAME, name):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different "
            f"values (run_name='{name}', mlflow.runName='{tags[NAME]}').",
        )
    run = run_edits.create(
        shared.store.metadata,
        found.name,
        name,
        started=1000 * (asked.start_time or 0),
        user=asked.user_id,
        parent=tags.get(PARENT),
        tags=tags | {NAME: name},
    )
    return {"run": _read(shared, run)}


def _read(shared: Shared, run: str) -> Run:
    _head(shared, run)
    return run_messages(shared, [runs.of_id(shared.store, run)])[0]


def _get(shared: Shared, asked: OfRun) -> dict[str, Run]:
    return {"run": _read(shared, asked.run)}


def _update(shared: Shared, asked: Update) -> dict[str, Info]:
    run, metadata = asked.run, shared.store.metadata
    status = _NUMBERS.get(asked.status) if isinstance(asked.status, int) else asked.status
    with metadata.transaction():
        active_run(shared, run)
        run_edits.update(
            metadata,
            run,
            status=None if status is None else _FROM_STATUS.get(status),
            ended=None if asked.end_time is None else 1000 * asked.end_time,
        )
        if asked.run_name:
            set_tags(shared, run, {NAME: asked.run_name})
    return {"run_info": _read(shared, run).info}


def _delete(shared: Shared, asked: OfRun) -> None:
    run_edits.delete(shared.store.metadata, _head(shared, asked.run).id)


def _restore(shared: Shared, asked: OfRun) -> None:
    run_edits.restore(shared.store.metadata, _head(shared, asked.run).id)


def _log_param(shared: Shared, asked: LogParam) -> None:
    run, metadata = asked.run, shared.store.metadata
    value = check_param(asked.key, asked.value)
    with metadata.transaction():
        active_run(shared, run)
        had = run_edits.add_params(metadata, run, {asked.key: value})
    if had:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Changing param values is not allowed. Param with key='{asked.key}' was already "
            f"logged with value='{had[asked.key]}' for run ID='{run}'. Attempted logging new "
            f"value '{value}'.",
        )


def set_tags(shared: Shared, run: str, tags: dict[str, str]) -> None:
    """Set tags, the run's name and parent among them; the caller holds the transaction."""
    metadata = shared.store.metadata
    run_edits.update(metadata, run, name=tags.get(NAME) or None, parent=tags.get(PARENT))
    run_edits.set_tags(metadata, run, tags)


def _set_tag(shared: Shared, asked: SetTag) -> None:
    run = asked.run
    value = check_tag(asked.key, asked.value)
    with shared.store.metadata.transaction():
        active_run(shared, run)
        set_tags(shared, run, {asked.key: value})


def _unset_tag(shared: Shared, asked: UnsetTag) -> None:
    run = asked.run
    active_run(shared, run)
    if not run_edits.unset_tag(shared.store.metadata, run, asked.key):
        raise Refused(
            "RESOURCE_DOES_NOT_EXIST", f"No tag with name: {asked.key} in run with id {run}"
        )


_PATH = "2.0/mlflow/runs"

RUNS: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/create", _create, Create),
    Call("GET", f"{_PATH}/get", _get, OfRun),
    Call("POST", f"{_PATH}/update", _update, Update),
    Call("POST", f"{_PATH}/delete", _delete, OfRun),
    Call("POST", f"{_PATH}/restore", _restore, OfRun),
    Call("POST", f"{_PATH}/log-parameter", _log_param, LogParam),
    Call("POST", f"{_PATH}/set-tag", _set_tag, SetTag),
    Call("POST", f"{_PATH}/delete-tag", _unset_tag, UnsetTag),
)
