"""MLflow through its client; the place says which store: a folder, SQLite or a server."""

from __future__ import annotations

import time
from functools import cache

import mlflow
from mlflow.entities import Metric


@cache
def prepare(place: str) -> None:
    """Say which store and experiment; made once, before processes log to them at once."""
    mlflow.set_tracking_uri(place)
    mlflow.set_experiment("bench")


def start(place: str, name: str) -> mlflow.ActiveRun:
    """Begin a run."""
    prepare(place)
    return mlflow.start_run(run_name=name)


def one(_run: mlflow.ActiveRun, value: float, step: int) -> None:
    """Log a scalar."""
    mlflow.log_metric("loss", value, step=step)


def fifty(_run: mlflow.ActiveRun, values: dict[str, float], step: int) -> None:
    """Log many."""
    mlflow.log_metrics(values, step=step)


def many(run: mlflow.ActiveRun, values: list[float], first: int) -> None:
    """Log a thousand points of one metric at once, as its client can; to fill a store only."""
    now = time.time_ns() // 1_000_000
    points = [Metric("loss", value, now, first + at) for at, value in enumerate(values)]
    mlflow.MlflowClient().log_batch(run.info.run_id, metrics=points)


def finish(_run: mlflow.ActiveRun) -> None:
    """End the run."""
    mlflow.end_run()


def read(place: str) -> int:
    """Read every point of every run into memory; return how many."""
    client = mlflow.MlflowClient(place)
    runs = client.search_runs([_experiment(client)], max_results=1000)
    return sum(len(client.get_metric_history(run.info.run_id, "loss")) for run in runs)


def page(place: str) -> list[float]:
    """Return the metric of the first hundred runs by it."""
    client = mlflow.MlflowClient(place)
    order = ["metrics.loss DESC"]
    runs = client.search_runs([_experiment(client)], order_by=order, max_results=100)
    return [run.data.metrics["loss"] for run in runs]


def _experiment(client: mlflow.MlflowClient) -> str:
    return str(client.get_experiment_by_name("bench").experiment_id)
