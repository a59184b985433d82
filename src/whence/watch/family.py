"""Many tests at once: which of one tick's p-values cross the line together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from whence.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ANY_FALSE_ALERT", "crossed", "lines"]

ANY_FALSE_ALERT = 0.01
"""The chance of at least one false alert in a window, over all columns and horizons."""


def lines(p: NDArray[np.float64], level: float = ANY_FALSE_ALERT) -> NDArray[np.float64]:
    """Return the line that each p-value must fall below, by Holm's step-down rule.

    The i-th smallest of m is compared with ``level / (m - i + 1)``, and the first that fails
    stops the rest (Holm 1979): the chance of any false alert is at most `level` whatever the
    dependence between the tests, which Bonferroni promises too, with less power.

    Parameters
    ----------
    p
        (m,): p-values in [0, 1]; NaN where there is no test, which neither counts nor crosses.
    level
        The chance of any false alert, in (0, 1).

    Returns
    -------
    array
        (m,): p crosses where it is below its line; the line is 0 after the first failure, and
        NaN where p is.

    Raises
    ------
    BadInput
        If `level` is not between 0 and 1, or a p-value is not.
    """
    if not 0.0 < level < 1.0:
        raise BadInput(f"the level {level} is no chance; give one between 0 and 1, such as 0.01")
    tested = np.flatnonzero(~np.isnan(p))
    values = p[tested]
    if ((values < 0.0) | (values > 1.0)).any():
        raise BadInput(f"p-values go from {values.min()} to {values.max()}; they lie in [0, 1]")
    order = tested[np.argsort(values, kind="stable")]
    line = level / np.arange(len(order), 0, -1)
    failed = p[order] >= line
    if failed.any():
        line[int(np.argmax(failed)) + 1 :] = 0.0
    result = np.full(len(p), np.nan)
    result[order] = line
    return result


def crossed(p: NDArray[np.float64], level: float = ANY_FALSE_ALERT) -> NDArray[np.bool_]:
    """Return which p-values of one tick cross together, (m,) bool; see `lines`."""
    return p < lines(p, level)
