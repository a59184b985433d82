"""What programs log of their runs: metrics, batches, inputs and outputs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from whence.server.mlflow.experiments import Pair, experiment_number
from whence.server.mlflow.rules import (
    check_batch,
    check_length,
    check_metric,
    check_param,
    check_run_id,
    check_tag,
)
from whence.server.mlflow.runs import OfRun, active_run, set_tags
from whence.server.mlflow.wire import Call, Message, Refused, required
from whence.store import datasets, logged_metrics, projects, run_edits, run_models
from whence.store.datasets import Dataset, Input
from whence.store.fresh import Point
from whence.store.logged_metrics import ModelPoint
from whence.store.run_models import Tie

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared

__all__ = ["LOGGING", "LogBatch", "log_batch"]

_LOGGED_MODELS = "mlflow.log-model.history"
"""The tag of a run that lists the models that old clients logged."""

_DATASET_NAME, _DATASET_DIGEST, _DATASET_SOURCE = 500, 36, 65_535
_DATASET_SCHEMA, _DATASET_PROFILE = 1_048_575, 16_777_215
_INPUT_TAG_KEY, _INPUT_TAG_VALUE = 255, 500
"""Longest texts of a dataset, and of the tags of an input, in characters."""


class Metric(Message):
    """A value of a metric, as it is sent."""

    key: str | None = None
    value: float | None = None
    timestamp: int | None = None
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogMetric(OfRun):
    """One value of a metric."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


class LogBatch(OfRun):
    """Metrics, params and tags together: all of them are kept, or none."""

    metrics: list[Metric] = msgspec.field(default_factory=list)
    params: list[Pair] = msgspec.field(default_factory=list)
    tags: list[Pair] = msgspec.field(default_factory=list)


class LogModel(OfRun):
    """The description of a model that was logged among a run's artifacts."""

    model_json: str


class SentDataset(Message):
    """A dataset, as it is sent."""

    name: str = ""
    digest: str = ""
    source_type: str = ""
    source: str = ""
    schema: str | None = None
    profile: str | None = None


class SentInput(Message):
    """A dataset that a run used, as it is sent."""

    dataset: SentDataset | None = None
    tags: list[Pair] = msgspec.field(default_factory=list)


class SentTie(Message):
    """A logged model that a run used or made, as it is sent."""

    model_id: str = ""
    step: int = 0


class LogInputs(OfRun):
    """Datasets and models that a run used."""

    datasets: list[SentInput] = msgspec.field(default_factory=list)
    models: list[SentTie] = msgspec.field(default_factory=list)


class LogOutputs(OfRun):
    """Models that a run made."""

    models: list[SentTie]


class SearchDatasets(Message):
    """The experiments whose datasets are asked for."""

    experiment_ids: list[str] = msgspec.field(default_factory=list)


