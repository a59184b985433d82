"""Runs as readers get them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

__all__ = ["Curve", "DeletedRun", "RunGroup", "RunGroups", "RunPage", "RunRow", "Status"]

Status = Literal["running", "scheduled", "finished", "failed", "killed", "unknown"]
"""running: its process is alive; scheduled, finished, failed: as its program said; killed: its
process is gone and said neither, or another said so; unknown: nobody here can tell, for it runs,
or ran, on another machine."""


class RunRow(msgspec.Struct, frozen=True, kw_only=True):
    """One run with what it was given and the last value of each of its metrics.

    `user` is who ran it where that was said, `deleted` when it was marked so.
    `ended` is when it ended as far as is known: of a killed run the time of the last record.
    `metrics` holds of each metric the value at the largest step; NaN where that is no number.
    """

    id: str
    project: str
    name: str
    status: Status
    started: datetime
    ended: datetime | None
    parent: str | None
    user: str
    deleted: datetime | None
    params: dict[str, Any]
    tags: dict[str, str]
    metrics: dict[str, float]


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the runs, and what there is to choose from.

    `total` counts all runs that were asked for; `projects` are all; `metrics` and `params` the
    names that the runs asked for have, of each at most 200.
    """

    runs: list[RunRow]
    total: int
    projects: list[str]
    metrics: list[str]
    params: list[str]


class RunGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Runs that have the same value; a number is one value however it is written.

    `texts` are all the ways in which it is written, as filters know them: empty for the runs that
    lack the param.
    """

    texts: list[str]
    total: int


class RunGroups(msgspec.Struct, frozen=True, kw_only=True):
    """The groups of some runs, the largest first; `total` counts the runs of all, shown or not."""

    groups: list[RunGroup]
    total: int


class DeletedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was marked as deleted.

    Attributes
    ----------
    run, name
        Which.
    files, bytes
        Its artifacts, and the bytes of the contents that no other path has: ``whence gc --deleted``
        frees them.
    held
        The versions of registered models that came from it, in words. While there are any, the
        run and its files stay.
    """

    run: str
    name: str
    files: int
    bytes: int
    held: list[str]


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of a run by step, in buckets of as many points each.

    `points` counts all; `steps` and `values` are those of each bucket's last point, `low` and
    `high` its least and largest numbers; null where there is none, or an infinite one.
    """

    metric: str
    points: int
    steps: list[int]
    values: list[float | None]
    low: list[float | None]
    high: list[float | None]
