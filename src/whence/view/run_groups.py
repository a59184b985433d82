"""Runs by what they have in common: the values of a param, of the project or of the status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.store import run_search
from whence.types.runs import RunGroup, RunGroups

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["MOST_GROUPS", "run_groups"]

MOST_GROUPS = 50
"""Of one answer; a param that differs from run to run makes no groups that help anybody."""


def run_groups(
    store: StoreFolder, *, by: str, project: str | None, where: str | None = None
) -> RunGroups:
    """Return the groups of the runs of a project that fit a filter, at most 50.

    Raises
    ------
    BadInput
        If there is no such filter, or runs cannot be grouped so.
    """
    kind, _, key = by.partition(".")
    asked = run_search.native(where=where, project=project)
    if kind == "params" and key:
        found = run_search.groups(store, asked, "parameter", key, limit=MOST_GROUPS)
    elif by in {"project", "status"}:
        found = run_search.groups(store, asked, "attribute", by, limit=MOST_GROUPS)
    else:
        raise BadInput(f"runs cannot be grouped by {by!r}; give project, status or params.NAME")
    return RunGroups(
        groups=[RunGroup(texts=texts, total=total) for texts, total in found],
        total=run_search.count(store, asked),
    )