class Summary(Message):
    """A dataset of an experiment, and as what it was used."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None


def _log_metric(shared: Shared, asked: LogMetric) -> None:
    run = asked.run
    check_metric(asked.key, asked.value, asked.timestamp)
    metric = Metric(
        key=asked.key,
        value=asked.value,
        timestamp=asked.timestamp,
        step=asked.step,
        model_id=asked.model_id,
        dataset_name=asked.dataset_name,
        dataset_digest=asked.dataset_digest,
    )
    with shared.store.metadata.transaction():
        active_run(shared, run)
        _add_metrics(shared, run, [metric])


def _add_metrics(shared: Shared, run: str, metrics: Sequence[Metric]) -> None:
    if any(bool(one.dataset_name) != bool(one.dataset_digest) for one in metrics):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Both dataset_name and dataset_digest must be provided if one is provided",
        )
    metadata = shared.store.metadata
    points = [
        Point(run, one.key, one.step, 1000 * one.timestamp, one.value)
        for one in metrics
        if one.key is not None and one.timestamp is not None and one.value is not None
    ]
    run_edits.add_points(metadata, points)
    logged_metrics.add(
        metadata,
        [
            ModelPoint(metric.model_id, point, metric.dataset_name, metric.dataset_digest)
            for metric, point in zip(metrics, points, strict=True)
            if metric.model_id
        ],
    )


def log_batch(shared: Shared, asked: LogBatch) -> None:
    """Keep metrics, params and tags of a run: all of them, or none.

    Raises
    ------
    Refused
        If one of them cannot be kept.
    """
    run = asked.run
    for i, metric in enumerate(asked.metrics):
        required(metric.key, f"metrics[{i}].key")
        required(metric.value, f"metrics[{i}].value")
        required(metric.timestamp, f"metrics[{i}].timestamp")
    for what, pairs in (("params", asked.params), ("tags", asked.tags)):
        for i, pair in enumerate(pairs):
            required(pair.key, f"{what}[{i}].key")
    check_run_id(run)
    for i, metric in enumerate(asked.metrics):
        check_metric(metric.key or "", metric.value or 0.0, metric.timestamp or 0, f"metrics[{i}].")
    params = [
        (pair.key, check_param(pair.key, pair.value, f"params[{i}]."))
        for i, pair in enumerate(asked.params)
    ]
    tags = {
        pair.key: check_tag(pair.key, pair.value, f"tags[{i}].")
        for i, pair in enumerate(asked.tags)
    }
    check_batch(len(asked.metrics), len(params), len(asked.tags))
    _check_unique([key for key, _ in params])
    with shared.store.metadata.transaction():
        active_run(shared, run)
        _add_params(shared, run, dict(params))
        _add_metrics(shared, run, asked.metrics)
        if tags:
            set_tags(shared, run, tags)


def _check_unique(keys: Sequence[str]) -> None:
    twice = [key for i, key in enumerate(keys) if key in keys[:i]]
    if twice:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request "
            "contains only one param value per param key.",
        )


def _add_params(shared: Shared, run: str, params: dict[str, str]) -> None:
    had = run_edits.add_params(shared.store.metadata, run, params) if params else {}
    if had:
        other = [
            {"key": key, "old_value": value, "new_value": params[key]} for key, value in had.items()
        ]
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "Changing param values is not allowed. Params were already "
            f"logged='{other}' for run ID='{run}'.",
        )


def _log_model(shared: Shared, asked: LogModel) -> None:
    run = asked.run
    try:
        model = json.loads(asked.model_json)
    except ValueError:
        model = None
    if not isinstance(model, dict):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Malformed model info. \n {asked.model_json} \n is not a valid JSON.",
        )
    needed = ("artifact_path", "flavors", "utc_time_created", "run_id")
    missing = {name for name in needed if name not in model}
    if missing:
        raise Refused(
            "INVALID_PARAMETER_VALUE", f"Model json is missing mandatory fields: {missing}"
        )
    kept = {name: value for name, value in model.items() if name != "signature"}
    metadata = shared.store.metadata
    with metadata.transaction():
        active_run(shared, run)
        before = metadata.one(
            "SELECT value FROM tags WHERE run = ? AND key = ?", run, _LOGGED_MODELS
        )
        models = json.loads(before[0]) if before else []
        run_edits.set_tags(metadata, run, {_LOGGED_MODELS: json.dumps([*models, kept])})


def _log_inputs(shared: Shared, asked: LogInputs) -> None:
    run = asked.run
    check_run_id(run)
    inputs = [_input(one) for one in asked.datasets]
    metadata = shared.store.metadata
    with metadata.transaction():
        found = active_run(shared, run)
        datasets.add_inputs(metadata, run, found.project, inputs)
        run_models.add(metadata, run, [Tie(one.model_id, "input", 0) for one in asked.models])


def _input(sent: SentInput) -> Input:
    one = sent.dataset or SentDataset()
    for name, value, most in (
        ("name", one.name, _DATASET_NAME),
        ("digest", one.digest, _DATASET_DIGEST),
        ("source", one.source, _DATASET_SOURCE),
        ("schema", one.schema, _DATASET_SCHEMA),
        ("profile", one.profile, _DATASET_PROFILE),
    ):
        check_length(name, most, value or "")
    for tag in sent.tags:
        check_length("key", _INPUT_TAG_KEY, tag.key)
        check_length("value", _INPUT_TAG_VALUE, tag.value)
    dataset = Dataset(one.name, one.digest, one.source_type, one.source, one.schema, one.profile)
    return Input(dataset, {tag.key: tag.value for tag in sent.tags})


def _log_outputs(shared: Shared, asked: LogOutputs) -> None:
    run = asked.run
    metadata = shared.store.metadata
    with metadata.transaction():
        active_run(shared, run)
        run_models.add(
            metadata, run, [Tie(one.model_id, "output", one.step) for one in asked.models]
        )


_CONTEXT = "mlflow.data.context"
_MOST_EXPERIMENTS, _MOST_SUMMARIES = 20, 1000


def _search_datasets(shared: Shared, asked: SearchDatasets) -> dict[str, list[Summary]]:
    ids = asked.experiment_ids
    if not ids:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "SearchDatasets request must specify at least one experiment_id.",
        )
    if len(ids) > _MOST_EXPERIMENTS:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"SearchDatasets request cannot specify more than {_MOST_EXPERIMENTS} "
            f"experiment_ids. Received {len(ids)} experiment_ids.",
        )
    known = (projects.of_id(shared.store.metadata, experiment_number(one)) for one in ids)
    of_name = {found.name: str(found.id) for found in known if found is not None}
    found = datasets.uses(shared.store.metadata, list(of_name), _CONTEXT, _MOST_SUMMARIES)
    return {
        "dataset_summaries": [
            Summary(
                experiment_id=of_name[use.project],
                name=use.name,
                digest=use.digest,
                context=use.context or None,
            )
            for use in found
        ]
    }


_PATH = "2.0/mlflow/runs"

LOGGING: tuple[Call, ...] = (
    Call("POST", f"{_PATH}/log-metric", _log_metric, LogMetric),
    Call("POST", f"{_PATH}/log-batch", log_batch, LogBatch),
    Call("POST", f"{_PATH}/log-model", _log_model, LogModel),
    Call("POST", f"{_PATH}/log-inputs", _log_inputs, LogInputs),
    Call("POST", f"{_PATH}/outputs", _log_outputs, LogOutputs),
    Call("POST", "2.0/mlflow/experiments/search-datasets", _search_datasets, SearchDatasets),
)
