"""MLflow's database: a SQLite file that ``mlflow server`` or a client wrote, read only.

The tables and columns are those of MLflow 3.17; of older ones some may be missing, which then
hold nothing (`mlflow/store/tracking/dbmodels/models.py` and `store/model_registry/dbmodels`).
"""

from __future__ import annotations

import math
import sqlite3
from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.store.datasets import Dataset, Input
from whence.store.fresh import Point
from whence.store.registry import RegisteredModel
from whence.work.importing.sources.mlflow import (
    DELETED,
    PARENT,
    Artifacts,
    micros_of,
    status_of,
    version_of,
)
from whence.work.importing.sources.source import AT_ONCE, SourceProject, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whence.store.registered_versions import RegisteredVersion
    from whence.work.importing.sources.source import SourceFile

__all__ = ["MlflowDatabase", "is_database"]

_MAGIC = b"SQLite format 3\0"
_NEEDED = {"experiments", "runs", "metrics", "params", "tags"}
_ACTIVE = "lifecycle_stage = 'active'"
_KEPT_RUNS = (
    f"runs JOIN experiments USING (experiment_id) WHERE runs.{_ACTIVE} AND experiments.{_ACTIVE}"
)


def is_database(path: Path) -> bool:
    """Return whether it is a SQLite file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


class MlflowDatabase:
    """A database of MLflow.

    Parameters
    ----------
    path
        The file.
    served
        The folder that ``mlflow-artifacts:/`` stands for; None if it is not known.

    Raises
    ------
    BadInput
        If it is no such database, or one of several workspaces.
    """

    def __init__(self, path: Path, served: Path | None = None) -> None:
        self._path = path
        self._artifacts = Artifacts(served)
        self._said: list[str] = []
        self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row
        with self._db:
            self._tables = {
                name: {row["name"] for row in self._all(f"PRAGMA table_info({name})")}
                for (name,) in self._all("SELECT name FROM sqlite_master WHERE type = 'table'")
                if name.isidentifier()
            }
        missing = _NEEDED - set(self._tables)
        if missing:
            raise BadInput(
                f"{path} is no database of MLflow: it has no table {', '.join(sorted(missing))}"
            )
        self._refuse_workspaces()
        self._count_deleted()

    @property
    def notes(self) -> list[str]:
        """What was left out, in words."""
        return [*self._said, *self._artifacts.notes()]

    def projects(self) -> Iterator[SourceProject]:
        """Yield the experiments."""
        columns = self._tables["experiments"]
        created = "coalesce(creation_time, 0)" if "creation_time" in columns else "0"
        for number, name, at in self._all(
            f"SELECT experiment_id, name, {created} FROM experiments WHERE {_ACTIVE}"  # noqa: S608 - of fixed words
            " ORDER BY experiment_id"
        ):
            tags = self._pairs("experiment_tags", "experiment_id = ?", number)
            yield SourceProject(name, micros_of(at, "an experiment's creation time"), tags)

    def runs(self) -> Iterator[SourceRun]:
        """Yield the runs that were not deleted, the oldest first."""
        for row in self._all(
            "SELECT run_uuid, runs.name, status, start_time, end_time, user_id, artifact_uri,"  # noqa: S608 - of fixed words
            f" experiments.name AS project FROM {_KEPT_RUNS} ORDER BY start_time, run_uuid"
        ):
            try:
                run = self._run(row)
            except BadInput as error:  # the others come
                self._said.append(f"run {row['run_uuid']} was left out: {error}")
                continue
            yield run

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield the registered models with their versions."""
        if "registered_models" not in self._tables:
            return
        for name, description, created, updated in self._all(
            "SELECT name, description, creation_time, last_updated_time FROM registered_models"
            " ORDER BY name"
        ):
            aliases = self._pairs(
                "registered_model_aliases", "name = ?", name, key="alias", value="version"
            )
            model = RegisteredModel(
                name,
                description or "",
                micros_of(created, "a model's creation time"),
                micros_of(updated, "a model's last change"),
                self._pairs("registered_model_tags", "name = ?", name),
                {alias: int(version) for alias, version in aliases.items()},
            )
            yield model, list(self._versions(model))

    def _versions(self, model: RegisteredModel) -> Iterator[RegisteredVersion]:
        for row in self._all(
            "SELECT * FROM model_versions WHERE name = ? AND current_stage != ? ORDER BY version",
            *(model.name, DELETED),
        ):
            number = row["version"]
            tags = self._pairs("model_version_tags", "name = ? AND version = ?", model.name, number)
            aliases = sorted(alias for alias, one in model.aliases.items() if one == number)
            yield version_of(dict(row), tags, aliases)

    def _run(self, row: sqlite3.Row) -> SourceRun:
        run = str(row["run_uuid"])
        tags = self._pairs("tags", "run_uuid = ?", run)
        uri = row["artifact_uri"] or ""

        def points() -> Iterator[list[Point]]:
            return self._points(run)

        def files() -> Iterator[SourceFile]:
            return self._artifacts.of_run(uri, run)

        ended = row["end_time"]
        return SourceRun(
            id=run,
            project=row["project"],
            name=row["name"] or "",
            status=status_of(row["status"]),
            started=micros_of(row["start_time"], f"the start of run {run}"),
            ended=None if ended is None else micros_of(ended, f"the end of run {run}"),
            user=row["user_id"] or "",
            parent=tags.get(PARENT),
            params=self._pairs("params", "run_uuid = ?", run),
            tags=tags,
            datasets=self._datasets(run),
            points=points,
            files=files,
        )

    def _points(self, run: str) -> Iterator[list[Point]]:
        found = self._db.execute(
            "SELECT key, step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ?"
            " ORDER BY key, timestamp, step",
            (run,),
        )
        while rows := self._some(found):
            yield [
                Point(run, key, step, time * 1000, math.nan if is_nan else float(value))
                for key, step, time, value, is_nan in rows
            ]

    def _datasets(self, run: str) -> list[Input]:
        if not {"datasets", "inputs", "input_tags"} <= set(self._tables):
            return []
        rows = self._all(
            "SELECT input_uuid, name, digest, dataset_source_type, dataset_source, dataset_schema,"
            " dataset_profile FROM inputs JOIN datasets ON dataset_uuid = source_id"
            " WHERE source_type = 'DATASET' AND destination_type = 'RUN' AND destination_id = ?"
            " ORDER BY name, digest",
            run,
        )
        return [
            Input(
                Dataset(*tuple(row)[1:]),
                self._pairs("input_tags", "input_uuid = ?", row["input_uuid"], key="name"),
            )
            for row in rows
        ]

    def _refuse_workspaces(self) -> None:
        if "workspace" in self._tables["experiments"]:
            spaces = [one for (one,) in self._all("SELECT DISTINCT workspace FROM experiments")]
            if len(spaces) > 1:
                raise BadInput(
                    f"{self._path} has the workspaces {', '.join(sorted(spaces))}, in which "
                    "experiments may have the same names; only databases of one can be brought"
                )

    def _count_deleted(self) -> None:
        ((everything,),) = self._all("SELECT COUNT(*) FROM runs")
        ((kept,),) = self._all(f"SELECT COUNT(*) FROM {_KEPT_RUNS}")  # noqa: S608 - of fixed words
        if everything > kept:
            self._said.append(f"deleted runs ({everything - kept:,}) were left out")
        for table, what in (("logged_models", "logged models"), ("trace_info", "traces")):
            if table in self._tables:
                ((some,),) = self._all(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - of fixed words
                if some:
                    self._said.append(f"{what} ({some:,}) were left out: only runs, registered "
                                      "models and their versions are brought")  # fmt: skip

    def _pairs(
        self, table: str, where: str, *values: object, key: str = "key", value: str = "value"
    ) -> dict[str, str]:
        if table not in self._tables:
            return {}
        rows = self._all(f"SELECT {key}, {value} FROM {table} WHERE {where} ORDER BY 1", *values)  # noqa: S608 - of fixed words
        return {name: "" if said is None else str(said) for name, said in rows}

    def _some(self, found: sqlite3.Cursor) -> list[sqlite3.Row]:
        try:
            return found.fetchmany(AT_ONCE)
        except sqlite3.DatabaseError as error:
            raise BadInput(f"the database {self._path} cannot be read: {error}") from error

    def _all(self, query: str, *values: object) -> list[sqlite3.Row]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise BadInput(f"the database {self._path} cannot be read: {error}") from error
