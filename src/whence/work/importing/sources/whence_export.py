"""A folder that ``whence export`` wrote, back again."""

from __future__ import annotations

import math
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset

from whence.errors import BadInput
from whence.store.corrections import Correction
from whence.store.datasets import Dataset, Input
from whence.store.fresh import Point
from whence.store.registered_versions import RegisteredVersion
from whence.store.registry import RegisteredModel
from whence.types.captured import KINDS
from whence.types.paths import safe_path
from whence.types.records import Output
from whence.types.time import micros
from whence.work.exporting.datasets import ExportedOrigins
from whence.work.exporting.layout import (
    FORMAT,
    MARKER,
    OUTPUT,
    POINTS,
    ExportedArtifact,
    ExportedCorrection,
    ExportedModel,
    ExportedProject,
    ExportedRun,
    Marker,
    path_below,
)
from whence.work.exporting.logged_models import ExportedLoggedModel
from whence.work.exporting.traces import SPANS, TRACES, ExportedTrace
from whence.work.importing.sources.files import is_within
from whence.work.importing.sources.source import AT_ONCE, SourceFile, SourceProject, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["WhenceExport", "is_export"]

_LINES = 200
"""Parts of output at a time: at most 13 MB."""

_COUNTED = pa.schema(
    [one.with_type(pa.int64()) if pa.types.is_timestamp(one.type) else one for one in SPANS]
)

_T = TypeVar("_T")


def is_export(folder: Path) -> bool:
    """Return whether a folder is an export, be it one that broke off."""
    return (folder / MARKER).is_file() or (folder / "runs.jsonl").is_file()


