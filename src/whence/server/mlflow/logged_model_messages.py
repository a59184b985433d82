"""Logged models as MLflow's clients read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.server.mlflow.experiments import Tag, base_of
from whence.server.mlflow.wire import Message, number
from whence.store import projects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from whence.server.shared import Shared
    from whence.store.logged_metrics import ModelPoint
    from whence.store.logged_models import LoggedModel, State

__all__ = ["STATUSES", "Model", "Status", "model_messages"]


class Status(NamedTuple):
    """A state as MLflow numbers and names it: on the wire, and in the filters of its pages."""

    state: State
    number: int
    wire: str
    word: str


STATUSES = (
    Status("unspecified", 0, "LOGGED_MODEL_STATUS_UNSPECIFIED", "UNSPECIFIED"),
    Status("pending", 1, "LOGGED_MODEL_PENDING", "PENDING"),
    Status("ready", 2, "LOGGED_MODEL_READY", "READY"),
    Status("failed", 3, "LOGGED_MODEL_UPLOAD_FAILED", "FAILED"),
)
_WIRE = {one.state: one.wire for one in STATUSES}


class Info(Message):
    """What a model is; times in milliseconds."""

    model_id: str
    experiment_id: str
    name: str
    creation_timestamp_ms: int
    last_updated_timestamp_ms: int
    artifact_uri: str
    status: str
    model_type: str
    source_run_id: str
    status_message: str = ""
    tags: list[Tag] = msgspec.field(default_factory=list)


class Value(Message):
    """What a run said of a model's metric."""

    key: str
    value: float | str
    timestamp: int
    step: int
    model_id: str
    run_id: str
    dataset_name: str = ""
    dataset_digest: str = ""


class Data(Message):
    """What a model was given, and how good it is."""

    params: list[Tag] = msgspec.field(default_factory=list)
    metrics: list[Value] = msgspec.field(default_factory=list)


class Model(Message):
    """A logged model."""

    info: Info
    data: Data


def model_messages(shared: Shared, models: Sequence[LoggedModel]) -> list[Model]:
    """Return models as clients read them."""
    places = {}
    for name in {model.project for model in models}:
        project = projects.of_name(shared.store.metadata, name)
        if project is not None:
            places[name] = (str(project.id), base_of(project))
    return [
        Model(
            info=_info(model, *places[model.project]),
            data=Data(params=_pairs(model.params), metrics=_values(model.metrics)),
        )
        for model in models
    ]


def _info(model: LoggedModel, experiment_id: str, place: str) -> Info:
    return Info(
        model_id=model.id,
        experiment_id=experiment_id,
        name=model.name,
        creation_timestamp_ms=model.created // 1000,
        last_updated_timestamp_ms=model.updated // 1000,
        artifact_uri=f"{place}/models/{model.id}/artifacts",
        status=_WIRE[model.state],
        model_type=model.kind,
        source_run_id=model.run or "",
        status_message=model.message,
        tags=_pairs(model.tags),
    )


def _pairs(facts: Mapping[str, str]) -> list[Tag]:
    return [Tag(key=key, value=value) for key, value in facts.items()]


def _values(metrics: Sequence[ModelPoint]) -> list[Value]:
    return [
        Value(
            key=point.key,
            value=number(point.value),
            timestamp=point.time // 1000,
            step=point.step,
            dataset_name=dataset,
            dataset_digest=digest,
            model_id=model,
            run_id=point.run,
        )
        for model, point, dataset, digest in metrics
    ]
