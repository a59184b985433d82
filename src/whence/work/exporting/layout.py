"""The folder that an export of runs makes, and an import reads: its files, and what is in them.

::

    export.json         written last: a folder without it is an export that broke off
    runs.jsonl          a run a line: `ExportedRun`
    points.parquet      run, key, step, time, value
    output.parquet      run, number, stream, time, text
    projects.json       `ExportedProject`s
    datasets.json       see `whence.work.exporting.datasets`
    registry.json       `ExportedModel`s
    logged_models.jsonl a logged model a line: see `whence.work.exporting.logged_models`
    traces.jsonl        a trace a line: see `whence.work.exporting.traces`
    spans.parquet       trace, id, parent, name, kind, status, started, ended, and JSON
    captured/DIGEST.json
    artifacts/RUN/PATH, logged_models/ID/PATH, traces/ID/PATH
    README.txt
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec
import pyarrow as pa

from whence.types.paths import safe_path

__all__ = [
    "FORMAT",
    "MARKER",
    "OUTPUT",
    "POINTS",
    "README",
    "ExportedArtifact",
    "ExportedCorrection",
    "ExportedDataset",
    "ExportedModel",
    "ExportedProject",
    "ExportedRun",
    "ExportedVersion",
    "Marker",
    "path_below",
    "path_of",
]

FORMAT = 1
"""The layout that is written; one of a larger number is not read."""

MARKER = "export.json"

_TIME = pa.timestamp("us", tz="UTC")

POINTS = pa.schema(
    [
        ("run", pa.string()),
        ("key", pa.string()),
        ("step", pa.int64()),
        ("time", _TIME),
        ("value", pa.float64()),
    ]
)
"""The columns of ``points.parquet``, sorted by run, key, step and time."""

OUTPUT = pa.schema(
    [
        ("run", pa.string()),
        ("number", pa.int64()),
        ("stream", pa.string()),
        ("time", _TIME),
        ("text", pa.string()),
    ]
)
"""The columns of ``output.parquet``, sorted by run and number."""


class ExportedDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset that a run used; its tags say as what."""

    name: str
    digest: str
    kind: str
    source: str
    schema: str | None
    profile: str | None
    tags: dict[str, str]


class ExportedArtifact(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a run: its path there, and `file`, where it lies in the export."""

    path: str
    file: str
    size: int
    sha256: str
    logged: datetime


class ExportedCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at a step of a metric instead of what was recorded before `at`.

    `value` is null where none stands (`removed`); what JSON has no number for is a text:
    ``"nan"``, ``"inf"``, ``"-inf"``.
    """

    key: str
    step: int
    value: float | str | None
    removed: bool
    reason: str
    by: str
    at: datetime


class ExportedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run; `captured` names of each kind the file that holds it; `metrics` are last values."""

    id: str
    project: str
    name: str
    status: str
    started: datetime
    ended: datetime | None
    user: str
    parent: str | None
    params: dict[str, msgspec.Raw]
    tags: dict[str, str]
    metrics: dict[str, float | None]
    corrections: list[ExportedCorrection]
    datasets: list[ExportedDataset]
    captured: dict[str, str]
    artifacts: list[ExportedArtifact]


class ExportedProject(msgspec.Struct, frozen=True, kw_only=True):
    """A project."""

    name: str
    created: datetime
    tags: dict[str, str]


class ExportedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a registered model, in the words of `store.registered_versions`."""

    version: int
    source: str
    place: str
    run: str | None
    run_link: str
    logged_model: str | None
    description: str | None
    user: str
    state: str
    message: str
    stage: str
    created: datetime
    updated: datetime
    tags: dict[str, str]


class ExportedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A registered model; `aliases` name versions of it."""

    name: str
    description: str
    created: datetime
    updated: datetime
    tags: dict[str, str]
    aliases: dict[str, int]
    versions: list[ExportedVersion]


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """What was exported, when, by which Whence and from where, and what of (`asked`).

    `artifacts` are those of runs, logged models and traces.
    """

    format: int
    whence: str
    made: datetime
    asked: dict[str, Any]
    runs: int
    points: int
    artifacts: int
    bytes: int
    datasets: int = 0
    logged_models: int = 0
    traces: int = 0


def path_of(run: str, path: str) -> str:
    """Return where a file of a run lies in an export."""
    return safe_path(f"{path_below('artifacts', run)}/{path}")


def path_below(folder: str, identifier: str) -> str:
    """Return where the files of something lie in an export."""
    return f"{folder}/{quote(identifier, safe='')}"


README = """\
Runs of Whence, in files that any tool reads.

export.json       what this is. It was written last: without it the export broke off.
runs.jsonl        one run a line, as JSON: id, project, name, status, times (ISO 8601, UTC), user,
                  parent, params, tags, datasets; last values of metrics (null: not a number, or
                  infinite; points.parquet has them as they are); names of the files below.
points.parquet    every value of every metric as it was recorded: run, key, step, time (UTC),
                  value; sorted by run, key, step, time. What was put right later stands in
                  runs.jsonl under "corrections".
output.parquet    what programs printed: run, number of the first line, stream, time, text.
captured/         what runs captured of code, command and environment; runs.jsonl names the files.
artifacts/        files of runs: artifacts/RUN/PATH. They may be hard links into the store that
                  they came from: copy one before you change it.
projects.json     the projects, with their tags.
datasets.json     datasets, and what each was made from: run:ID, model:NAME@VERSION,
                  predictions:NAME@VERSION, labels:NAME, dataset:NAME@DIGEST.
registry.json     registered models, their versions, tags and aliases.
logged_models.jsonl  one logged model a line: params, tags, values of metrics, the runs that made
                  or used it, and its files.
traces.jsonl      one trace a line: when, how it went, tags, assessments, the runs and prompts it
                  has to do with, and its files. Durations are microseconds.
spans.parquet     the spans of traces: trace, id, parent, name, kind, status, started, ended
                  (nanoseconds, UTC); message, attributes, events, links, more as JSON, where
                  {"$bytes": BASE64} and {"$number": "nan"} stand for what JSON has not.
logged_models/, traces/  their files, by id.

Not here: what was deleted; predictions and labels; evaluation datasets, scorers and reviews.

Back into a store:   whence import-runs THIS_FOLDER
pandas:              pandas.read_parquet("points.parquet")
                     pandas.read_json("runs.jsonl", lines=True)
DuckDB:              SELECT * FROM 'points.parquet' JOIN 'runs.jsonl' ON run = id
"""
