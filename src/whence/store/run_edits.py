"""Changes of runs that need an answer: made at once, in the database.

What a program records of its own runs goes through its journal; this is for those who ask over
HTTP and read back in the next breath.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.journal.identity import uuid7
from whence.store import fresh, projects, runs
from whence.types.time import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from whence.store.fresh import Point
    from whence.store.metadata import Metadata

__all__ = [
    "Head",
    "add_params",
    "add_points",
    "create",
    "delete",
    "head",
    "restore",
    "set_tags",
    "unset_tag",
    "update",
]


class Head(NamedTuple):
    """What a change of a run must know first; `deleted` in microseconds since 1970."""

    id: str
    project: str
    name: str
    deleted: int | None


def head(metadata: Metadata, run: str) -> Head | None:
    """Return a run's head; None if there is no such run."""
    row = metadata.one("SELECT id, project, name, deleted FROM runs WHERE id = ?", run)
    return None if row is None else Head(*row)


def create(
    metadata: Metadata,
    project: str,
    name: str,
    *,
    started: int,
    user: str = "",
    parent: str | None = None,
    tags: Mapping[str, str],
) -> str:
    """Begin a run that no process of ours stands behind, and return its id.

    Parameters
    ----------
    started
        Microseconds since 1970.
    """
    run = uuid7()
    with metadata.transaction():
        projects.ensure(metadata, project, started)
        metadata.run(
            "INSERT INTO runs (id, project, name, status, started, seen, parent, user)"
            " VALUES (?, ?, ?, 'running', ?, ?, ?, ?)",
            *(run, project, name, started, now(), parent, user),
        )
        set_tags(metadata, run, tags)
    return run


def update(
    metadata: Metadata,
    run: str,
    *,
    status: str | None = None,
    ended: int | None = None,
    name: str | None = None,
    parent: str | None = None,
) -> None:
    """Change what is given of a run; the caller holds the transaction."""
    metadata.run(
        "UPDATE runs SET status = coalesce(?, status), ended = coalesce(?, ended),"
        " name = coalesce(?, name), parent = coalesce(?, parent), seen = ? WHERE id = ?",
        *(status, ended, name, parent, now(), run),
    )


def delete(metadata: Metadata, run: str) -> None:
    """Mark a run as deleted; `restore` brings it back."""
    metadata.run("UPDATE runs SET deleted = ?, seen = ? WHERE id = ?", now(), now(), run)


def restore(metadata: Metadata, run: str) -> None:
    """Bring a deleted run back."""
    metadata.run("UPDATE runs SET deleted = NULL, seen = ? WHERE id = ?", now(), run)


def add_params(metadata: Metadata, run: str, params: Mapping[str, str]) -> dict[str, str]:
    """Add params; the caller holds the transaction.

    Returns
    -------
    dict
        Of those that the run has with another value, the value it has: those stay as they are.
    """
    had = {
        key: runs.text_of(msgspec.json.decode(value))
        for key, value in metadata.all("SELECT key, value FROM params WHERE run = ?", run)
        if key in params
    }
    at = now()
    metadata.run_many(
        "INSERT INTO params (run, key, value, at) VALUES (?, ?, ?, ?)",
        [(run, key, msgspec.json.encode(value).decode(), at)
         for key, value in params.items() if key not in had],
    )  # fmt: skip
    _touch(metadata, run)
    return {key: value for key, value in had.items() if value != params[key]}


def set_tags(metadata: Metadata, run: str, tags: Mapping[str, str]) -> None:
    """Set tags; of those that were there the value changes; the caller holds the transaction."""
    at = now()
    metadata.run_many(
        "INSERT INTO tags (run, key, value, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, at = excluded.at",
        [(run, key, value, at) for key, value in tags.items()],
    )
    _touch(metadata, run)


def unset_tag(metadata: Metadata, run: str, key: str) -> bool:
    """Remove a tag, and return whether it was there."""
    with metadata.transaction():
        had = metadata.one("SELECT 1 FROM tags WHERE run = ? AND key = ?", run, key)
        metadata.run("DELETE FROM tags WHERE run = ? AND key = ?", run, key)
        _touch(metadata, run)
    return had is not None


def add_points(metadata: Metadata, points: Sequence[Point]) -> None:
    """Add points of one run's metrics, each once; the caller holds the transaction."""
    new = list(dict.fromkeys(points))
    fresh.add(metadata, new)
    runs.latest(metadata, _last(new))
    runs.count_points(metadata, Counter((point.run, point.key) for point in new))
    for run in {point.run for point in new}:
        _touch(metadata, run)


def _last(points: Iterable[Point]) -> list[runs.Latest]:
    found: dict[tuple[str, str], Point] = {}
    for point in points:
        before = found.get((point.run, point.key))
        if before is None or point[2:] >= before[2:]:
            found[point.run, point.key] = point
    return [(point.run, point.key, point.value, point.step, point.time)
            for point in found.values()]  # fmt: skip


def _touch(metadata: Metadata, run: str) -> None:
    metadata.run("UPDATE runs SET seen = max(seen, ?) WHERE id = ?", now(), run)
