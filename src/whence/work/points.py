"""The points that one epoch takes, gathered as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whence.work.point_blocks import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from whence.store.fresh import Point
    from whence.store.runs import Latest
    from whence.work.frames import Payloads

__all__ = ["Columns", "GatheredPoints"]


class Columns(NamedTuple):
    """Points by run, metric, step, time, and of those equal in all that as they were said.

    Attributes
    ----------
    names, metrics
        The runs and metrics, sorted.
    runs, keys
        Of each point, which of `names` and `metrics`; int32.
    steps, times
        int64; times in microseconds since 1970 UTC.
    values
        float64.
    counted
        Whether a point was counted, and is among the last values, since it came.
    """

    names: list[str]
    metrics: list[str]
    runs: NDArray[np.int32]
    keys: NDArray[np.int32]
    steps: NDArray[np.int64]
    times: NDArray[np.int64]
    values: NDArray[np.float64]
    counted: NDArray[np.bool_]

    def ends(self) -> tuple[list[Latest], list[int]]:
        """Return the last point of each metric of each run, and how many each has.

        Without those that were counted.
        """
        new = np.flatnonzero(~self.counted)
        runs, keys = self.runs[new], self.keys[new]
        last = (runs[1:] != runs[:-1]) | (keys[1:] != keys[:-1])
        ends = np.flatnonzero(np.append(last, [True] * (len(new) > 0)))
        found: list[Latest] = [
            (self.names[run], self.metrics[key], value, step, time)
            for run, key, value, step, time in zip(
                *(one[new[ends]].tolist()
                  for one in (self.runs, self.keys, self.values, self.steps, self.times)),
                strict=True,
            )
        ]  # fmt: skip
        return found, np.diff(ends, prepend=-1).tolist()


class GatheredPoints:
    """Gathers points of records, and of the database where some wait."""

    def __init__(self) -> None:
        self._runs: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._parts: list[tuple[NDArray[np.generic], ...]] = []
        self._taken = 0
        self.seen: dict[str, int] = {}
        """Run -> the time of its last record that was taken."""

    def take(self, payloads: Payloads) -> list[bytes]:
        """Take the points in the records of a journal; return the payloads of all others."""
        found, others = blocks(payloads)
        for one in found:
            width = one.values.shape[1]
            keys = [self._keys.setdefault(key, len(self._keys)) for key in one.metrics]
            runs = [self._runs.setdefault(run, len(self._runs)) for run in one.runs]
            self._add(
                np.repeat(np.array(runs, np.int32)[one.of], width),
                np.array(keys, np.int32)[one.which].ravel(),
                np.repeat(one.steps, width),
                np.repeat(one.times, width),
                one.values.ravel(),
                np.repeat(one.at + self._taken, width),
                counted=False,
            )
            latest = np.full(len(one.runs), 0)
            np.maximum.at(latest, one.of, one.times)
            for run, time in zip(one.runs, latest.tolist(), strict=True):
                self.seen[run] = max(time, self.seen.get(run, 0))
        self._taken += payloads.count
        return others

    def add(self, points: Sequence[Point]) -> None:
        """Take points that waited in the database."""
        runs, keys, steps, times, values = zip(*points, strict=True)
        self._add(
            np.array([self._runs.setdefault(run, len(self._runs)) for run in runs], np.int32),
            np.array([self._keys.setdefault(key, len(self._keys)) for key in keys], np.int32),
            np.array(steps, np.int64),
            np.array(times, np.int64),
            np.array(values, np.float64),
            np.arange(self._taken, self._taken + len(points)),
            counted=True,
        )
        self._taken += len(points)

    def _add(self, *columns: NDArray[np.generic], counted: bool) -> None:
        self._parts.append((*columns, np.full(len(columns[0]), counted)))

    def columns(self) -> Columns:
        """Return all of them."""
        names, of_run = _sorted(self._runs)
        metrics, of_key = _sorted(self._keys)
        if not self._parts:
            none = np.array([], np.int64)
            return Columns([], [], none.astype(np.int32), none.astype(np.int32), none, none,
                           none.astype(np.float64), none.astype(np.bool_))  # fmt: skip
        runs, keys, steps, times, values, said, counted = map(
            np.concatenate, zip(*self._parts, strict=True)
        )
        runs, keys = of_run[runs], of_key[keys]
        order = _order(runs, keys, steps, times, said)
        return Columns(
            names, metrics, runs[order], keys[order], steps[order], times[order], values[order],
            counted[order],
        )  # fmt: skip


def _order(*columns: NDArray[np.integer]) -> NDArray[np.int64] | slice:
    """Return what sorts rows by their columns; all as they are if, as with one run, they are so."""
    tied = np.ones_like(columns[0][1:], np.bool_)
    for column in columns:
        if (tied & (column[1:] < column[:-1])).any():
            return np.lexsort(columns[::-1])
        tied &= column[1:] == column[:-1]
    return slice(None)


def _sorted(numbers: dict[str, int]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the texts in order, and where each stands there, by its number."""
    texts = sorted(numbers)
    places = np.empty(len(texts), np.int32)
    places[[numbers[text] for text in texts]] = np.arange(len(texts), dtype=np.int32)
    return texts, places
