"""One run of another tool, or another store, taken in once; see `whence.work.importing.runs`."""

from __future__ import annotations

import hashlib
import re
import time
from typing import TYPE_CHECKING

import msgspec

from whence.errors import BadInput
from whence.store import captures, datasets, places, projects, purged
from whence.types.records import Capture
from whence.work.importing.files import FileImport
from whence.work.importing.points import PointsImport, add_corrections, is_date, is_sound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.store.folder import StoreFolder
    from whence.store.fresh import Point
    from whence.work.importing.brought import Brought
    from whence.work.importing.sources.source import SourceFile, SourceRun

__all__ = ["active_project", "bring_run"]

_MARK = (
    "INSERT INTO imports (digest, epoch, path, rows) VALUES (?, 0, ?, ?)"
    " ON CONFLICT (digest) DO UPDATE SET path = excluded.path, rows = excluded.rows"
)
"""Of a run: the digest of what was taken, and how many points. There is no epoch 0: points wait
in the database until a fold moves them, and are there with the transaction that adds them."""

_BEGUN = ""

_RUN = (
    "INSERT INTO runs (id, project, name, status, started, ended, seen, parent, user)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
    " status = excluded.status, started = excluded.started, ended = excluded.ended,"
    " seen = excluded.seen, parent = excluded.parent, user = excluded.user"
)
_FACT = (
    "INSERT INTO {} (run, key, value, at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, at = excluded.at"
)
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,255}")
"""An id becomes a part of paths."""


def active_project(store: StoreFolder, name: str) -> projects.Project:
    """Return a project that is there and was not deleted.

    Raises
    ------
    BadInput
        If it was deleted: nobody would see what is put into it.
    """
    found = projects.of_name(store.metadata, name)
    if found is None or found.deleted is not None:
        raise BadInput(
            f"the project {name!r} was deleted in the store {store.path}; choose another with "
            "--project"
        )
    return found


def bring_run(store: StoreFolder, run: SourceRun, project: str, done: Brought) -> None:
    """Bring a run into a project, and count what was done; the caller holds the lease.

    Raises
    ------
    BadInput
        If it cannot be taken in.
    """
    metadata = store.metadata
    here = metadata.one("SELECT 1 FROM runs WHERE id = ?", run.id) is not None
    mark = metadata.one("SELECT path FROM imports WHERE digest = ?", _key(run.id))
    if here and mark is None:
        done.foreign += 1
        return
    if mark and mark[0] and mark[0] == _digest(run):
        done.already += 1
        return
    before = done.points, done.files
    _check(run)
    _make(store, run, project)
    digest = _Digest(run)
    points = PointsImport(store, run.id, done, anew=not here)
    for some in run.points():
        sound = [one for one in some if is_sound(one)]
        if len(sound) < len(some):
            done.notes.append(
                f"run {run.id}: {len(some) - len(sound):,} points were left out, for their times "
                "are no dates or their steps have more than 64 bits"
            )
        digest.add_points(sound)
        points.add(sound)
    add_corrections(store, run)
    for parts in run.output():
        with metadata.transaction():
            captures.add_output(metadata, parts)
    # Where MLflow's clients look too; an experiment with a place elsewhere has no such folder.
    folder = places.folders_of_run(metadata, run.id)[-1]
    files = FileImport(store, f"run {run.id}", folder, done)
    for file in run.files():
        if files.add(file):  # one that was left out is looked for by the next import too
            digest.add_file(file)
    metadata.run(_MARK, _key(run.id), digest.text, points.total)
    if not here:
        done.runs += 1
    elif before != (done.points, done.files) or not (mark and mark[0]):
        done.grown += 1
    else:
        done.already += 1


def _key(run: str) -> str:
    return f"run {run}"


def _check(run: SourceRun) -> None:
    if not _ID.fullmatch(run.id):
        raise BadInput("left out, for ids have letters, digits, dashes and underscores only")
    for what, at in (("start", run.started), ("end", run.ended)):
        if at is not None and not is_date(at):
            raise BadInput(f"left out, for its {what}, {at:,} us since 1970, is no date")
    if not run.project:
        raise BadInput("left out, for its project has no name; give one with --project")


def _make(store: StoreFolder, run: SourceRun, project: str) -> None:
    """Make a run, with all that is small; mark it as begun."""
    metadata, at = store.metadata, time.time_ns() // 1000
    # Nobody here can tell whether it goes on.
    status = "unknown" if run.status == "running" else run.status
    with metadata.transaction():
        projects.ensure(metadata, project, run.started)
        active_project(store, project)
        purged.forget(metadata, run.id)
        metadata.run(
            _RUN,
            *(run.id, project, run.name, status, run.started, run.ended, at, run.parent, run.user),
        )
        params = [(run.id, key, msgspec.json.encode(value).decode(), at)
                  for key, value in run.params.items()]  # fmt: skip
        tags = [(run.id, key, value, at) for key, value in run.tags.items()]
        metadata.run_many(_FACT.format("params"), params)
        metadata.run_many(_FACT.format("tags"), tags)
        datasets.add_inputs(metadata, run.id, project, run.datasets)
        for kind, payload in run.captured.items():
            captures.add(metadata, Capture(run.id, at, kind, payload))
        metadata.run(_MARK, _key(run.id), _BEGUN, 0)


class _Digest:
    """The SHA-256 of all that a source says of a run, as it is gone through."""

    def __init__(self, run: SourceRun) -> None:
        self._hash = hashlib.sha256()
        small = (run.name, run.status, run.started, run.ended, run.user, run.parent)
        facts = (run.params, run.tags, run.datasets, run.captured, run.corrections)
        self._hash.update(msgspec.msgpack.encode((small, facts)))

    def add_points(self, points: Sequence[Point]) -> None:
        self._hash.update(msgspec.msgpack.encode(points))

    def add_file(self, file: SourceFile) -> None:
        said = (file.path, file.place.stat().st_size, file.made)
        self._hash.update(msgspec.msgpack.encode(said))

    @property
    def text(self) -> str:
        return self._hash.hexdigest()


def _digest(run: SourceRun) -> str:
    digest = _Digest(run)
    for points in run.points():
        digest.add_points([one for one in points if is_sound(one)])
    for file in run.files():
        digest.add_file(file)
    return digest.text
