"""What to label: slices that matter and whose labels are too few to say how well they go."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from whence.profile.bins import CategoryBins
from whence.profile.spec import LABELLED, LOSS, LOSS_SQUARED, ROWS
from whence.store.history import VERSION, History
from whence.store.outcomes import losses, smallest_change
from whence.types.review import ToLabel
from whence.types.time import micros
from whence.view.rows import holds
from whence.view.unseen import unseen_levels
from whence.watch.proportion import normal_quantile
from whence.watch.quality import SMALLEST_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from whence.types.review import ReviewedIncident
    from whence.types.slice import Slice
    from whence.types.time import Window
    from whence.view.watched import Watched

    Floats = NDArray[np.float64]

__all__ = ["FEWEST_LOSSES", "half_width", "labels_needed", "to_label"]

MOST = 5
"""Slices asked for: more is no list that a person works through."""

MOST_READ = 20
"""Slices whose rows are read: those of verdicts first, then values never seen, the most frequent
first. Each costs a reading of the week."""

WIDTH_IN_CHANGES = 5.0
"""Half an interval's width, in smallest changes that matter: .05 for accuracy."""

FEWEST_LOSSES = 30
"""Labelled rows below which the spread of losses without a bound is not known."""

_Z = normal_quantile(0.95)


def to_label(watched: Watched, week: Window, incidents: list[ReviewedIncident]) -> list[ToLabel]:
    """Return the slices to label, the largest first.

    They are those that the verdicts on open incidents name, and the values that the reference
    has not seen and that at least `SMALLEST_SHARE` of the week's rows have.

    Parameters
    ----------
    week
        The rows' time.
    incidents
        Those that are open; of others nothing is to be found out.
    """
    reasons: dict[tuple[tuple[str, object], ...], tuple[Slice, str]] = {}
    for where, reason in (*_named(incidents), *_unseen(watched, week)):
        reasons.setdefault(tuple(sorted(where.items(), key=lambda one: one[0])), (where, reason))
    found: list[ToLabel] = []
    for where, reason in [*reasons.values()][:MOST_READ]:
        sums = _sums(watched, where, week)
        needed = labels_needed(watched, sums)
        rows, labelled = int(sums[ROWS]), int(sums[LABELLED])
        enough = needed is not None and labelled >= needed
        if rows > labelled and not enough:
            found.append(
                ToLabel(where=where, rows=rows, labelled=labelled, needed=needed, reason=reason)
            )
    return sorted(found, key=lambda one: -one.rows)[:MOST]


def half_width(watched: Watched) -> float | None:
    """Return half the width of the interval that is asked for; None without a metric.

    It is `WIDTH_IN_CHANGES` times the smallest change that matters by default: .05 for accuracy
    and Brier score, a quarter of the reference's mean absolute error.
    """
    task = watched.state.task
    if task is None:
        return None
    healthy = watched.total(watched.state.reference)[0]
    if not healthy[LABELLED]:
        return None
    return WIDTH_IN_CHANGES * smallest_change(task, float(healthy[LOSS] / healthy[LABELLED]))


def labels_needed(watched: Watched, sums: Floats) -> int | None:
    """Return how many labels, in all, give a slice a 95 % interval of `half_width`.

    ``n = z^2 v / h^2``, the normal approximation to the mean of independent rows (Cochran 1977,
    Sampling Techniques, eq. 4.2 for shares). For accuracy ``v = p (1 - p)`` with
    ``p = (k + z^2 / 2) / (n + z^2)`` of the k right of n labelled rows (Agresti & Coull 1998):
    .5 without labels, the slice's own share with many, and never sure after a few. For other
    metrics v is the variance of the slice's losses; None below `FEWEST_LOSSES` of them.
    Without any label of the model the number is that of accuracy at ``p = .5``.

    Parameters
    ----------
    sums
        (4,): rows, labelled rows, sum of loss and of squared loss.
    """
    n, loss = float(sums[LABELLED]), float(sums[LOSS])
    task, reach = watched.state.task, half_width(watched)
    if task is None:
        reach = WIDTH_IN_CHANGES * smallest_change("classification", 0.0)
    if reach is None or reach <= 0.0:
        return None
    if task in {None, "classification"}:
        share = (loss + _Z**2 / 2.0) / (n + _Z**2)
        variance = share * (1.0 - share)
    elif n < FEWEST_LOSSES:
        return None
    else:
        variance = max(float(sums[LOSS_SQUARED]) - loss**2 / n, 0.0) / (n - 1.0)
    return math.ceil(_Z**2 * variance / reach**2)


def _named(incidents: list[ReviewedIncident]) -> Iterator[tuple[Slice, str]]:
    """Yield the slices of verdicts; before the first, that whose alarm opened the incident."""
    for one in incidents:
        of = f"the incident of {one.head.incident.started:%Y-%m-%d}"
        if one.report is None:
            if one.head.incident.where:
                yield one.head.incident.where, f"{of} began in it"
            continue
        verdict = one.report.verdict
        for where in (verdict.where, *(cause.where for cause in verdict.causes)):
            if where:
                yield where, f"the verdict on {of} names it"


def _unseen(watched: Watched, week: Window) -> list[tuple[Slice, str]]:
    """Return what the reference has not seen, the most frequent first."""
    total = watched.total(week)
    found: list[tuple[float, Slice, str]] = []
    for column in watched.spec.columns if total[0, ROWS] else ():
        here = total[column.where]
        if isinstance(column.bins, CategoryBins):
            levels = unseen_levels(watched, column, week, here[np.newaxis], [micros(week.start)])
            found += [
                (level.share, level.where, "the reference has not seen this value")
                for level in levels
            ]
            continue
        rows = max(float(here[:, ROWS].sum()), 1.0)
        for code in column.bins.unseen():
            where: Slice = {column.name: column.bins.condition(int(code))}
            share = float(here[code, ROWS]) / rows
            found.append((share, where, "the reference has not seen numbers of this range"))
    frequent = [one for one in found if one[0] >= SMALLEST_SHARE and one[0] > 0.0]
    frequent.sort(key=lambda one: -one[0])
    return [(where, reason) for _, where, reason in frequent]


def _sums(watched: Watched, where: Slice, period: Window) -> Floats:
    """Return the sums (4,) of a slice's rows in a period: rows, labelled, loss, squared loss."""
    history = History(watched.store, watched.model)
    table = history.read(
        micros(period.start), micros(period.end), [name for name in where if name != VERSION]
    )
    columns = history.columns(table)
    inside = np.ones(table.num_rows, np.bool_)
    for name, condition in where.items():
        inside &= holds(columns[name], condition) if name in columns else condition is None
    if watched.state.task is None:
        return np.array([inside.sum(), 0.0, 0.0, 0.0])
    loss = losses(table, watched.state.task)[inside]
    known = loss[~np.isnan(loss)]
    return np.array([len(loss), len(known), known.sum(), (known**2).sum()])
