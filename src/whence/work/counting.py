"""Counts of windows, kept in the database and counted anew where rows or labels were added.

Counting a touched window from its rows, rather than adding to what is stored, makes a tick
harmless to repeat and costs the same however long the history is.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from whence.store.outcomes import outcomes
from whence.types.time import Window, micros

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.profile.spec import Spec
    from whence.store.history import History
    from whence.store.metadata import Metadata
    from whence.types.rows import Task

__all__ = ["Counted", "Facts", "count_window", "load", "save"]


class Facts(msgspec.Struct, array_like=True):
    """What a window's display needs: every label counts here, whenever it came.

    `labelled` rows have a loss; `loss` and `loss_squared` are sums over them.
    """

    rows: int
    labelled: int
    loss: float
    loss_squared: float


@dataclass(frozen=True, slots=True)
class Counted:
    """One window: its facts, and counts (bins, 4) (`Spec`) from the labels that were in time."""

    window: Window
    facts: Facts
    counts: NDArray[np.float64]


def count_window(
    history: History,
    window: Window,
    spec: Spec,
    task: Task | None,
    horizon: float | None,
    cap: float | None,
) -> Counted:
    """Count one window from its rows.

    Parameters
    ----------
    horizon
        Labels that came later than that many seconds after their prediction are left out of
        the counts, so that every window is judged at one age; None leaves none out.
    cap
        Larger losses count as this in the counts; None where losses have a bound.
    """
    names = [column.name for column in spec.columns]
    rows = history.read(micros(window.start), micros(window.end), names)
    loss = np.full(rows.num_rows, np.nan) if task is None else outcomes(rows, task).loss
    known = loss[~np.isnan(loss)]
    facts = Facts(rows.num_rows, len(known), float(known.sum()), float((known**2).sum()))
    if horizon is not None:
        delay = rows["_delay"].to_numpy()
        loss = np.where(delay > horizon, np.nan, loss)
    if cap is not None:
        loss = np.minimum(loss, cap)
    return Counted(window, facts, spec.count(history.columns(rows, names), loss))


def save(metadata: Metadata, model: str, counted: list[Counted]) -> None:
    """Write counted windows; the caller holds the transaction."""
    metadata.run_many(
        "INSERT INTO windows (model, start, stop, facts, counts) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (model, start) DO UPDATE SET stop = excluded.stop,"
        " facts = excluded.facts, counts = excluded.counts",
        [
            (
                model,
                micros(one.window.start),
                micros(one.window.end),
                msgspec.msgpack.encode(one.facts),
                zlib.compress(one.counts.tobytes(), 1),
            )
            for one in counted
        ],
    )


def load(metadata: Metadata, model: str, start: int, end: int) -> dict[int, NDArray[np.float64]]:
    """Return the counts of the windows that start in a period, by start in microseconds."""
    rows = metadata.all(
        "SELECT start, counts FROM windows WHERE model = ? AND start >= ? AND start < ?"
        " ORDER BY start",
        model,
        start,
        end,
    )
    return {
        at: np.frombuffer(zlib.decompress(data), np.float64).reshape(-1, 4) for at, data in rows
    }
