"""Runs of experiments over HTTP: pages of them, one of them, and what came from what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.server.live import Change
from whence.server.native.artifacts import ARTIFACTS
from whence.server.native.endpoint import Endpoint
from whence.store import captures, deleted_runs, runs
from whence.types.captured import Captured, OutputPage
from whence.types.lineage import Lineage
from whence.types.runs import Curve, DeletedRun, RunGroups, RunPage, RunRow

if TYPE_CHECKING:
    from whence.server.shared import Shared

__all__ = ["RUNS"]

# Tables are loaded when they are first asked for, so that a server starts at once.
# ruff: noqa: PLC0415


class RunsOf(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the runs of a project, of all without one.

    `where` and `sort` as for `whence runs`.
    """

    project: str | None = None
    where: str | None = None
    sort: str = "-started"
    limit: int = 100
    offset: int = 0


class GroupsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Runs as in a page of them; `by` is `project`, `status` or `params.NAME`."""

    by: str
    project: str | None = None
    where: str | None = None


class LineageOf(msgspec.Struct, frozen=True, kw_only=True):
    """A model's name, or a reference such as `run:ID` or `dataset:NAME`."""

    of: str


class OfRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run, by its whole id."""

    run: str


class CurveOf(OfRun, frozen=True, kw_only=True):
    """One metric of a run."""

    metric: str


class OutputOf(OfRun, frozen=True, kw_only=True):
    """The output of a run, from a line on."""

    start: int = 0


def walk_lineage(shared: Shared, given: LineageOf, _: None) -> Lineage:
    """What something came from, and all that came from it."""
    from whence.view.lineage import lineage

    return lineage(shared.store, given.of)


def list_runs(shared: Shared, given: RunsOf, _: None) -> RunPage:
    """Runs of experiments, a page at a time; at most 1,000 a page."""
    from whence.view.runs import run_page

    return run_page(
        shared.store,
        project=given.project,
        where=given.where,
        sort=given.sort,
        limit=given.limit,
        offset=given.offset,
    )


def group_runs(shared: Shared, given: GroupsOf, _: None) -> RunGroups:
    """How many runs have which value of a param, project or status; the 50 largest groups."""
    from whence.view.run_groups import run_groups

    return run_groups(shared.store, by=given.by, project=given.project, where=given.where)


def one_run(shared: Shared, given: OfRun, _: None) -> RunRow:
    """What a run was given, how it stands, and the last value of each of its metrics."""
    return runs.of_id(shared.store, given.run)


def one_curve(shared: Shared, given: CurveOf, _: None) -> Curve:
    """One metric of a run by step, in at most 2,000 buckets."""
    from whence.view.runs import curve

    return curve(shared.store, given.run, given.metric)


def one_captured(shared: Shared, given: OfRun, _: None) -> Captured:
    """What a run captured by itself: its code, command and environment."""
    return captures.of_run(shared.store, runs.of_id(shared.store, given.run).id)


def one_output(shared: Shared, given: OutputOf, _: None) -> OutputPage:
    """What a run's program printed, from line `start` on, in at most 200 parts."""
    return captures.output(shared.store, runs.of_id(shared.store, given.run).id, given.start)


def delete_run(shared: Shared, given: OfRun, _: None) -> DeletedRun:
    """Mark a run as deleted: it is listed no more. Says what hangs on it; see `whence runs`."""
    gone = deleted_runs.delete(shared.store, given.run)
    shared.live.tell(Change("", "runs"))
    return gone


def restore_run(shared: Shared, given: OfRun, _: None) -> RunRow:
    """Bring a run back that was marked as deleted."""
    deleted_runs.restore(shared.store, given.run)
    shared.live.tell(Change("", "runs"))
    return runs.of_id(shared.store, given.run)


RUNS = (
    Endpoint("GET", "/lineage", walk_lineage, LineageOf, gives=Lineage),
    Endpoint("GET", "/runs", list_runs, RunsOf, gives=RunPage),
    Endpoint("GET", "/run-groups", group_runs, GroupsOf, gives=RunGroups),
    Endpoint("GET", "/runs/{run}", one_run, OfRun, gives=RunRow),
    Endpoint("POST", "/runs/{run}/delete", delete_run, OfRun, gives=DeletedRun),
    Endpoint("POST", "/runs/{run}/restore", restore_run, OfRun, gives=RunRow),
    *ARTIFACTS,
    Endpoint("GET", "/runs/{run}/curve", one_curve, CurveOf, gives=Curve),
    Endpoint("GET", "/runs/{run}/captured", one_captured, OfRun, gives=Captured),
    Endpoint("GET", "/runs/{run}/output", one_output, OutputOf, gives=OutputPage),
)
