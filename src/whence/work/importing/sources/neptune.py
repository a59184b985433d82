"""What neptune-exporter wrote before neptune.ai's servers were switched off.

::

    data/PROJECT/RUN_part_0.parquet, RUN_part_1.parquet, ...
    files/PROJECT/...

A row is one value of an attribute of a run, or one point of a series; which column holds it, the
attribute's type says (https://github.com/neptune-ai/neptune-exporter, README, "Parquet schema").
A run is whole when its part 0 is there.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter, defaultdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from whence.errors import BadInput
from whence.store.fresh import Point
from whence.types.records import Output
from whence.types.time import micros
from whence.work.importing.sources.files import is_within
from whence.work.importing.sources.source import AT_ONCE, SourceFile, SourceProject, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel

__all__ = ["NeptuneExport", "is_neptune_export"]

_PART = re.compile(r"(.+)_part_(\d+)\.parquet")
_COLUMNS = frozenset({"project_id", "run_id", "attribute_path", "attribute_type", "float_value"})
"""Some of an export's columns: those without which it is none."""

_IDS = uuid.UUID("b4f2a6a4-9c57-5d0e-9f0b-3a52d1c6b7e8")
"""Ids of runs are UUIDs of version 5 in this namespace: theirs tell runs of one project apart."""

_VALUES = {
    "int": "int_value", "float": "float_value", "string": "string_value", "bool": "bool_value",
    "datetime": "datetime_value", "string_set": "string_set_value",
}  # fmt: skip
"""Types of attributes that have one value -> the column that holds it."""

_OF_NEPTUNE = "sys/"
"""What the names of attributes that Neptune itself kept begin with."""

_STREAMS = ("stdout", "stderr")


def is_neptune_export(folder: Path) -> bool:
    """Return whether there are files of neptune-exporter in a folder, or below it."""
    first = next((path for path in sorted(folder.rglob("*.parquet")) if _PART.fullmatch(path.name)),
                 None)  # fmt: skip
    if first is None:
        return False
    try:
        return set(pq.read_schema(first).names) >= _COLUMNS
    except (pa.ArrowException, OSError):
        return False


