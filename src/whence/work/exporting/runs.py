"""Runs, and what belongs to them, out of the store: Parquet and JSON that any tool reads."""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
from pyarrow import parquet

from whence import __version__
from whence.errors import BadInput, NotFound
from whence.journal.unwritable import unwritable
from whence.store import (
    captures,
    corrections,
    datasets,
    places,
    projects,
    run_search,
    runs,
)
from whence.types.time import moment
from whence.work.exporting.datasets import datasets_of
from whence.work.exporting.files import put
from whence.work.exporting.layout import (
    FORMAT,
    MARKER,
    OUTPUT,
    README,
    ExportedArtifact,
    ExportedCorrection,
    ExportedDataset,
    ExportedProject,
    ExportedRun,
    Marker,
    path_of,
)
from whence.work.exporting.logged_models import export_models
from whence.work.exporting.points import export_points
from whence.work.exporting.registry import models_of
from whence.work.exporting.traces import export_traces
from whence.work.telling import silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from whence.store.folder import StoreFolder
    from whence.types.runs import RunRow
    from whence.work.telling import Tell

__all__ = ["export"]

_PAGE = 200
"""Runs that are in memory at a time."""

_PROJECTS = """
SELECT DISTINCT project FROM runs WHERE id IN (SELECT value FROM json_each(?1))
UNION SELECT name FROM projects WHERE ?2 AND deleted IS NULL
AND (id IN (SELECT project FROM traces)
     OR name IN (SELECT project FROM logged_models WHERE deleted IS NULL)) ORDER BY 1
"""

_LINES = 200
"""Parts of output at a time: at most 13 MB."""


def export(
    store: StoreFolder,
    folder: Path,
    *,
    project: str | None = None,
    where: str | None = None,
    tell: Tell = silent,
) -> Marker:
    """Write runs, and what belongs to them, to a folder; return what was written.

    Parameters
    ----------
    folder
        Where to; made when absent.
    project, where
        Only the runs of this project, only those that fit: see `run_search.native`; then logged
        models, traces and datasets are those of that project, or with `where` of those runs.
    tell
        Called as it goes on: see `whence.work.telling`.

    Raises
    ------
    BadInput
        If the folder holds anything, or there is no such filter.
    NotFound
        If no run fits.
    Unwritable
        If the folder cannot be written.
    """
    ids = _chosen(store, project, where)
    everything = project is None and where is None
    if not ids and (not everything or _is_bare(store)):
        raise NotFound("there is no such run to export; whence runs lists those that there are")
    chosen = None if everything else ids
    home = project if where is None else None
    try:
        _prepare(folder)
        written = _write_runs(store, folder, ids, tell)
        points = export_points(store, folder / "points.parquet", ids, tell)
        _write_output(store, folder / "output.parquet", ids)
        _write_json(folder / "projects.json", list(_projects(store, ids, everything=everything)))
        data = list(datasets_of(store, chosen, home))
        _write_json(folder / "datasets.json", data)
        _write_json(folder / "registry.json", list(models_of(store, chosen)))
        models, of_models = export_models(store, folder, chosen, home)
        traces, of_traces = export_traces(store, folder, chosen, home)
        (folder / "README.txt").write_text(README, encoding="utf-8")
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        marker = Marker(
            format=FORMAT,
            whence=__version__,
            made=datetime.now(UTC),
            asked={"project": project, "where": where},
            runs=len(ids),
            points=points,
            artifacts=written + of_models + of_traces,
            bytes=size,
            datasets=len(data),
            logged_models=models,
            traces=traces,
        )
        _write_json(folder / MARKER, marker)
    except OSError as error:
        raise unwritable(folder, error) from error
    return marker


def _is_bare(store: StoreFolder) -> bool:
    """Whether there is nothing to export besides runs."""
    return not any(
        store.metadata.one(f"SELECT 1 FROM {table}")  # noqa: S608 - of fixed words
        for table in ("datasets", "registered_models", "logged_models", "traces")
    )


def _chosen(store: StoreFolder, project: str | None, where: str | None) -> list[str]:
    asked = run_search.native(where=where, sort="started", project=project)
    found: dict[str, None] = {}
    while rows := run_search.search(store, asked, limit=_PAGE * 5, offset=len(found)):
        before = len(found)
        found.update(dict.fromkeys(row.id for row in rows))
        if len(found) == before:
            break
    return list(found)


