"""Aim: RocksDB, a database for each run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from aim import Repo, Run
from aim.storage.context import Context


def prepare(place: str) -> None:
    """Make the repository, which must be there before processes log to it at once."""
    Path(place).mkdir(parents=True, exist_ok=True)
    Repo.from_path(place, init=True)


def start(place: str, name: str) -> Run:
    """Begin a run."""
    run = Run(repo=place, experiment="bench")
    run.name = name
    return run


def one(run: Run, value: float, step: int) -> None:
    """Log a scalar."""
    run.track(value, name="loss", step=step)


def fifty(run: Run, values: dict[str, float], step: int) -> None:
    """Log many."""
    run.track(values, step=step)


def finish(run: Run) -> None:
    """End the run."""
    run.close()


def settle(place: str) -> None:
    """Index the runs, which its server does while it runs; what reads sees no others."""
    command = [str(Path(sys.executable).with_name("aim")), "storage", "--repo", place]
    subprocess.run([*command, "reindex", "-y"], check=True, capture_output=True)  # noqa: S603 - its own command


def read(place: str) -> int:
    """Read every point of every run into memory; return how many."""
    runs = Repo.from_path(place).iter_runs()
    metrics = [run.get_metric("loss", Context({})) for run in runs]
    return sum(len(metric.data.numpy()[0]) for metric in metrics if metric is not None)


def page(place: str) -> list[float]:
    """Return the metric of the first hundred runs by it: sorted here, it has no such query."""
    found = Repo.from_path(place).query_metrics("metric.name == 'loss'", report_mode=0)
    last = [metric.values.last()[1] for run in found.iter_runs() for metric in run]
    return sorted(last, reverse=True)[:100]