class NeptuneExport:
    """The runs of an export.

    Parameters
    ----------
    folder
        What was given as ``--data-path``, or a folder that holds it.
    files
        What was given as ``--files-path``; None for the folder ``files`` in `folder` or beside it.
    """

    def __init__(self, folder: Path, files: Path | None = None) -> None:
        self._runs: dict[tuple[Path, str], list[tuple[int, Path]]] = defaultdict(list)
        for path in folder.rglob("*.parquet"):
            part = _PART.fullmatch(path.name)
            if part and not path.is_symlink():
                self._runs[path.parent, part[1]].append((int(part[2]), path))
        beside = (folder / "files", folder.parent / "files")
        own = (one for one in beside if one.is_dir() and is_within(one, one.parent))
        self._files = files or next(own, None)
        self._said: dict[str, None] = {}
        self._others: dict[str, Counter[str]] = {}

    @property
    def notes(self) -> list[str]:
        """What was left out, in words."""
        total = sum(self._others.values(), Counter[str]())
        left = ", ".join(f"{many:,} of {kind}" for kind, many in sorted(total.items()))
        return [*self._said, *([f"left out were values: {left}"] if left else [])]

    def projects(self) -> Iterator[SourceProject]:
        """Yield nothing: runs name their projects."""
        return iter(())

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield nothing: the models of Neptune 2 are exported apart."""
        return iter(())

    def runs(self) -> Iterator[SourceRun]:
        """Yield the runs that are whole."""
        for (folder, name), parts in sorted(self._runs.items()):
            paths = [path for _, path in sorted(parts)]
            if min(parts)[0] != 0:
                self._said[f"{folder / name}: its export broke off, part 0 is missing"] = None
                continue
            try:
                yield self._run(paths)
            except BadInput as error:  # the others come
                self._said[f"left out: {error}"] = None

    def _run(self, paths: list[Path]) -> SourceRun:
        project, name, facts = self._facts(paths)
        of_neptune = {key.removeprefix(_OF_NEPTUNE): value for key, value in facts.items()
                      if key.startswith(_OF_NEPTUNE)}  # fmt: skip
        created = of_neptune.get("creation_time")
        if not isinstance(created, datetime):
            raise BadInput(f"{paths[0]} does not say when run {name} began (sys/creation_time)")
        run = uuid.uuid5(_IDS, f"{project}/{name}").hex
        failed, state = of_neptune.get("failed"), str(of_neptune.get("state", "")).lower()
        ended = state in {"idle", "inactive"}
        return SourceRun(
            id=run,
            project=project,
            name=name,
            status="failed" if failed else "finished" if ended else "unknown",
            started=micros(created),
            user=str(of_neptune.get("owner", "")),
            params={key: _plain(value) for key, value in facts.items()
                    if not key.startswith(_OF_NEPTUNE)},
            tags={f"neptune.{key}": _text(value) for key, value in of_neptune.items()},
            points=partial(self._points, run, paths),
            files=partial(self._files_of, run, paths),
            output=partial(self._output, run, paths),
        )  # fmt: skip

    def _facts(self, paths: list[Path]) -> tuple[str, str, dict[str, Any]]:
        """Return a run's project and name, and its attributes that have one value."""
        facts: dict[str, Any] = {}
        project = name = ""
        for batch in self._rows(paths, [*_VALUES], [*_VALUES.values(), "project_id", "run_id"]):
            for row in batch.to_pylist():
                project, name = row["project_id"], row["run_id"]
                facts[row["attribute_path"]] = row[_VALUES[row["attribute_type"]]]
        return project, name, facts

    def _points(self, run: str, paths: list[Path]) -> Iterator[list[Point]]:
        others, numbered = Counter[str](), Counter[str]()
        fractions = self._with_fractions(paths)
        for batch in self._rows(paths, ["float_series"], ["step", "timestamp", "float_value"]):
            times = batch["timestamp"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_pylist()
            steps, values = (batch[name].to_pylist() for name in ("step", "float_value"))
            points = []
            for key, step, time, value in zip(
                batch["attribute_path"].to_pylist(), steps, times, values, strict=True
            ):
                if value is None or time is None:
                    others["points without a value or a time"] += 1
                    continue
                whole = numbered[key] if key in fractions or step is None else int(step)
                numbered[key] += 1
                points.append(Point(run, key, whole, time, value))
            yield points
        for key in sorted(fractions):
            self._said[
                f"steps of {key!r} are no whole numbers in a run; its points there are numbered"
            ] = None
        self._others[run] = others + self._left(paths)

    def _with_fractions(self, paths: list[Path]) -> set[str]:
        """Return the series with steps that are no whole numbers."""
        found: set[str] = set()
        for batch in self._rows(paths, ["float_series"], ["step"]):
            steps = batch["step"].cast(pa.float64())
            odd = batch.filter(pc.not_equal(steps, pc.floor(steps)))
            found |= set(odd["attribute_path"].to_pylist())
        return found

    def _left(self, paths: list[Path]) -> Counter[str]:
        found = Counter[str]()
        for batch in self._rows(paths, ["histogram_series", "string_series"], []):
            for key, kind in zip(
                *(batch[name].to_pylist() for name in ("attribute_path", "attribute_type")),
                strict=True,
            ):
                if kind == "histogram_series" or _stream(key) is None:
                    found[kind] += 1
        return found

    def _output(self, run: str, paths: list[Path]) -> Iterator[list[Output]]:
        """Yield what the program printed, which Neptune kept as series of texts."""
        number = 0
        for batch in self._rows(paths, ["string_series"], ["timestamp", "string_value"]):
            lines = []
            for row in batch.to_pylist():
                stream = _stream(row["attribute_path"])
                if stream is None or row["timestamp"] is None:
                    continue
                line = f"{(row['string_value'] or '').removesuffix(chr(10))}\n"
                lines.append(Output(run, micros(row["timestamp"]), number, stream, line))
                number += line.count("\n")
            yield lines

    def _files_of(self, run: str, paths: list[Path]) -> Iterator[SourceFile]:
        for batch in self._rows(paths, ["file", "file_series"], ["step", "file_value"]):
            for row in batch.to_pylist():
                said = (row["file_value"] or {}).get("path")
                place = self._place(said)
                if place is None:
                    self._said[
                        f"run {run}: the file {said!r} of {row['attribute_path']!r} is not there; "
                        "say with --artifacts where the exported files lie"
                    ] = None
                    continue
                path = row["attribute_path"]
                if row["attribute_type"] == "file_series" and row["step"] is not None:
                    path = f"{path}/{row['step'].normalize():f}{place.suffix}"
                elif not path.endswith(place.suffix):
                    path = f"{path}{place.suffix}"
                yield SourceFile(path, place, place.stat().st_mtime_ns // 1000)

    def _place(self, said: str | None) -> Path | None:
        """Return the file of that path; None if there is none, or it leads out of the folder."""
        if self._files is None or not said:
            return None
        place = self._files / said
        inside = is_within(place, self._files)
        return place if inside and place.is_file() and not place.is_symlink() else None

    def _rows(
        self, paths: list[Path], types: list[str], columns: list[str]
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some types, in pieces."""
        wanted = ["attribute_path", "attribute_type", *columns]
        for path in paths:
            try:
                with pq.ParquetFile(path) as file:
                    lacks = sorted({*wanted} - {*file.schema_arrow.names})
                    if lacks:
                        raise BadInput(f"{path} lacks the columns {', '.join(lacks)}")
                    for batch in file.iter_batches(AT_ONCE, columns=wanted):
                        of_types = pc.is_in(batch["attribute_type"], pa.array(types))
                        yield batch.filter(of_types)
            except (pa.ArrowException, OSError) as error:
                raise BadInput(f"{path} is no file of neptune-exporter: {error}") from error


def _stream(key: str) -> str | None:
    """Return the stream that a series of texts is: ``monitoring/.../stdout``, or None."""
    last = key.rpartition("/")[2]
    return last if last in _STREAMS else None


def _plain(value: Any) -> Any:  # noqa: ANN401 - a param has any type of JSON
    return value.isoformat() if isinstance(value, datetime) else value


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)
