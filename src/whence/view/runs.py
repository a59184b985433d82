"""Runs of experiments: pages of them, and the curve of one metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput
from whence.store import corrections, curves, run_search, runs
from whence.store.points import points, since
from whence.types.runs import Curve, RunPage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.store.curves import Buckets
    from whence.store.folder import StoreFolder

    Floats = NDArray[np.float64]

__all__ = ["MOST_BUCKETS", "MOST_RUNS", "curve", "run_page"]

MOST_BUCKETS = 2000
"""Of one curve: about as many as a screen has columns of dots."""

MOST_RUNS = 1000
"""Of one page."""


def run_page(
    store: StoreFolder,
    *,
    project: str | None,
    where: str | None = None,
    sort: str,
    limit: int,
    offset: int,
) -> RunPage:
    """Return a page of runs, and what there is to choose from.

    Raises
    ------
    BadInput
        If there is no such filter, runs cannot be sorted so, or the page makes no sense.
    """
    if limit > MOST_RUNS:
        raise BadInput(f"limit is {limit}; a page has at most {MOST_RUNS:,} runs")
    asked = run_search.native(where=where, sort=sort, project=project)
    return RunPage(
        runs=run_search.search(store, asked, limit=limit, offset=offset),
        total=run_search.count(store, asked),
        projects=runs.projects(store),
        metrics=runs.names(store, "latest", project),
        params=runs.names(store, "params", project),
    )


def curve(store: StoreFolder, run: str, metric: str, buckets: int = MOST_BUCKETS) -> Curve:
    """Return a metric of a run by step, in at most that many buckets of about as many points each.

    Raises
    ------
    NotFound
        If there is no such run, or it has no such metric.
    """
    of = runs.of_id(store, run).id
    whole = _kept(store, of, metric)
    if whole is None:
        found = points(store, of, metric)
        whole = curves.of_points(found["step"].to_numpy(), found["value"].to_numpy())
    shown = curves.cut(whole, buckets)
    return Curve(
        metric=metric,
        points=int(whole.counts.sum()),
        steps=shown.steps.tolist(),
        values=_numbers(shown.values),
        low=_numbers(shown.low),
        high=_numbers(shown.high),
    )


def _kept(store: StoreFolder, run: str, metric: str) -> Buckets | None:
    """Return the curve that is kept with what came after it; None if it cannot be used."""
    kept = curves.load(store.metadata, run, metric)
    if kept is None:
        return None
    said = corrections.of_metric(store.metadata, run, metric)
    if (said[-1].id if said else 0) != kept.correction:
        return None
    later = since(store, run, metric, kept.epoch).sort_by([("step", "ascending"),
                                                          ("time", "ascending")])  # fmt: skip
    steps = later["step"].to_numpy()
    if len(steps) and steps[0] < kept.buckets.steps[-1]:
        return None  # it reaches back into what is kept
    return curves.joined(kept.buckets, curves.of_points(steps, later["value"].to_numpy()))


def _numbers(values: Floats) -> list[float | None]:
    """Return numbers as JSON has them: null for what is none."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
