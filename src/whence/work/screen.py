"""What the inputs of a window show: drift, missing and unseen values, volume; each window once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.profile.bins import NumberBins
from whence.profile.spec import ROWS
from whence.types.reports import Alert
from whence.types.slice import describe
from whence.watch.drift import Drift, DriftReference
from whence.watch.family import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from whence.profile.spec import ProfiledColumn, Spec
    from whence.types.time import Window

__all__ = ["Screen"]

HORIZONS = (1, 7, 28)
"""Drift is looked for in the window alone and in the last 7 and 28 windows together."""


class Screen:
    """The reference's inputs, worked out once per tick and asked for every new window.

    Parameters
    ----------
    spec
        The bins.
    counts
        (W, bins, 4): the reference's windows.
    weekday
        (W,): 0 to 6, or -1 for windows that are not days.
    """

    def __init__(
        self,
        spec: Spec,
        counts: NDArray[np.float64],
        weekday: NDArray[np.int64],
    ) -> None:
        self._spec = spec
        self._references = [
            DriftReference.of(counts[:, column.where, ROWS], weekday, unseen=column.bins.unseen())
            for column in spec.columns
        ]

    def drift(self, window: Window, recent: NDArray[np.float64], weekday: int) -> Iterator[Alert]:
        """Yield the drift alerts of one window.

        Parameters
        ----------
        recent
            (at most 28, bins): row counts of the last windows, this one last.
        """
        found: list[tuple[ProfiledColumn, int, Drift]] = []
        for column, reference in zip(self._spec.columns, self._references, strict=True):
            for length in HORIZONS[: 1 if len(recent) == 1 else len(HORIZONS)]:
                if length > len(recent):
                    continue
                together = recent[-length:, column.where].sum(axis=0)
                day = weekday if length == 1 and weekday >= 0 else None
                found.append((column, length, reference.drift(together, day)))
        if not found:
            return
        p = np.array([min(one.p, one.unseen_p) if one.p == one.p else np.nan for *_, one in found])
        line = lines(p)
        told: set[str] = set()
        for (column, length, one), value, threshold in zip(found, p, line, strict=True):
            if value < threshold and column.name not in told:
                told.add(column.name)
                yield Alert(
                    kind="drift",
                    column=column.name,
                    metric=None,
                    window=window,
                    statistic=float(value),
                    threshold=float(threshold),
                    explanation=_explain(column, length, one),
                )


def _explain(column: ProfiledColumn, length: int, drift: Drift) -> str:
    span = "in this window" if length == 1 else f"over the last {length} windows"
    if drift.unseen_share > 0 and drift.unseen_p <= drift.p:
        return (
            f"{drift.unseen_share:.1%} of {column.name} {span} lies outside anything the "
            "reference has seen"
        )
    moved = ", ".join(
        f"{_name(column, bin_)} {drift.change[bin_]:+.1%}" for bin_ in drift.worst_bins[:3]
    )
    return f"{column.name} moved {span} (Cohen's w {drift.effect:.2f}): {moved}"


def _name(column: ProfiledColumn, code: int) -> str:
    if not isinstance(column.bins, NumberBins) and 0 < code < column.bins.FIRST:
        return "unseen values" if code == column.bins.UNSEEN else "rare values"
    return describe({column.name: column.bins.condition(code)})
