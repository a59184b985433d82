"""A season: what happens now happened at the same time of the year, or of the week, before.

See ``docs/causes/seasonality.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whence.causes.evidence import Evidence, Outcome
from whence.causes.gain import Gain, mean_gain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows

__all__ = ["NAME", "QUESTION", "test"]

NAME = "seasonality"
QUESTION = "Did the same happen at the same time of an earlier year, or on the same weekdays?"

_EXPLAINED = 0.5
"""The earlier change must be at least this part of the present one."""

_REACH = 1.96
_FEWEST = 30
"""With fewer labelled rows a mean of losses has no usable interval."""

_WEEK = 7
_FEWEST_PER_WEEKDAY = 2


@dataclass(frozen=True, slots=True)
class _Earlier:
    """How much worse it was at the same phase before, and in which words."""

    change: Gain
    story: str
    caution: str


def test(evidence: Evidence) -> Outcome:
    """Compare the change with the one at the same phase of an earlier cycle.

    The change a year before is the mean loss of the weeks 52 weeks before the failing ones,
    less that of the weeks 52 weeks before the reference: a year that was worse throughout is no
    season. The weekly one is the reference's mean loss at the failing rows' weekdays, less its
    mean. Intervals take windows as the sample.
    """
    drop = float(evidence.after.loss.mean() - evidence.before.loss.mean())
    candidates = [one for one in (_year(evidence), _week(evidence)) if one is not None]
    if not candidates:
        return Outcome(NAME, ruled_out_by="no labelled rows of the same weeks a year before")
    best = max(candidates, key=lambda one: one.change.low)
    fits = (
        best.change.low > 0 and best.change.high >= drop and best.change.mean >= _EXPLAINED * drop
    )
    return Outcome(
        NAME,
        ruled_out_by=None
        if fits
        else f"{best.story} the loss changed by {best.change.mean:+.4f}, now by {drop:+.4f}",
        rows=np.ones(len(evidence.after), bool),
        everywhere=True,
        story=f"{best.story} the same happened",
        evidence=(
            (
                f"the loss rose by {best.change.mean:.4f} then ({best.change.low:.4f} to "
                f"{best.change.high:.4f}), by {drop:.4f} now"
            ),
            best.caution,
        ),
        points=min(best.change.mean, drop),
        remedy=(
            "Suggestion, to be tested on later rows: train on at least one full cycle with the "
            "time of the year or week among the inputs, and compare these windows with the same "
            "ones before."
        ),
    )


def _year(evidence: Evidence) -> _Earlier | None:
    if evidence.season is None or min(map(len, evidence.season)) < _FEWEST:
        return None
    quiet, past = evidence.season
    return _Earlier(
        _difference(quiet, past),
        "in the same weeks a year before",
        "one earlier year: twice is not yet always",
    )


def _difference(old: Rows, new: Rows) -> Gain:
    """Return mean loss of `new` less that of `old`, with windows as blocks (normal interval)."""
    was, now = (mean_gain(rows.loss, _blocks(rows)) for rows in (old, new))
    mean, se = now.mean - was.mean, float(np.hypot(now.se, was.se))
    return Gain(mean, se, mean - _REACH * se, mean + _REACH * se)


def _blocks(rows: Rows) -> NDArray[np.intp]:
    return np.unique(rows.window, return_inverse=True)[1].astype(np.intp)


def _week(evidence: Evidence) -> _Earlier | None:
    """Return what the failing rows' weekdays alone imply, where the reference knows each."""
    before, after = evidence.before, evidence.after
    windows = len(np.unique(after.window))
    if windows % _WEEK == 0 or windows > 2 * _WEEK:
        return None  # every weekday is there as often as the others
    share = np.bincount(after.weekday, minlength=_WEEK) / len(after)
    seen = [np.unique(before.window[before.weekday == day]).size for day in range(_WEEK)]
    if any(n < _FEWEST_PER_WEEKDAY for n, s in zip(seen, share, strict=True) if s):
        return None
    old = np.bincount(before.weekday, minlength=_WEEK) / len(before)
    weight = (share / np.maximum(old, 1e-12))[before.weekday]
    change = mean_gain((weight - 1.0) * (before.loss - before.loss.mean()), _blocks(before))
    return _Earlier(change, "on the same weekdays of the reference", "the reference's weeks only")
