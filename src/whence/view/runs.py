"""Runs of experiments: pages of them, and the curve of one metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput
from whence.store import run_search, runs
from whence.store.points import points
from whence.types.runs import Curve, RunPage

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
    """Return a metric of a run by step, in at most that many buckets of as many points each.

    Raises
    ------
    NotFound
        If there is no such run, or it has no such metric.
    """
    found = points(store, runs.of_id(store, run).id, metric)
    steps = found["step"].to_numpy()
    values = found["value"].to_numpy()
    last = np.unique(np.linspace(0, len(values), min(buckets, len(values)) + 1).astype(np.intp))
    first, last = last[:-1], last[1:] - 1
    # A bucket's extremes are those of its numbers; one without any has none.
    low = np.minimum.reduceat(np.where(np.isnan(values), np.inf, values), first)
    high = np.maximum.reduceat(np.where(np.isnan(values), -np.inf, values), first)
    none = low > high
    return Curve(
        metric=metric,
        points=len(values),
        steps=steps[last].tolist(),
        values=_numbers(values[last]),
        low=_numbers(np.where(none, np.nan, low)),
        high=_numbers(np.where(none, np.nan, high)),
    )


def _numbers(values: Floats) -> list[float | None]:
    """Return numbers as JSON has them: null for what is none."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
