"""Deleted runs and logged models taken out for good.

Deleting one marks it, and it can be brought back. Here it goes, with its points, what it captured
and the paths of its files; the contents go with `whence.work.collect`, where no other path has
them. What a version of a registered model needs stays, and so does a run whose program still
runs: its later runs may say that they captured the same.

All but the points goes in one transaction, which asks once more who needs what. The ids of the runs
are remembered (`whence.store.purged`): if this process is killed the next fold removes their
points, and what is still said of them later, as by a process forked from their program, is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.store import artifacts, captures, holders, places, purged
from whence.work.fold import fold
from whence.work.killed import status_of_writer
from whence.work.purged import finish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from whence.store.folder import StoreFolder
    from whence.store.holders import Holder

__all__ = ["Gone", "Purge", "Stay", "find_deleted", "purge"]


class Gone(NamedTuple):
    """A run or a logged model that goes, and the folders of its artifacts."""

    id: str
    name: str
    folders: list[str]


class Stay(NamedTuple):
    """A run or a logged model that stays, and why: in words."""

    id: str
    said: str


class Purge(NamedTuple):
    """What goes, and what stays."""

    runs: list[Gone]
    models: list[Gone]
    stays: list[Stay]

    @property
    def folders(self) -> list[str]:
        """Folders whose files go."""
        return [folder for one in (*self.runs, *self.models) for folder in one.folders]


def find_deleted(store: StoreFolder) -> Purge:
    """Return what is marked as deleted, and can go; the caller holds the lease."""
    fold(store)
    return _deleted(store)


def _deleted(store: StoreFolder) -> Purge:
    metadata = store.metadata
    among = holders.Holders([*holders.versions(metadata), *holders.datasets(metadata)])
    found = Purge([], [], [])
    for run, name, journal in metadata.all(
        "SELECT id, name, journal FROM runs WHERE deleted IS NOT NULL ORDER BY id"
    ):
        folders = places.folders_of_run(metadata, run)
        why = _needed(among.of_run(run, folders))
        if not why and journal is not None and _may_go_on(store, journal):
            why = "its program still runs, or nobody here can tell"
        if why:
            found.stays.append(Stay(run, f"run {run} ({name}): {why}"))
        else:
            found.runs.append(Gone(run, name, folders))
    for model, name in metadata.all(
        "SELECT id, name FROM logged_models WHERE deleted IS NOT NULL ORDER BY id"
    ):
        folder = holders.folder_of_model(metadata, model)
        folders = [] if folder is None else [folder]
        why = _needed(among.of_logged_model(model, folders))
        if why:
            found.stays.append(Stay(model, f"logged model {model} ({name}): {why}"))
        else:
            found.models.append(Gone(model, name, folders))
    return found


def _needed(by: Sequence[Holder]) -> str:
    if not by:
        return ""
    more = f" and {len(by) - 1} more" if len(by) > 1 else ""
    return f"{by[0].name}{more} came from it"


def _may_go_on(store: StoreFolder, journal: str) -> bool:
    return status_of_writer(store.journals, journal) != "killed"


def purge(store: StoreFolder, found: Purge) -> Purge:
    """Take out what was found and can go still; the caller holds the lease.

    Returns
    -------
    Purge
        What went, and what stays of that which was to go.
    """
    fold(store)
    with store.metadata.transaction():
        now = _still(found, _deleted(store))
        _remove_facts(store, now)
        artifacts.remove(store.metadata, now.folders)
        purged.remember(store.metadata, [one.id for one in now.runs])
    finish(store)
    return now


def _still(found: Purge, now: Purge) -> Purge:
    """Return what was found and goes, and what was found and stays."""
    wanted = {one.id: one.name for one in (*found.runs, *found.models)}
    runs, models = ([one for one in some if one.id in wanted] for some in (now.runs, now.models))
    stays = [one for one in now.stays if one.id in wanted]
    said = {one.id for one in (*runs, *models)} | {one.id for one in stays}
    restored = [
        Stay(one, f"{one} ({name}): it was restored")
        for one, name in wanted.items()
        if one not in said
    ]
    return Purge(runs, models, [*stays, *restored])


_OF_RUNS = (
    ("params", "run"),
    ("tags", "run"),
    ("latest", "run"),
    ("curves", "run"),
    ("corrections", "run"),
    ("fresh", "run"),
    ("inputs", "run"),
    ("run_models", "run"),
    ("runs", "id"),
)
_OF_MODELS = (
    ("logged_model_params", "model"),
    ("logged_model_tags", "model"),
    ("logged_model_metrics", "model"),
    ("run_models", "model"),
    ("logged_models", "id"),
)
"""Tables, and the column that says whose a row is."""

_BLANK_MARKS = """
WITH gone (run) AS (SELECT value FROM json_each(?))
UPDATE imports SET path = '' WHERE digest IN (
    SELECT 'logged model ' || model FROM run_models WHERE run IN (SELECT run FROM gone)
    UNION SELECT 'trace ' || trace FROM trace_links
    WHERE kind = 'run' AND target IN (SELECT run FROM gone)
)
"""
"""Models and traces that stay lose their ties; the import that brings the runs ties them again."""


def _remove_facts(store: StoreFolder, gone: Purge) -> None:
    runs, models = ([one.id for one in some] for some in (gone.runs, gone.models))
    captures.forget(store.metadata, runs)
    store.metadata.run(_BLANK_MARKS, msgspec.json.encode(runs).decode())
    for statement, ids in _statements(runs, models):
        store.metadata.run(statement, msgspec.json.encode(ids).decode())


def _statements(runs: list[str], models: list[str]) -> Iterator[tuple[str, list[str]]]:
    for tables, ids in ((_OF_RUNS, runs), (_OF_MODELS, models)):
        for table, column in tables:
            yield (
                f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM json_each(?))",  # noqa: S608 - of our own words
                ids,
            )
    yield (
        "DELETE FROM trace_links WHERE kind = 'run' AND target IN (SELECT value FROM json_each(?))",
        runs,
    )
    # An import that brought them may bring them again.
    yield "DELETE FROM imports WHERE digest IN (SELECT 'run ' || value FROM json_each(?))", runs
