"""What the inputs of a window show: drift, missing, stuck and unseen values, volume; once each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from whence.profile.bins import NumberBins
from whence.types.reports import Alert
from whence.types.slice import describe
from whence.watch import quality
from whence.watch.drift import Drift, DriftReference
from whence.watch.family import lines
from whence.watch.volume import volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn, Spec
    from whence.types.time import Window

    Floats = NDArray[np.float64]

__all__ = ["HORIZONS", "Screen"]

HORIZONS = (1, 7, 28)
"""Drift is looked for in the window alone and in the last 7 and 28 windows together."""

FEW_VALUES = 10

MOST_BINS_TOLD = 3


@dataclass(frozen=True, slots=True)
class _Test:
    kind: Literal["drift", "quality", "volume"]
    column: str | None
    p: float
    explanation: str


class Screen:
    """The reference's inputs, worked out once per tick and asked for every new window.

    Parameters
    ----------
    spec
        The bins.
    rows
        (W, bins): row counts of the reference's windows.
    weekday
        (W,): 0 to 6, or -1 for windows that are not days.
    """

    def __init__(self, spec: Spec, rows: Floats, weekday: NDArray[np.int64]) -> None:
        self._spec = spec
        self._rows = rows
        self._weekday = weekday
        self._references = [
            DriftReference.of(rows[:, column.where], weekday, unseen=column.bins.unseen())
            for column in spec.columns
        ]

    def look(self, window: Window, recent: Floats, weekday: int) -> Iterator[Alert]:
        """Yield the alerts of one window, which share one chance of a false one (Holm).

        Parameters
        ----------
        recent
            (1 to 28, bins): row counts of the last windows, this one last; all zeros for a
            window without predictions.
        """
        tests = [self._volume(recent[-1], weekday)]
        if recent[-1, 0]:
            for column, reference in zip(self._spec.columns, self._references, strict=True):
                tests.extend(self._quality(column, recent[-1]))
                tests.extend(self._drift(column, reference, recent, weekday))
        p = np.array([test.p for test in tests])
        line = lines(p)
        told: set[tuple[str, str | None]] = set()
        for i in np.flatnonzero(p < line):
            test = tests[i]
            if (test.kind, test.column) not in told:
                told.add((test.kind, test.column))
                yield Alert(
                    kind=test.kind,
                    column=test.column,
                    metric=None,
                    window=window,
                    statistic=float(p[i]),
                    threshold=float(line[i]),
                    explanation=test.explanation,
                )

    def outside(self, rows: Floats) -> Iterator[tuple[str, int]]:
        """Yield (column, rows) where row counts (bins,) have some outside what was seen.

        A column of many values has new extremes now and then; one of few values has not.
        """
        for column in self._spec.columns:
            if isinstance(column.bins, NumberBins) and len(column.bins.edges) > FEW_VALUES:
                continue
            found = int(rows[column.where][column.bins.unseen()].sum())
            if found:
                yield column.name, found

    def _volume(self, rows: Floats, weekday: int) -> _Test:
        usual = volume(self._rows[:, 0], self._weekday, float(rows[0]), weekday)
        return _Test("volume", None, usual.p, usual.sentence)

    def _quality(self, column: ProfiledColumn, rows: Floats) -> Iterator[_Test]:
        here, before = rows[column.where], self._rows[:, column.where]
        gone, fresh = _missing_bins(column), column.bins.unseen()
        everything, all_before = rows[0], self._rows[:, 0]
        values = np.setdiff1d(np.arange(column.bins.size), gone)
        for found in (
            quality.missing(
                column.name, before[:, gone].sum(axis=1), all_before, here[gone].sum(), everything
            ),
            quality.unseen(
                column.name, before[:, fresh].sum(axis=1), all_before, here[fresh].sum(), everything
            ),
            quality.constant(column.name, before[:, values], here[values]),
        ):
            yield _Test("quality", column.name, found.p, found.sentence)

    def _drift(
        self, column: ProfiledColumn, reference: DriftReference, recent: Floats, weekday: int
    ) -> Iterator[_Test]:
        for length in HORIZONS:
            if length <= len(recent):
                together = recent[-length:, column.where].sum(axis=0)
                day = weekday if length == 1 and weekday >= 0 else None
                found = reference.drift(together, day)
                yield _Test("drift", column.name, found.p, _explain(column, length, found))


def _missing_bins(column: ProfiledColumn) -> NDArray[np.intp]:
    last = NumberBins.FIRST if isinstance(column.bins, NumberBins) else 1
    return np.arange(last)


def _explain(column: ProfiledColumn, length: int, drift: Drift) -> str:
    span = "in this window" if length == 1 else f"over the last {length} windows"
    moved = ", ".join(
        f"{_name(column, bin_)} {drift.change[bin_]:+.1%}"
        for bin_ in drift.worst_bins[:MOST_BINS_TOLD]
    )
    return f"{column.name} moved {span} (Cohen's w {drift.effect:.2f}): {moved}"


def _name(column: ProfiledColumn, code: int) -> str:
    if not isinstance(column.bins, NumberBins) and 0 < code < column.bins.FIRST:
        return "unseen values" if code == column.bins.UNSEEN else "rare values"
    return describe({column.name: column.bins.condition(code)})
