"""Metrics read back: their histories, of one run or of several."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from whence.server.mlflow.runs import OfRun
from whence.server.mlflow.wire import Call, Message, Refused, number, required
from whence.store.paging import offset_of, token_of
from whence.store.points import history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.server.shared import Shared
    from whence.store.fresh import Point

__all__ = ["METRICS"]

_MOST_RUNS, _MOST_POINTS = 100, 25_000
_MOST_OF_RUN = 2500
"""Points of one run that the sampled history gives at most."""


class History(OfRun):
    """One metric of one run; without `max_results` all of it."""

    metric_key: str
    max_results: int | None = None
    page_token: str = ""


class Bulk(Message):
    """One metric of several runs."""

    run_id: list[str] = msgspec.field(default_factory=list)
    metric_key: str | None = None
    max_results: int = _MOST_POINTS


class Interval(Message, kw_only=True):
    """One metric of several runs, a sample between two steps."""

    run_ids: list[str] = msgspec.field(default_factory=list)
    metric_key: str
    start_step: int | None = None
    end_step: int | None = None
    max_results: int = _MOST_OF_RUN


class Value(Message):
    """A point; its run is left out where it was asked for."""

    key: str
    value: float | str
    timestamp: int
    step: int
    run_id: str | None = None


class Page(Message):
    """Points, and the token of those after them."""

    metrics: list[Value] = msgspec.field(default_factory=list)
    next_page_token: str = ""


def _shown(points: Sequence[Point], run: str | None = None) -> list[Value]:
    return [
        Value(
            key=point.key,
            value=number(point.value),
            timestamp=point.time // 1000,
            step=point.step,
            run_id=run,
        )
        for point in points
    ]


def _points(shared: Shared, run: str, key: str) -> list[Point]:
    """Return the history of a metric, each point once: clients that got no answer ask again."""
    return [next(same) for _, same in groupby(history(shared.store, run, key), _what)]


def _what(point: Point) -> tuple[int, int, float | None]:
    return point.time, point.step, None if math.isnan(point.value) else point.value


def _history(shared: Shared, asked: History) -> Page:
    run, most = asked.run, asked.max_results
    if most is not None and most <= 0:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"Invalid value {most} for parameter 'max_results' supplied. It must be a positive "
            "integer.",
        )
    found = _points(shared, run, asked.metric_key)
    first = offset_of(asked.page_token)
    end = len(found) if most is None else first + most
    token = token_of(end) if end < len(found) else ""
    return Page(metrics=_shown(found[first:end]), next_page_token=token)


def _bulk(shared: Shared, asked: Bulk) -> dict[str, list[Value]]:
    runs = asked.run_id
    if not runs:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "GetMetricHistoryBulk request must specify at least one run_id.",
        )
    if len(runs) > _MOST_RUNS:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"GetMetricHistoryBulk request cannot specify more than {_MOST_RUNS} run_ids. "
            f"Received {len(runs)} run_ids.",
        )
    if asked.metric_key is None:
        raise Refused(
            "INVALID_PARAMETER_VALUE", "GetMetricHistoryBulk request must specify a metric_key."
        )
    values: list[Value] = []
    for run in sorted(set(runs)):
        values += _shown(_points(shared, run, asked.metric_key), run)
    return {"metrics": values[: min(asked.max_results, _MOST_POINTS)]}


def _interval(shared: Shared, asked: Interval) -> Page:
    runs, first, last = asked.run_ids, asked.start_step, asked.end_step
    required(runs or None, "run_ids")
    if len(runs) > _MOST_RUNS:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"GetMetricHistoryBulkInterval request must specify at most {_MOST_RUNS} run_ids. "
            f"Received {len(runs)} run_ids. See the API docs for more information about request "
            "parameters.",
        )
    if not 1 <= asked.max_results <= _MOST_OF_RUN:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            f"max_results must be between 1 and {_MOST_OF_RUN}. See the API docs for more "
            "information about request parameters.",
        )
    if (first is None) != (last is None):
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "If either start step or end step are specified, both must be specified.",
        )
    if first is not None and last is not None and first > last:
        raise Refused(
            "INVALID_PARAMETER_VALUE",
            "end_step must be greater than start_step. "
            f"Found start_step={first} and end_step={last}.",
        )
    values: list[Value] = []
    for run in runs:
        found = sorted(_points(shared, run, asked.metric_key), key=lambda point: point.step)
        if first is not None and last is not None:
            found = [point for point in found if first <= point.step <= last]
        values += _shown(_sample(found, asked.max_results), run)
    return Page(metrics=values)


def _sample(points: Sequence[Point], most: int) -> list[Point]:
    """Return the first of each of `most` even parts, and the last of all in any case."""
    if len(points) <= most:
        return list(points)
    # The larger parts come first, as in SQL's NTILE.
    size, larger = divmod(len(points), most)
    found = [points[i * size + min(i, larger)] for i in range(most)]
    if found[-1] != points[-1]:
        found[-1] = points[-1]
    return found


_PATH = "2.0/mlflow/metrics"

METRICS: tuple[Call, ...] = (
    Call("GET", f"{_PATH}/get-history", _history, History),
    Call("GET", f"{_PATH}/get-history-bulk", _bulk, Bulk),
    Call("GET", f"{_PATH}/get-history-bulk-interval", _interval, Interval),
)
