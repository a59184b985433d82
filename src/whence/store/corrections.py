"""Corrections of points: what was said wrongly, by whom it was put right, and why.

The points themselves stay as they were recorded; a correction says what stands at a step instead.
It covers what was recorded of that step before it: a later point stands again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from whence.store.metadata import Metadata

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["Correction", "add", "apply", "of_metric", "of_run"]

_FIELDS = "id, run, key, step, value, removed, reason, by, at"


class Correction(NamedTuple):
    """What stands at a step of a metric from `at` on (microseconds since 1970, UTC).

    `value` is NaN where none stands, or where NaN does; `removed` tells them apart.
    """

    id: int
    run: str
    key: str
    step: int
    value: float
    removed: bool
    reason: str
    by: str
    at: int


def add(
    metadata: Metadata,
    run: str,
    key: str,
    step: int,
    value: float | None,
    *,
    reason: str,
    by: str,
    at: int,
) -> None:
    """Keep a correction; without a value the point is removed; the caller's transaction."""
    said = None if value is None or math.isnan(value) else value
    metadata.run(
        "INSERT INTO corrections (run, key, step, value, removed, reason, by, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        *(run, key, step, said, value is None, reason, by, at),
    )


def of_metric(metadata: Metadata, run: str, key: str) -> list[Correction]:
    """Return the corrections of one metric of a run, the oldest first."""
    return _rows(metadata, "run = ? AND key = ?", run, key)


def of_run(metadata: Metadata, run: str) -> list[Correction]:
    """Return all corrections of a run, the oldest first."""
    return _rows(metadata, "run = ?", run)


def _rows(metadata: Metadata, where: str, *values: str) -> list[Correction]:
    rows = metadata.all(f"SELECT {_FIELDS} FROM corrections WHERE {where} ORDER BY id", *values)  # noqa: S608 - of fixed words
    return [
        Correction(
            number, run, key, step, math.nan if value is None else value, bool(removed),
            reason, by, at,
        )
        for number, run, key, step, value, removed, reason, by, at in rows
    ]  # fmt: skip


def apply(
    steps: Sequence[int] | Integers,
    times: Sequence[int] | Integers,
    values: Sequence[float] | Floats,
    corrections: Sequence[Correction],
) -> tuple[Integers, Floats]:
    """Return which points stand after their corrections, and with which values.

    Of the points of a corrected step that were recorded before, the last takes the value and the
    others go; removed, all go.

    Parameters
    ----------
    steps, times, values
        Of n points of one metric; times in microseconds since 1970.

    Returns
    -------
    standing : ndarray of int64
        Positions of those that stand.
    values : ndarray of float64
        Their values.
    """
    import numpy as np  # noqa: PLC0415 - a server answers before it is loaded

    step, time = np.asarray(steps, np.int64), np.asarray(times, np.int64)
    value = np.array(values, np.float64)
    stands = np.ones(len(step), bool)
    for correction in corrections:
        covered = np.flatnonzero(stands & (step == correction.step) & (time <= correction.at))
        if len(covered):
            stands[covered] = False
            if not correction.removed:
                last = covered[np.argmax(time[covered])]
                stands[last], value[last] = True, correction.value
    standing = np.flatnonzero(stands)
    return standing, value[standing]