def _prepare(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        broken = (
            folder.is_dir() and not (folder / MARKER).exists() and (folder / "runs.jsonl").exists()
        )
        hint = " (an export that broke off: delete it)" if broken else ""
        raise BadInput(
            f"{folder} is not an empty folder{hint}; name one that is empty, or is not there"
        )
    folder.mkdir(parents=True, exist_ok=True)


def _write_runs(store: StoreFolder, folder: Path, ids: Sequence[str], tell: Tell) -> int:
    """Write runs.jsonl and what it names; return how many artifacts that is."""
    files = 0
    with (folder / "runs.jsonl").open("wb") as out:
        for start in range(0, len(ids), _PAGE):
            tell("runs", start / len(ids))
            page = ids[start : start + _PAGE]
            listed = msgspec.json.encode(page).decode()
            used = datasets.inputs_of(store.metadata, page)
            params = _params(store, listed)
            for row in runs.select(
                store, "WHERE id IN (SELECT value FROM json_each(?)) ORDER BY started, id", listed
            ):
                one = _exported(store, folder, row, params.get(row.id, {}), used.get(row.id, []))
                files += len(one.artifacts)
                out.write(msgspec.json.encode(one) + b"\n")
    tell("runs", 1.0)
    return files


def _params(store: StoreFolder, listed: str) -> dict[str, dict[str, msgspec.Raw]]:
    """Return the params of runs as the JSON that they are kept as."""
    found: dict[str, dict[str, msgspec.Raw]] = {}
    for run, key, value in store.metadata.all(
        "SELECT run, key, value FROM params WHERE run IN (SELECT value FROM json_each(?))"
        " ORDER BY run, key",
        listed,
    ):
        found.setdefault(run, {})[key] = msgspec.Raw(value.encode())
    return found


def _exported(
    store: StoreFolder,
    folder: Path,
    row: RunRow,
    params: dict[str, msgspec.Raw],
    used: Sequence[datasets.Input],
) -> ExportedRun:
    return ExportedRun(
        id=row.id,
        project=row.project,
        name=row.name,
        status=row.status,
        started=row.started,
        ended=row.ended,
        user=row.user,
        parent=row.parent,
        params=params,
        tags=row.tags,
        metrics=dict(row.metrics),
        corrections=[_correction(one) for one in corrections.of_run(store.metadata, row.id)],
        datasets=[ExportedDataset(**one.dataset._asdict(), tags=one.tags) for one in used],
        captured=dict(_captured(store, folder, row.id)),
        artifacts=list(_artifacts(store, folder, row.id)),
    )


def _correction(one: corrections.Correction) -> ExportedCorrection:
    value: float | str | None = one.value if math.isfinite(one.value) else str(one.value)
    if one.removed:
        value = None
    return ExportedCorrection(
        key=one.key,
        step=one.step,
        value=value,
        removed=one.removed,
        reason=one.reason,
        by=one.by,
        at=moment(one.at),
    )


def _captured(store: StoreFolder, folder: Path, run: str) -> Iterator[tuple[str, str]]:
    """Write what a run captured, each once for all runs that share it; yield kind and file."""
    for kind, value in captures.plain(captures.of_run(store, run)).items():
        content = msgspec.json.encode(value, order="deterministic")
        name = f"captured/{_digest(content)}.json"
        if not (folder / name).exists():
            (folder / "captured").mkdir(exist_ok=True)
            (folder / name).write_bytes(content)
        yield kind, name


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _artifacts(store: StoreFolder, folder: Path, run: str) -> Iterator[ExportedArtifact]:
    for one in places.artifacts_of(store, run):
        _, content = places.file_in(store, run, one.path)
        name = path_of(run, one.path)
        put(content, folder / name)
        yield ExportedArtifact(
            path=one.path, file=name, size=one.size, sha256=one.digest, logged=one.logged
        )


def _write_output(store: StoreFolder, path: Path, ids: Sequence[str]) -> None:
    with parquet.ParquetWriter(path, OUTPUT, compression="zstd") as writer:
        for run in sorted(ids):
            start: int | None = 0
            while start is not None:
                page = captures.output(store, run, start)
                start = page.next
                if page.parts:
                    rows = [{"run": run, "number": one.number, "stream": one.stream,
                             "time": one.at, "text": one.text} for one in page.parts]  # fmt: skip
                    writer.write_table(pa.Table.from_pylist(rows, OUTPUT))


def _projects(
    store: StoreFolder, ids: Sequence[str], *, everything: bool
) -> Iterator[ExportedProject]:
    """Yield the projects of some runs, and those of logged models and traces if all are asked."""
    for (name,) in store.metadata.all(
        _PROJECTS, msgspec.json.encode(ids).decode(), everything
    ):  # fmt: skip
        found = projects.of_name(store.metadata, name)
        if found is not None:
            yield ExportedProject(name=name, created=moment(found.created), tags=found.tags)


def _write_json(path: Path, content: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
