"""Runs that other tools, or other stores, kept: taken in, each once.

A run is marked as begun in the transaction that makes it, and as taken, by a digest of all that
its source says of it, when everything is there. One that is marked as taken with the same digest
is passed over. Any other is compared with what the store has of it, and only what is missing is
added: so an import that was killed is finished by the next, and a source that has grown brings
what is new. Runs of that id which no import made are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.store import projects
from whence.work.fold import fold
from whence.work.importing.belongings import bring_datasets, bring_logged_models, bring_traces
from whence.work.importing.brought import Brought
from whence.work.importing.one_run import active_project, bring_run
from whence.work.importing.registry import bring_models
from whence.work.importing.sources.whence_export import WhenceExport

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.store.folder import StoreFolder
    from whence.work.importing.sources.source import Source

__all__ = ["bring"]


def bring(
    store: StoreFolder,
    source: Source,
    *,
    project: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Brought:
    """Bring the runs of a source; the caller holds the lease.

    Parameters
    ----------
    project
        Put them all into this one; None keeps their projects.
    progress
        Called with the runs done.

    Raises
    ------
    BadInput
        If the source is not as its kind should be; runs before that stay, and count as taken.
    Unwritable
        If the disk is full, for example.
    """
    fold(store)
    done = Brought()
    if project is None:
        _bring_projects(store, source)
    if isinstance(source, WhenceExport):  # no other tool's files tell when a dataset was made
        bring_datasets(store, source, project)
    for run in source.runs():
        try:
            bring_run(store, run, project or run.project, done)
        except BadInput as error:
            done.notes.append(f"run {run.id}: {error}")
        progress(1)
    if isinstance(source, WhenceExport):
        bring_logged_models(store, source, project, done)
        bring_traces(store, source, project, done)
    bring_models(store, source, done)
    done.notes += source.notes
    fold(store)
    return done


def _bring_projects(store: StoreFolder, source: Source) -> None:
    """Make the projects of a source known; those that are here keep the tags that they have."""
    for name, created, tags in source.projects():
        with store.metadata.transaction():
            projects.ensure(store.metadata, name, created)
            found = active_project(store, name)
            store.metadata.run_many(
                "INSERT INTO project_tags (project, key, value) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [(found.id, key, value) for key, value in tags.items()],
            )
