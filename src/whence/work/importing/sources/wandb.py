"""Weights & Biases: the folder ``wandb`` in which its clients keep their runs, online and offline.

::

    wandb/
      [offline-]run-DATE_TIME-ID/run-ID.wandb, files/

A run that was resumed has several folders of its id, which are one run here.
"""

from __future__ import annotations

import sys
import uuid
from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from whence.errors import BadInput
from whence.store.fresh import Point
from whence.types.records import Output
from whence.work.importing.sources.files import below
from whence.work.importing.sources.source import AT_ONCE, SourceProject, SourceRun
from whence.work.importing.sources.wandb_log import (
    BEGIN,
    Begun,
    Config,
    Ended,
    Moment,
    Printed,
    Torn,
    records,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel
    from whence.work.importing.sources.source import SourceFile
    from whence.work.importing.sources.wandb_log import Record

__all__ = ["WandbRuns", "has_logs"]

_LOG = "run-*.wandb"
_PROJECT = "uncategorized"
"""Where Weights & Biases itself puts runs that name no project."""

_IDS = uuid.UUID("0f0b6c0e-52a1-5b2c-8f4e-7d6a3f1f9d35")
"""Ids of runs are UUIDs of version 5 in this namespace: theirs tell runs of one project apart."""

_OWN = frozenset({"_step", "_timestamp", "_runtime", "_wandb"})
"""What the client adds to the values of the program."""

_OF_MEDIA = "_type"
"""The key by which a value says that it is an image, a table or the like."""

_SECOND = 1_000_000


def has_logs(folder: Path) -> bool:
    """Return whether there are logs of Weights & Biases in a folder, or below it."""
    return next(_logs(folder), None) is not None


def _logs(folder: Path) -> Iterator[Path]:
    for path in folder.rglob(_LOG):
        # latest-run is a link to one that comes anyway.
        linked = any(one.is_symlink() for one in (path, path.parent))
        if not linked and path.is_file():
            with path.open("rb") as file:
                if file.read(len(BEGIN)) == BEGIN:
                    yield path


class WandbRuns:
    """The runs below a folder.

    Parameters
    ----------
    folder
        ``wandb``, or one that holds several.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._torn: dict[str, None] = {}
        self._others: dict[Path, Counter[str]] = {}
        self._links: dict[Path, int] = {}

    @property
    def notes(self) -> list[str]:
        """What was left out or cannot be read, in words."""
        total = sum(self._others.values(), Counter[str]())
        left = ", ".join(f"{many:,} of {kind}" for kind, many in sorted(total.items()))
        links = sum(self._links.values())
        return [
            *self._torn,
            *([f"values that are not numbers were left out: {left}"] if left else []),
            *([f"links to files ({links:,}) were left out"] if links else []),
        ]

    def projects(self) -> Iterator[SourceProject]:
        """Yield nothing: runs name their projects."""
        return iter(())

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield nothing: what is registered, a server keeps."""
        return iter(())

    def runs(self) -> Iterator[SourceRun]:
        """Yield the runs, the oldest first."""
        known: dict[str, list[Path]] = defaultdict(list)
        # Folders of one run sort by their dates.
        for path in sorted(_logs(self._folder), key=lambda path: (path.parent.name, path)):
            begun = next((one for one in self._read(path) if isinstance(one, Begun)), None)
            if begun is None:
                self._torn[f"{path}: it does not say of which run it is"] = None
                continue
            known[f"{begun.entity}/{begun.project}/{begun.id}"].append(path)
        for name, paths in known.items():
            try:
                yield self._run(uuid.uuid5(_IDS, name).hex, paths)
            except BadInput as error:  # the others come
                self._torn[f"left out: {error}"] = None

    def _run(self, run: str, paths: list[Path]) -> SourceRun:
        """Return what all logs of a run say of it together."""
        said: Begun | None = None
        started, ended, status, last = None, None, "unknown", 0
        began: int | None = None
        params: dict[str, Any] = {}
        for record in (one for path in paths for one in self._read(path)):
            match record:
                case Begun():
                    said, status = record, "unknown"
                    began = record.started
                    started = began if started is None else started
                    params |= _without_own(record.config)
                case Config():
                    params |= _without_own(record.update)
                    params = {key: params[key] for key in params if key not in record.remove}
                case Ended():
                    status = "failed" if record.code else "finished"
                    # Its seconds are whole: what was said last may have been later.
                    ended = None if began is None else max(began + record.runtime * _SECOND, last)
                case Printed():
                    last = max(last, record.time)
                case Moment():
                    last = max(last, _time_of(record))
        assert said is not None  # noqa: S101 - each of them has one
        if started is None:
            raise BadInput(f"{paths[0]} does not say when its run began")
        tags = {
            "wandb.id": said.id, "wandb.entity": said.entity, "wandb.group": said.group,
            "wandb.job_type": said.job_type, "wandb.notes": said.notes, "wandb.host": said.host,
            "wandb.tags": ", ".join(said.tags),
        }  # fmt: skip
        return SourceRun(
            id=run,
            project=said.project or _PROJECT,
            name=said.name or said.id,
            status=status,
            started=started,
            ended=ended if status != "unknown" else None,
            params=params,
            tags={key: value for key, value in tags.items() if value},
            points=partial(self._points, run, paths, started),
            files=partial(self._files, paths),
            output=partial(self._output, run, paths),
        )

    def _points(self, run: str, paths: list[Path], started: int) -> Iterator[list[Point]]:
        chunk: list[Point] = []
        for path in paths:
            others = Counter[str]()
            for record in self._read(path):
                if isinstance(record, Moment):
                    chunk += _points_of(run, record, started, others)
                if len(chunk) >= AT_ONCE:
                    yield chunk
                    chunk = []
            self._others[path] = others
        if chunk:
            yield chunk

    def _files(self, paths: list[Path]) -> Iterator[SourceFile]:
        for path in paths:
            folder = path.parent / "files"
            links = (one.is_symlink() for one in (folder, *folder.rglob("*")))
            self._links[path] = sum(links)
            yield from below(folder, self._folder)

    def _output(self, run: str, paths: list[Path]) -> Iterator[list[Output]]:
        """Yield the lines of a run's programs, each when it was whole."""
        number, last, open_lines = 0, 0, dict[str, str]()
        for path in paths:
            lines = []
            for record in self._read(path):
                if not isinstance(record, Printed):
                    continue
                *whole, rest = (open_lines.get(record.stream, "") + record.text).split("\n")
                open_lines[record.stream] = rest
                for line in whole:
                    lines.append(Output(run, record.time, number, record.stream, f"{line}\n"))
                    number += 1
                last = record.time
            yield lines
        left = [(stream, rest) for stream, rest in open_lines.items() if rest]
        yield [Output(run, last, at, *one) for at, one in enumerate(left, number)]

    def _read(self, path: Path) -> Iterator[Record]:
        try:
            log = path.read_bytes()
        except OSError as error:
            raise BadInput(f"the log {path} cannot be read: {error}") from error
        for record in records(log):
            if isinstance(record, Torn):
                self._torn[f"{path}: {record}"] = None
            else:
                yield record


def _without_own(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key not in _OWN}


def _points_of(run: str, said: Moment, started: int, others: Counter[str]) -> Iterator[Point]:
    """Yield the numbers of a moment; what else it says is counted by its kind."""
    if said.time is not None:  # of the machine, by seconds since the run began
        step, prefix, time = (said.time - started) // _SECOND, "system/", said.time
    else:
        step, prefix = int(_number(said.values.get("_step")) or 0), ""
        time = _time_of(said) or started
    media = {
        key.removesuffix(_OF_MEDIA): str(kind)
        for key, kind in said.values.items() if key.endswith(f".{_OF_MEDIA}")
    }  # fmt: skip
    others.update(media.values())
    for key, value in said.values.items():
        if key in _OWN or key.startswith(tuple(media)):
            continue
        if isinstance(value, float) or _number(value) is not None:
            yield Point(run, f"{prefix}{key}", step, time, float(value))
        else:
            others[_kind_of(value)] += 1


def _time_of(said: Moment) -> int:
    """Return when a moment was, in microseconds since 1970; 0 if it does not say."""
    if said.time is not None:
        return said.time
    return round((_number(said.values.get("_timestamp")) or 0) * _SECOND)


def _number(value: object) -> int | float | None:
    """Return a finite number that a float holds; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= sys.float_info.max else None


def _kind_of(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, dict):
        return str(value.get(_OF_MEDIA, "objects"))
    names = {bool: "truth values", str: "text", list: "lists", int: "numbers no float holds"}
    return names.get(type(value), "nothing")
