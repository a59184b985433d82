"""TensorBoard's logs: a folder in which each folder with event files is a run."""

from __future__ import annotations

import math
import uuid
from array import array
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.store.fresh import Point
from whence.work.importing.sources.event_files import Event, events
from whence.work.importing.sources.source import AT_ONCE, SourceProject, SourceRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel

__all__ = ["TensorBoardLogs", "has_events"]

_NAME = "*tfevents*"
_PROJECT = "Default"
_IDS = uuid.UUID("5f5b7d6e-1c0a-5a54-9f53-6d9a3d0b6c11")
"""Ids of runs are UUIDs of version 5 in this namespace: the same logs give the same ids."""


def has_events(folder: Path) -> bool:
    """Return whether there are event files in a folder, or below it."""
    return next(folder.rglob(_NAME), None) is not None


class TensorBoardLogs:
    """The logs below a folder.

    Parameters
    ----------
    folder
        What is given to ``tensorboard --logdir``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._torn: dict[str, None] = {}
        self._others: dict[Path, Counter[str]] = {}

    @property
    def notes(self) -> list[str]:
        """What was left out or cannot be read, in words."""
        total = sum(self._others.values(), Counter[str]())
        left = ", ".join(f"{many:,} of {kind}" for kind, many in sorted(total.items()))
        others = f"values that are not numbers were left out: {left}"
        return [*self._torn, *([others] if left else [])]

    def projects(self) -> Iterator[SourceProject]:
        """Yield nothing: logs have no projects."""
        return iter(())

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield nothing: logs have no models."""
        return iter(())

    def runs(self) -> Iterator[SourceRun]:
        """Yield the runs, by path."""
        for place, files in sorted(self._found().items()):
            files.sort(key=lambda path: path.name)
            name = place.relative_to(self._folder).as_posix()
            name = self._folder.resolve().name if name == "." else name
            times = array("d", (event.time for event in self._read(files, count=False)
                     if math.isfinite(event.time)))  # fmt: skip
            if not times:
                self._torn[f"{name}: its event files hold nothing"] = None
                continue
            # Where the logs lie may change; the first file's name and first record do not.
            known = f"{name}\n{files[0].name}\n{times[0]!r}"
            run = uuid.uuid5(_IDS, known).hex
            yield SourceRun(
                id=run,
                project=_PROJECT,
                name=name,
                status="unknown",
                started=_micros(min(times)),
                ended=_micros(max(times)),
                points=partial(self._points, run, files),
            )

    def _found(self) -> dict[Path, list[Path]]:
        """Return the event files by their folders; links are not followed."""
        found: dict[Path, list[Path]] = {}
        for path in self._folder.rglob(_NAME):
            if path.is_symlink():
                self._torn[f"{path} was left out: it is a link"] = None
            else:
                found.setdefault(path.parent, []).append(path)
        return found

    def _points(self, run: str, files: list[Path]) -> Iterator[list[Point]]:
        chunk: list[Point] = []
        for event in self._read(files, count=True):
            for tag, value, _ in event.scalars:
                if value is not None and math.isfinite(event.time):
                    chunk.append(Point(run, tag, event.step, _micros(event.time), value))
            if len(chunk) >= AT_ONCE:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _read(self, files: list[Path], *, count: bool) -> Iterator[Event]:
        plugins: dict[str, str] = {}
        for path in files:
            others = Counter[str]()
            try:
                with path.open("rb") as file:
                    for event in events(file):
                        if not isinstance(event, Event):
                            self._torn[f"{path}: {event}"] = None
                            continue
                        for tag, value, plugin in event.scalars if count else ():
                            plugins[tag] = plugin or plugins.get(tag, "")
                            if value is None:
                                others[plugins[tag] or "a kind without a name"] += 1
                        yield event
            except OSError as error:
                raise BadInput(f"the event file {path} cannot be read: {error}") from error
            if count:
                self._others[path] = others


def _micros(seconds: float) -> int:
    return round(seconds * 1_000_000)
