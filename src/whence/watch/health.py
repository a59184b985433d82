"""Whether nothing is wrong, something is, or too little is known to say which."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from whence.errors import BadInput
from whence.watch.proportion import normal_quantile

__all__ = ["DELTA", "Health", "drop_interval", "health", "labels_to_ask", "rows_per_period"]

DELTA = 0.01
"""The drop that does not matter, in the metric's unit: one point of accuracy."""

POWER_TO_SETTLE = 0.9
"""Chance that two periods of `rows_per_period` labels show a drop of 0 to be within delta."""

POWER_TO_FIND = 0.8
"""Chance that `labels_to_ask` labels find a drop of delta."""

NEAREST = 0.1
"""A drop nearer to delta than that part of it is not worth the labels that would tell."""


@dataclass(frozen=True, slots=True)
class Health:
    """The answer, and for ``"cannot-tell"`` how many more labels would probably settle it.

    Attributes
    ----------
    state
        healthy: the interval of the drop lies inside +-delta, no quality alert is open and the
        labels are at full age. incident: it lies above delta. cannot-tell: anything else.
    drop, interval
        How much worse the metric is, > 0 for worse, and its interval.
    more_labels
        For cannot-tell, about how many more labels of the present period; 0 where labels are
        not what is missing; otherwise None.
    sentence
        The same in words.
    """

    state: Literal["healthy", "incident", "cannot-tell"]
    drop: float
    interval: tuple[float, float]
    more_labels: int | None
    sentence: str


def drop_interval(
    before: float,
    before_variance: float,
    after: float,
    after_variance: float,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Return the interval of after - before, two independent mean losses with their variances."""
    half = normal_quantile(confidence) * math.sqrt(before_variance + after_variance)
    return after - before - half, after - before + half


def rows_per_period(row_variance: float, delta: float = DELTA, confidence: float = 0.95) -> float:
    """Return the labels per period with which a drop of 0 is shown to lie inside +-delta.

    ``2 v (z_c + z_b)^2 / delta^2`` with v the variance of a row's loss, z_c the two-sided
    quantile of the interval and z_b that of `POWER_TO_SETTLE` for both its ends (two
    one-sided tests, Julious 2004): 23,390 per period at v = .09 and delta = .01.
    """
    _check_delta(delta)
    both_ends = normal_quantile(POWER_TO_SETTLE)
    return 2.0 * row_variance * ((normal_quantile(confidence) + both_ends) / delta) ** 2


def labels_to_ask(row_variance: float, delta: float, power: float = POWER_TO_FIND) -> int:
    """Return how many labels, at random, find a drop of `delta` from a known mean.

    ``v ((z_.95 + z_power) / delta)^2``, a one-sided test at .05 (Cohen 1988, ch. 2):
    5,565 at v = .09 and one point, 619 at three.
    """
    _check_delta(delta)
    one_sided = normal_quantile(0.9) + normal_quantile(2.0 * power - 1.0)
    return math.ceil(row_variance * (one_sided / delta) ** 2)


def health(
    drop: float,
    interval: tuple[float, float],
    *,
    labelled: int,
    row_variance: float,
    delta: float = DELTA,
    quality_open: bool = False,
    full_age: bool = True,
) -> Health:
    """Return whether nothing is wrong.

    Parameters
    ----------
    drop, interval
        How much worse than the reference, > 0 for worse, and its 95 % interval.
    labelled
        Labels of the present period.
    row_variance
        Variance of one row's loss; p (1 - p) for an error rate p. Raise it by the design
        effect where windows vary more than their rows do.
    delta
        The drop that does not matter, > 0.
    quality_open
        A quality alert is open.
    full_age
        The labels are at the age at which windows are judged.

    Raises
    ------
    BadInput
        If delta is not above 0, or the interval's ends are not in order.
    """
    _check_delta(delta)
    low, high = interval
    if not low <= drop <= high:
        raise BadInput(f"the drop {drop:g} is not inside its interval ({low:g}, {high:g})")
    span = f"{low:+.4f} to {high:+.4f}"
    if low > delta:
        return Health(
            "incident", drop, interval, None, f"Worse by {drop:.4f} (95 % interval {span})."
        )
    inside = -delta < low and high < delta
    if inside and not quality_open and full_age:
        return Health(
            "healthy",
            drop,
            interval,
            None,
            f"Nothing is wrong: the change is {drop:+.4f} and inside +-{delta:g} ({span}).",
        )
    if inside or high < -delta:
        return _blocked(drop, interval, quality_open=quality_open, full_age=full_age)
    more = _more_labels(drop, interval, labelled, row_variance, delta)
    sentence = f"Cannot tell yet: the change is {drop:+.4f} ({span}); about {more:,} more labels."
    return Health("cannot-tell", drop, interval, more, sentence)


def _more_labels(
    drop: float,
    interval: tuple[float, float],
    labelled: int,
    row_variance: float,
    delta: float,
) -> int:
    """Return how many more labels would do: as planned for a drop of 0, else for this drop.

    Where the plan's labels are there already, an interval that shrinks with the root of their
    number must keep clear of delta: labelled x ((half width / distance to delta)^2 - 1).
    """
    planned = rows_per_period(row_variance, delta) - labelled
    if planned > 0:
        return math.ceil(planned)
    half = (interval[1] - interval[0]) / 2.0
    distance = max(abs(delta - abs(drop)), NEAREST * delta)
    return max(1, math.ceil(labelled * ((half / distance) ** 2 - 1.0)))


def _blocked(
    drop: float, interval: tuple[float, float], *, quality_open: bool, full_age: bool
) -> Health:
    reasons = {
        "a quality alert is open": quality_open,
        "labels are still expected": not full_age,
        "the metric is better than the reference by more than what does not matter": (
            interval[1] < 0
        ),
    }
    why = " and ".join(reason for reason, holds in reasons.items() if holds)
    return Health("cannot-tell", drop, interval, 0, f"Cannot tell: {why}.")


def _check_delta(delta: float) -> None:
    if delta <= 0:
        raise BadInput(f"delta is {delta}; give the drop that does not matter, above 0")
