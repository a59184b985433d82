"""Runs as clients read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from whence.server.mlflow.experiments import Tag, base_of
from whence.server.mlflow.wire import Message, number
from whence.store import datasets, projects, run_models, runs
from whence.types.time import micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.datasets import Input
    from whence.store.run_models import Tie
    from whence.store.runs import Latest
    from whence.types.runs import RunRow

__all__ = ["NAME", "PARENT", "STATUS", "Info", "Run", "run_messages"]

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
            places[name] = (str(project.id), base_of(project))
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
                tags=[Tag(key=key, value=value) for key, value in sorted(tags.items())],
            )
            for dataset, tags in used
        ],
        model_inputs=[ModelTie(model_id=tie.model) for tie in ties if tie.role == "input"],
    )
