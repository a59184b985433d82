"""How much worse rows inside a slice got than those outside: one z for every slice at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FEWEST", "LEAST_Z", "PRIOR_ROWS", "Contrast", "Sums", "contrast", "sums_of"]

PRIOR_ROWS = 100.0
"""Pseudo rows at an excess loss of 0, which is the additive expectation, in every slice's
before-mean: what stands in for the past of a slice that has none."""

LEAST_Z = 5.0
"""Of 100,000 slices without a change one has |z| > 5 with a chance of about .06."""

FEWEST = 30
"""Failing rows a slice needs: a mean of fewer 0/1 losses is not near a normal distribution."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Count, sum and sum of squares of the excess loss e in each of many sets of rows."""

    count: NDArray[np.float64]
    total: NDArray[np.float64]
    square: NDArray[np.float64]

    def without(self, inside: Sums) -> Sums:
        """Return the sums of the rows that are left."""
        return Sums(
            self.count - inside.count, self.total - inside.total, self.square - inside.square
        )

    @classmethod
    def stack(cls, parts: list[Sums]) -> Sums:
        """Return the sums of several sets of rows as one array each."""
        return cls(
            *(np.array([getattr(one, of) for one in parts]) for of in ("count", "total", "square"))
        )


def sums_of(e: NDArray[np.float64]) -> Sums:
    """Return the sums over all these rows."""
    return Sums(np.array(float(len(e))), np.array(e.sum()), np.array((e**2).sum()))


@dataclass(frozen=True, slots=True)
class Contrast:
    """What `contrast` says of many slices: arrays of one shape.

    `z` tests that a slice changed; `strength` ranks those that did; both carry the sign of the
    change (positive: worse), and are 0 where nothing is shown.
    """

    z: NDArray[np.float64]
    strength: NDArray[np.float64]


def contrast(before: Sums, after: Sums, all_before: Sums, all_after: Sums) -> Contrast:
    """Compare every slice's change with the other rows'.

    A change is the mean of e after minus before. z is the smaller in size of two (Welch): of
    (change inside - change outside), and of the change inside by itself; it is 0 where they
    differ in sign. Without the second, the healthy complement of a slice that got worse would
    look like an improvement. Slices with too few failing rows inside or outside have z = 0.
    The variance of a slice's losses is shrunk to that of all rows by `PRIOR_ROWS`.

    `strength` is the same with the variance of the failing rows only. Among slices with a past
    the order hardly changes; but a slice without one, whose past is an assumption and not a
    sample, is not outranked by its union with healthy rows that have one.
    """
    rest_before, rest_after = all_before.without(before), all_after.without(after)
    inside = _change(before, after)
    apart = inside - _change(rest_before, rest_after)
    now = _squared_error(after, all_after, 0.0)
    now_rest = _squared_error(rest_after, all_after, 0.0)
    was = _squared_error(before, all_before, PRIOR_ROWS)
    was_rest = _squared_error(rest_before, all_before, PRIOR_ROWS)
    few = (after.count < FEWEST) | (rest_after.count < FEWEST)
    z = _smaller(apart / np.sqrt(now + now_rest + was + was_rest), inside / np.sqrt(now + was))
    strength = _smaller(apart / np.sqrt(now + now_rest), inside / np.sqrt(now))
    return Contrast(np.where(few, 0.0, z), np.where(few, 0.0, strength))


def _smaller(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return whichever is nearer to 0, or 0 where they differ in sign."""
    return np.where(a * b > 0, np.where(np.abs(a) < np.abs(b), a, b), 0.0)


def _change(before: Sums, after: Sums) -> NDArray[np.float64]:
    now = after.total / np.maximum(after.count, 1)
    return np.asarray(now - before.total / (before.count + PRIOR_ROWS))


def _squared_error(part: Sums, whole: Sums, prior: float) -> NDArray[np.float64]:
    return np.asarray(_variance(part, whole) / np.maximum(part.count + prior, 1))


def _variance(part: Sums, whole: Sums) -> NDArray[np.float64]:
    count = np.maximum(whole.count, 1)
    pooled = np.maximum(whole.square / count - (whole.total / count) ** 2, 1e-12)
    mean = part.total / np.maximum(part.count, 1)
    own = np.maximum(part.square - part.count * mean**2, 0)
    return np.asarray((own + PRIOR_ROWS * pooled) / (part.count + PRIOR_ROWS))
