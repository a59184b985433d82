"""How many labels an answer takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whence.why.ledger import Entry

__all__ = ["labels_to_ask", "more_labels"]

_Z_ASK = 2.49
"""1.645 + 0.845: a one-sided test at 5 % with power 80 %."""

_SHRINK = 3.6
"""sqrt(13): the interval must fit into +-delta with power 95 % (1.96 + 1.645 = 3.605)."""


def labels_to_ask(variance: float, delta: float) -> int:
    """Return n = variance (2.49 / delta)^2: labels that show a change of delta.

    `variance` is of one row's loss (p (1 - p) for a share), `delta` in the metric's unit;
    the reference is taken as known. 5,600 at p = .1 and one point.
    """
    return math.ceil(variance * (_Z_ASK / delta) ** 2)


def more_labels(drop: Entry, rows: int, delta: float) -> int:
    """Return how many more labels would bring the drop's interval within +-delta.

    The standard error falls with the square root of the rows, so n (3.6 se / delta)^2 rows are
    needed; with equal periods that is 2 p (1 - p) 13 / delta^2 for a share.
    """
    low, high = drop.interval
    if not math.isfinite(high - low):
        return math.ceil(13 / (2 * delta**2))
    se = (high - low) / (2 * 1.96)
    return max(1, math.ceil(rows * ((_SHRINK * se / delta) ** 2 - 1)))
