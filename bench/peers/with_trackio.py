"""Trackio: a queue and a thread that writes into SQLite."""

from __future__ import annotations

import os

import trackio
from trackio.sqlite_storage import SQLiteStorage

# Last values by its query language, which is the quickest that it offers.
_PAGE = """
SELECT json_extract(metrics, '$.loss') AS loss FROM metrics
WHERE id IN (SELECT max(id) FROM metrics GROUP BY run_id) ORDER BY loss DESC LIMIT 100
"""


def start(place: str, name: str) -> trackio.Run:
    """Begin a run."""
    assert os.environ["TRACKIO_DIR"] == place, "it reads where to write when it is imported"
    return trackio.init(project="bench", name=name)


def one(run: trackio.Run, value: float, step: int) -> None:
    """Log a scalar."""
    run.log({"loss": value}, step=step)


def fifty(run: trackio.Run, values: dict[str, float], step: int) -> None:
    """Log many."""
    run.log(values, step=step)


def finish(run: trackio.Run) -> None:
    """Wait for what is queued and end the run."""
    run.finish()


def read(_place: str) -> int:
    """Read every point of every run into memory; return how many."""
    runs = SQLiteStorage.get_run_records("bench")
    return sum(len(SQLiteStorage.get_logs("bench", run_id=run["id"])) for run in runs)


def page(_place: str) -> list[float]:
    """Return the metric of the first hundred runs by it."""
    return [row["loss"] for row in SQLiteStorage.query_project("bench", _PAGE)["rows"]]
