"""MLflow's folder of files, ``mlruns``: what clients without a server wrote.

::

    mlruns/
      EXPERIMENT/meta.yaml, tags/KEY
      EXPERIMENT/RUN/meta.yaml, params/KEY, tags/KEY, metrics/KEY, inputs/ID/meta.yaml, artifacts/
      EXPERIMENT/datasets/ID/meta.yaml
      models/NAME/meta.yaml, tags/KEY, aliases/NAME, version-N/meta.yaml, version-N/tags/KEY

A line of a metric is ``MILLISECONDS VALUE STEP``, perhaps with a dataset behind; of very old ones
the step is missing, and is 0 (`mlflow/store/tracking/file_store.py` of 3.17).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whence.errors import BadInput
from whence.store.datasets import Dataset, Input
from whence.store.fresh import Point
from whence.store.registry import RegisteredModel
from whence.work.importing.sources.files import below, is_within
from whence.work.importing.sources.mlflow import (
    DELETED,
    PARENT,
    Artifacts,
    micros_of,
    status_of,
    version_of,
)
from whence.work.importing.sources.plain_yaml import parse
from whence.work.importing.sources.source import AT_ONCE, SourceProject, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.store.registered_versions import RegisteredVersion
    from whence.work.importing.sources.plain_yaml import Mapping
    from whence.work.importing.sources.source import SourceFile

__all__ = ["MlflowFiles", "is_mlruns"]

_META = "meta.yaml"
_TRASH = ".trash"
_REGISTRY = "models"
_STATUSES = ("", "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
"""By the number that a file holds, from 1."""

_DATASET = ("name", "digest", "source_type", "source")
_WITH_STEP = frozenset({3, 5})
_WITHOUT_STEP = 2


def is_mlruns(folder: Path) -> bool:
    """Return whether a folder has experiments, each with its ``meta.yaml``."""
    return any("experiment_id:" in _text(path) for path in sorted(folder.glob(f"*/{_META}"))[:20])


class MlflowFiles:
    """A folder of MLflow.

    Parameters
    ----------
    folder
        ``mlruns``.
    served
        The folder that ``mlflow-artifacts:/`` stands for; None if it is not known.
    """

    def __init__(self, folder: Path, served: Path | None = None) -> None:
        self._folder = folder
        self._artifacts = Artifacts(served)
        self._said: list[str] = []
        self._links: dict[Path, None] = {}
        self._experiments: list[tuple[Path, Mapping]] = []
        self._deleted = len([*(folder / _TRASH).glob(f"*/*/{_META}")])
        self._registry = folder / _REGISTRY
        for path in self._metas(folder, f"*/{_META}"):
            meta = _meta(path) if path.parent.name != _REGISTRY else {}
            if meta.get("lifecycle_stage") == "active" and "experiment_id" in meta:
                self._experiments.append((path.parent, meta))
            elif "experiment_id" in meta:
                self._deleted += len([*path.parent.glob(f"*/{_META}")])
        models = sum(len([*place.glob(f"models/*/{_META}")]) for place, _ in self._experiments)
        if models:
            self._said.append(f"logged models ({models:,}) were left out: only runs, registered "
                              "models and their versions are brought")  # fmt: skip

    @property
    def notes(self) -> list[str]:
        """What was left out, in words."""
        gone = [f"deleted runs ({self._deleted:,}) were left out"] if self._deleted else []
        links = [f"{path} was left out: a link leads from there to elsewhere than {self._folder}"
                 for path in self._links]  # fmt: skip
        return [*gone, *self._said, *links, *self._artifacts.notes()]

    def projects(self) -> Iterator[SourceProject]:
        """Yield the experiments."""
        for place, meta in self._experiments:
            created = micros_of(meta.get("creation_time") or 0, f"the creation time in {place}")
            yield SourceProject(str(meta["name"]), created, self._values(place / "tags"))

    def runs(self) -> Iterator[SourceRun]:
        """Yield the runs that were not deleted."""
        for place, experiment in self._experiments:
            for path in self._metas(place, f"*/{_META}"):
                try:
                    run = self._run_at(path, str(experiment["name"]))
                except BadInput as error:  # the others come
                    self._said.append(f"the run in {path.parent} was left out: {error}")
                    continue
                if run is not None:
                    yield run

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield the registered models with their versions."""
        for path in self._metas(self._registry, f"*/{_META}"):
            meta, place = _meta(path), path.parent
            aliases = {name: int(said) for name, said in self._values(place / "aliases").items()}
            model = RegisteredModel(
                str(meta["name"]),
                str(meta.get("description") or ""),
                micros_of(meta["creation_timestamp"], f"the creation time in {path}"),
                micros_of(meta["last_updated_timestamp"], f"the last change in {path}"),
                self._values(place / "tags"),
                aliases,
            )
            found = self._metas(place, f"version-*/{_META}")
            versions = (self._version(one, aliases) for one in found)
            kept = [one for one in versions if one is not None]
            yield model, sorted(kept, key=lambda one: one.version)

    def _run_at(self, path: Path, project: str) -> SourceRun | None:
        """Return the run of a ``meta.yaml``; None if it is of something else, or was deleted."""
        meta = _meta(path)
        if "run_id" not in meta and "run_uuid" not in meta:
            return None
        if meta.get("lifecycle_stage") == "deleted":
            self._deleted += 1
            return None
        return self._run(path.parent, meta, project)

    def _run(self, place: Path, meta: _Meta, project: str) -> SourceRun:
        run = str(meta.get("run_id") or meta["run_uuid"])
        tags = self._values(place / "tags")
        uri = str(meta.get("artifact_uri") or "")

        def files() -> Iterator[SourceFile]:
            beside = place / "artifacts"
            return self._artifacts.of_run(uri, run, beside if self._is_inside(beside) else None)

        def points() -> Iterator[list[Point]]:
            return self._points(run, place / "metrics")

        ended = meta.get("end_time")
        return SourceRun(
            id=run,
            project=project,
            name=str(meta.get("run_name") or meta.get("name") or tags.get("mlflow.runName") or ""),
            status=status_of(_status(meta["status"])),
            started=micros_of(meta["start_time"], f"the start of run {run}"),
            ended=None if ended is None else micros_of(ended, f"the end of run {run}"),
            user=str(meta.get("user_id") or ""),
            parent=tags.get(PARENT),
            params=self._values(place / "params"),
            tags=tags,
            datasets=list(self._datasets(place)),
            points=points,
            files=files,
        )

    def _points(self, run: str, folder: Path) -> Iterator[list[Point]]:
        if not self._is_inside(folder):
            return
        for file in below(folder, self._folder):
            chunk: list[Point] = []
            with file.place.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    point = _point(run, file.path, line)
                    if point is None:
                        self._said.append(
                            f"line {number} of {file.place} is no point: {line!r:.60}"
                        )
                        continue
                    chunk.append(point)
                    if len(chunk) == AT_ONCE:
                        yield chunk
                        chunk = []
            if chunk:
                yield chunk

    def _datasets(self, run: Path) -> Iterator[Input]:
        for path in self._metas(run, f"inputs/*/{_META}"):
            meta = _meta(path)
            if meta.get("source_type") != "DATASET":
                continue
            known = run.parent / "datasets" / Path(str(meta["source_id"])).name / _META
            if not known.is_file() or not self._is_inside(known):
                continue
            said = _meta(known)
            tags: Any = meta.get("tags") or {}
            facts = (str(said[name] or "") for name in _DATASET)
            more = (said.get(name) for name in ("schema", "profile"))
            yield Input(
                Dataset(*facts, *(None if one is None else str(one) for one in more)),
                {str(key): str(value) for key, value in tags.items()},
            )

    def _version(self, path: Path, aliases: dict[str, int]) -> RegisteredVersion | None:
        meta = _meta(path)
        # The words of files and of the database differ in these two.
        times = {
            "creation_time": meta["creation_timestamp"],
            "last_updated_time": meta["last_updated_timestamp"],
        }
        row = _Meta(path, {**meta, **times})
        if meta.get("current_stage") == DELETED:
            return None
        said = sorted(alias for alias, number in aliases.items() if number == meta["version"])
        return version_of(row, self._values(path.parent / "tags"), said)

    def _values(self, folder: Path) -> dict[str, str]:
        """Return what the files of a folder hold, by path."""
        if not self._is_inside(folder):
            return {}
        return {file.path: _text(file.place) for file in below(folder, self._folder)}

    def _metas(self, folder: Path, pattern: str) -> list[Path]:
        """Return the files of a pattern, in order, but those that links lead to elsewhere."""
        return [path for path in sorted(folder.glob(pattern)) if self._is_inside(path)]

    def _is_inside(self, path: Path) -> bool:
        inside = is_within(path, self._folder)
        if not inside:
            self._links[path] = None
        return inside


def _point(run: str, key: str, line: str) -> Point | None:
    """Return what a line says; None for one that was cut short, or is something else."""
    parts = line.split()
    if len(parts) not in {*_WITH_STEP, _WITHOUT_STEP} or not line.endswith("\n"):
        return None
    try:
        step = int(parts[2]) if len(parts) in _WITH_STEP else 0
        return Point(run, key, step, int(parts[0]) * 1000, float(parts[1]))
    except ValueError:
        return None


def _status(said: object) -> str:
    if isinstance(said, int) and 0 < said < len(_STATUSES):
        return _STATUSES[said]
    return str(said)


class _Meta(dict[str, Any]):
    """What a ``meta.yaml`` says; what it should and does not say is an error that names it."""

    def __init__(self, path: Path, said: Mapping) -> None:
        super().__init__(said)
        self._path = path

    def __missing__(self, key: str) -> object:
        raise BadInput(f"{self._path} says nothing of {key!r}, as MLflow's files do")


def _meta(path: Path) -> _Meta:
    return _Meta(path, parse(_text(path), str(path)))


def _text(path: Path) -> str:
    try:
        # Not the universal line ends of open: a carriage return is a part of a value.
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is no UTF-8 text, as MLflow writes it: {error}") from error