class WhenceExport:
    """An export.

    Parameters
    ----------
    folder
        Where it lies.

    Raises
    ------
    BadInput
        If it broke off, or a newer Whence wrote it.
    """

    def __init__(self, folder: Path) -> None:
        self._missing: list[str] = []
        self.folder = folder
        if not (folder / MARKER).is_file():
            raise BadInput(f"the export {folder} broke off: it has no {MARKER}; export again")
        marker = self._read(MARKER, dict[str, Any])
        if marker.get("format") != FORMAT:
            raise BadInput(
                f"the export {folder} has the format {marker.get('format')!r:.20}; this Whence "
                f"reads {FORMAT}; upgrade with: pip install -U whence"
            )
        self._marker = self._read(MARKER, Marker)
        self._points = self._parquet("points.parquet", POINTS)
        self._output = self._parquet("output.parquet", OUTPUT)
        self._spans = self._parquet("spans.parquet", SPANS)

    @property
    def notes(self) -> list[str]:
        """What was left out, in words."""
        return self._missing

    def projects(self) -> Iterator[SourceProject]:
        """Yield the projects."""
        for one in self._read("projects.json", list[ExportedProject]):
            yield SourceProject(one.name, micros(one.created), one.tags)

    def runs(self) -> Iterator[SourceRun]:
        """Yield the runs, in the order in which they were written."""
        yield from map(self._run, self._lines("runs.jsonl", ExportedRun))

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield the registered models with their versions."""
        for one in self._read("registry.json", list[ExportedModel]):
            created, updated = micros(one.created), micros(one.updated)
            model = RegisteredModel(
                one.name, one.description, created, updated, one.tags, one.aliases
            )
            yield (
                model,
                [
                    RegisteredVersion(
                        model=one.name,
                        **{
                            **msgspec.structs.asdict(version),
                            "created": micros(version.created),
                            "updated": micros(version.updated),
                        },
                        aliases=[],
                    )
                    for version in one.versions
                ],
            )

    def datasets(self) -> list[ExportedOrigins]:
        """Return the datasets, with what they were made from."""
        return self._read("datasets.json", list[ExportedOrigins])

    def logged_models(self) -> Iterator[ExportedLoggedModel]:
        """Yield the logged models."""
        yield from self._lines("logged_models.jsonl", ExportedLoggedModel)

    def traces(self) -> Iterator[tuple[list[ExportedTrace], pa.Table]]:
        """Yield traces, some at a time, with their spans; the spans' times in nanoseconds."""
        lines = self._lines("traces.jsonl", ExportedTrace)
        while page := list(islice(lines, TRACES)):
            ids = [one.id for one in page]
            within = (pc.field("trace") >= min(ids)) & (pc.field("trace") <= max(ids))
            # Python has no time of nanoseconds.
            yield page, self._spans.to_table(filter=within).cast(_COUNTED)

    def _lines(self, name: str, kind: type[_T]) -> Iterator[_T]:
        path = self._own(name)
        try:
            with path.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    yield _decoded(line, kind, f"line {number} of {path}")
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error

    def _run(self, one: ExportedRun) -> SourceRun:
        return SourceRun(
            id=one.id,
            project=one.project,
            name=one.name,
            status=one.status,
            started=micros(one.started),
            ended=None if one.ended is None else micros(one.ended),
            user=one.user,
            parent=one.parent,
            params=one.params,
            tags=one.tags,
            datasets=[
                Input(
                    Dataset(said.name, said.digest, said.kind, said.source, said.schema,
                            said.profile),
                    said.tags,
                )
                for said in one.datasets
            ],
            corrections=[_correction(one.id, said) for said in one.corrections],
            captured={kind: self._captured(kind, name) for kind, name in one.captured.items()},
            points=partial(self._points_of, one.id),
            files=partial(self.files, "artifacts", one.id, one.artifacts),
            output=partial(self._output_of, one.id),
        )  # fmt: skip

    def _captured(self, kind: str, name: str) -> bytes:
        if kind not in KINDS:
            raise BadInput(
                f"{self.folder} has captured facts of the kind {kind!r:.40}, which this Whence "
                "does not know; upgrade with: pip install -U whence"
            )
        return msgspec.msgpack.encode(self._read(safe_path(name), KINDS[kind]))

    def _points_of(self, run: str) -> Iterator[list[Point]]:
        for batch in self._rows(self._points, run):
            columns = (batch["run"], batch["key"], batch["step"], batch["time"].cast(pa.int64()),
                       batch["value"])  # fmt: skip
            yield [Point(*row) for row in zip(*(one.to_pylist() for one in columns), strict=True)]

    def _output_of(self, run: str) -> Iterator[list[Output]]:
        for batch in self._rows(self._output, run, _LINES):
            times = batch["time"].cast(pa.int64()).to_pylist()
            rest = (batch[name].to_pylist() for name in ("number", "stream", "text"))
            yield [Output(run, at, *row) for at, *row in zip(times, *rest, strict=True)]

    def files(
        self, folder: str, identifier: str, artifacts: Sequence[ExportedArtifact]
    ) -> Iterator[SourceFile]:
        """Yield the files of something; those that are not there are noted.

        Where they lie is made of what they are, and never read: it could lead anywhere.
        """
        for one in artifacts:
            try:
                place = self.folder / safe_path(f"{path_below(folder, identifier)}/{one.path}")
            except BadInput as error:
                self._missing.append(f"a file of {identifier} was left out: {error}")
                continue
            if not is_within(place, self.folder) or place.is_symlink() or not place.is_file():
                self._missing.append(f"{place} is not there, or behind a link; it was left out")
                continue
            if not one.sha256:
                self._missing.append(f"{place} was left out: its SHA-256 is not said")
                continue
            yield SourceFile(one.path, place, micros(one.logged), one.sha256)

    def _rows(
        self, table: dataset.Dataset, run: str, size: int = AT_ONCE
    ) -> Iterator[pa.RecordBatch]:
        scanner = table.scanner(
            filter=pc.field("run") == run, batch_size=size, batch_readahead=1, fragment_readahead=1
        )
        for batch in scanner.to_batches():
            if batch.num_rows:
                yield batch

    def _own(self, name: str) -> Path:
        """Return a file of the export; one that a link leads to elsewhere is none of it."""
        path = self.folder / name
        if not is_within(path, self.folder):
            raise BadInput(f"{path} is a link, or behind one; the files of an export are none")
        return path

    def _parquet(self, name: str, schema: pa.Schema) -> dataset.Dataset:
        path = self._own(name)
        if path.is_dir():  # of which every file would be read, and links among them
            raise BadInput(f"{path} cannot be read: it is a folder")
        try:
            found = dataset.dataset(path, format="parquet")
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"{path} cannot be read: {error}") from error
        if not found.schema.equals(schema):
            raise BadInput(
                f"{path} has the columns {', '.join(found.schema.names)}, or other "
                f"types; an export has {', '.join(schema.names)}"
            )
        return found

    def _read(self, name: str, kind: type[_T]) -> _T:
        path = self._own(name)
        try:
            return _decoded(path.read_bytes(), kind, str(path))
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error


def _correction(run: str, said: ExportedCorrection) -> Correction:
    value = math.nan if said.value is None else float(said.value)
    return Correction(
        0, run, said.key, said.step, value, said.removed, said.reason, said.by, micros(said.at)
    )


def _decoded(content: bytes, kind: type[_T], where: str) -> _T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise BadInput(f"{where} is not as an export writes it: {error}") from error
