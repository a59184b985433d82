"""Logged models in an export: ``logged_models.jsonl``, a model a line, and their files."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from whence.store import logged_models
from whence.store.holders import folder_of_model
from whence.types.time import moment
from whence.work.exporting.files import export_files
from whence.work.exporting.layout import ExportedArtifact, path_below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from whence.store.folder import StoreFolder
    from whence.store.logged_metrics import ModelPoint
    from whence.store.logged_models import LoggedModel

__all__ = ["ExportedLoggedModel", "ExportedModelPoint", "ExportedTie", "export_models"]

_PAGE = 200
"""Models that are in memory at a time."""

_CHOSEN = (
    "id > ? AND deleted IS NULL"
    " AND project NOT IN (SELECT projects.name FROM projects WHERE projects.deleted IS NOT NULL)"
    " AND (? OR project = ? OR id IN (SELECT logged.id"
    " FROM logged_models AS logged JOIN json_each(?) AS made ON made.value = logged.run"
    " UNION SELECT model FROM run_models JOIN json_each(?) AS used ON used.value = run))"
)


class ExportedModelPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a run said of a model, on a dataset ("" without one); see `ExportedTie` too.

    What JSON has no number for is a text: ``"nan"``, ``"inf"``, ``"-inf"``.
    """

    key: str
    step: int
    time: datetime
    value: float | str
    run: str
    dataset: str
    digest: str


class ExportedTie(msgspec.Struct, frozen=True, kw_only=True):
    """A run that made a model (`role` is ``"output"``), or used it (``"input"``)."""

    run: str
    role: str
    step: int
    at: datetime


class ExportedLoggedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A logged model, in the words of `store.logged_models`."""

    id: str
    project: str
    name: str
    run: str | None
    kind: str
    state: str
    message: str
    created: datetime
    updated: datetime
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[ExportedModelPoint]
    runs: list[ExportedTie]
    artifacts: list[ExportedArtifact]


def export_models(
    store: StoreFolder, folder: Path, ids: Sequence[str] | None, project: str | None
) -> tuple[int, int]:
    """Write logged models to an export; return how many, and how many files they have.

    Parameters
    ----------
    ids
        Only those that these runs made or used; all if None.
    project
        Those of this project too.
    """
    runs = msgspec.json.encode(ids or []).decode()
    written, files, last = 0, 0, ""
    with (folder / "logged_models.jsonl").open("wb") as out:
        while found := logged_models.page(
            store.metadata,
            where=_CHOSEN,
            values=(last, ids is None, project, runs, runs),
            limit=_PAGE,
        ):
            for one in found:
                line = _exported(store, folder, one)
                out.write(msgspec.json.encode(line) + b"\n")
                files += len(line.artifacts)
            written += len(found)
            last = found[-1].id
    return written, files


def _exported(store: StoreFolder, folder: Path, one: LoggedModel) -> ExportedLoggedModel:
    own = folder_of_model(store.metadata, one.id)
    into = path_below("logged_models", one.id)
    return ExportedLoggedModel(
        id=one.id,
        project=one.project,
        name=one.name,
        run=one.run,
        kind=one.kind,
        state=one.state,
        message=one.message,
        created=moment(one.created),
        updated=moment(one.updated),
        params=one.params,
        tags=one.tags,
        metrics=[_point(said) for said in one.metrics],
        runs=_ties(store, one.id),
        artifacts=list(export_files(store, folder, own, into)),
    )


def _point(said: ModelPoint) -> ExportedModelPoint:
    point = said.point
    return ExportedModelPoint(
        key=point.key,
        step=point.step,
        time=moment(point.time),
        value=point.value if math.isfinite(point.value) else str(point.value),
        run=point.run,
        dataset=said.dataset,
        digest=said.digest,
    )


def _ties(store: StoreFolder, model: str) -> list[ExportedTie]:
    return [
        ExportedTie(run=run, role=role, step=step, at=moment(at))
        for run, role, step, at in store.metadata.all(
            "SELECT run, role, step, at FROM run_models WHERE model = ? ORDER BY at, run, role",
            model,
        )
    ]
