"""What a source of runs has to tell, whatever tool wrote it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from whence.store.corrections import Correction
    from whence.store.datasets import Input
    from whence.store.fresh import Point
    from whence.store.registered_versions import RegisteredVersion
    from whence.store.registry import RegisteredModel
    from whence.types.records import Output

__all__ = ["AT_ONCE", "Source", "SourceFile", "SourceProject", "SourceRun"]

AT_ONCE = 50_000
"""Points that a source gives at a time: what is in memory, and what one transaction adds."""


class SourceProject(NamedTuple):
    """A project with its tags; `created` in microseconds since 1970."""

    name: str
    created: int
    tags: Mapping[str, str]


class SourceFile(NamedTuple):
    """A file of a run: its path there, where it lies, when it was logged (microseconds).

    `digest` is the SHA-256 that its source says it has, ``""`` if it says none.
    """

    path: str
    place: Path
    made: int
    digest: str = ""


def _nothing() -> Iterator[Any]:
    return iter(())


@dataclass(frozen=True, kw_only=True)
class SourceRun:
    """A run; times are microseconds since 1970 (UTC).

    `captured` holds, by kind, the MessagePack of what it captured; `corrections`, the oldest
    first, what was put right of its points, which are as they were recorded. `points`, `files`
    and `output` are read anew by each call, in the same order; points come in lists of at most
    about `AT_ONCE`.
    """

    id: str
    project: str
    name: str
    status: str
    started: int
    ended: int | None = None
    user: str = ""
    parent: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    datasets: Sequence[Input] = ()
    corrections: Sequence[Correction] = ()
    captured: Mapping[str, bytes] = field(default_factory=dict)
    points: Callable[[], Iterator[list[Point]]] = _nothing
    files: Callable[[], Iterator[SourceFile]] = _nothing
    output: Callable[[], Iterator[list[Output]]] = _nothing


class Source(Protocol):
    """Something that runs can be brought from."""

    @property
    def notes(self) -> list[str]:
        """What was left out or cannot be read, in words; complete when all has been read."""

    def projects(self) -> Iterator[SourceProject]:
        """Yield its projects."""

    def runs(self) -> Iterator[SourceRun]:
        """Yield its runs."""

    def models(self) -> Iterator[tuple[RegisteredModel, list[RegisteredVersion]]]:
        """Yield its registered models with their versions."""
