"""The interval of a metric in a window, a slice or a period."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.profile.spec import LABELLED, LOSS, LOSS_SQUARED
from whence.watch.proportion import normal_quantile, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from whence.view.watched import Watched

    Floats = NDArray[np.float64]

__all__ = ["interval", "ordered"]

_Z = normal_quantile(0.95)


def interval(watched: Watched, sums: Floats) -> tuple[float | None, float | None]:
    """Return the metric's 95 % interval from sums (4,), rows taken as independent.

    Wilson's for 0/1 losses, else normal with the rows' own variance.
    """
    labelled, loss = float(sums[LABELLED]), float(sums[LOSS])
    if not labelled:
        return None, None
    if watched.state.task == "classification":
        return ordered(watched, *wilson(loss, labelled))
    mean = loss / labelled
    variance = max(float(sums[LOSS_SQUARED]) / labelled - mean**2, 0.0)
    reach = _Z * (variance / labelled) ** 0.5
    return ordered(watched, mean - reach, mean + reach)


def ordered(watched: Watched, low: float, high: float) -> tuple[float, float]:
    """Return the metric's values at two mean losses, the smaller first."""
    first, second = watched.value(low), watched.value(high)
    return (first, second) if first <= second else (second, first)
