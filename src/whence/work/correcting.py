"""Putting points right: a correction is kept, and the last value of the metric follows it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from whence.errors import BadInput, NotFound
from whence.store import corrections, runs
from whence.store.points import history
from whence.types.time import now

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["correct"]


def correct(
    store: StoreFolder,
    run: str,
    key: str,
    step: int,
    value: float | None,
    *,
    reason: str,
    by: str,
) -> None:
    """Say what stands at a step of a metric instead of what was recorded.

    Parameters
    ----------
    value
        What stands; None removes the point.

    Raises
    ------
    NotFound
        If the metric has no point at that step.
    BadInput
        If no reason is given.
    """
    if not reason.strip():
        raise BadInput("a correction without a reason cannot be judged later; give one")
    metadata = store.metadata
    with metadata.transaction():
        said = [point for point in history(store, run, key) if point.step == step]
        if not said:
            raise NotFound(f"run {run} has no point of {key!r} at step {step}; nothing to correct")
        # Clients over HTTP say the times of their points: one may lie ahead.
        at = max(now(), *(point.time for point in said))
        corrections.add(metadata, run, key, step, value, reason=reason, by=by, at=at)
        left = history(store, run, key)
        if not left:
            metadata.run("DELETE FROM latest WHERE run = ? AND key = ?", run, key)
        else:
            last = max(left, key=lambda point: (point.step, point.time))
            metadata.run(
                "UPDATE latest SET value = ?, step = ?, time = ? WHERE run = ? AND key = ?",
                *(None if math.isnan(last.value) else last.value, last.step, last.time, run, key),
            )
        runs.seen(metadata, [(run, now())])
