"""What `watch` and `why` answer: the JSON contract, field for field.

Performance is given in the metric's own unit (accuracy .83, not 83); so are *points*, which
add up: ``sum(points of findings) + unexplained + closure`` is the drop, ``before - after`` for
a metric that is better when larger and ``after - before`` for a loss.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from whence.types.slice import Slice
from whence.types.time import Window

__all__ = [
    "Alert",
    "Checked",
    "Finding",
    "Incident",
    "Named",
    "Trigger",
    "Verdict",
    "WatchReport",
    "WhyReport",
    "WindowReport",
]

Interval = tuple[float, float]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One signal that crossed its line in one window.

    `statistic` and `threshold` are on one scale: the alert was raised because the statistic
    reached the threshold, or for a p-value fell below it; `explanation` says it in words.
    """

    kind: Literal["performance", "drift", "quality", "volume"]
    column: str | None
    metric: str | None
    window: Window
    statistic: float
    threshold: float
    explanation: str


class WindowReport(msgspec.Struct, frozen=True, kw_only=True):
    """One window: its rows, how many are labelled, and its metrics (name -> value).

    A metric that could not be computed is absent. `provisional` is true while labels are
    still expected: such a window is shown and not judged.
    """

    window: Window
    rows: int
    labelled: int
    metrics: dict[str, float]
    provisional: bool = False


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts of one failure; `before` and `after` are the metric's values.

    `ended` is None while it is open; `where` is the slice whose alarm opened it, empty for
    all rows; `cause` is what the last verdict on it named, None before anyone asked.
    """

    id: str
    metric: str
    started: datetime
    detected: datetime
    ended: datetime | None
    before: float
    after: float
    where: Slice = {}
    cause: str | None = None


class WatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``whence watch``.

    `judged` is how many windows' performance was judged so far: while it is 0, no incident can
    open. `notes` say what a person should know of how this came to be.
    """

    model: str
    windows: list[WindowReport]
    alerts: list[Alert]
    incidents: list[Incident]
    reference: Window | None = None
    judged: int = 0
    notes: list[str] = []


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """The event or version a failure began with."""

    kind: Literal["external", "deploy", "config", "campaign", "version"]
    name: str
    at: datetime


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the drop: points that add up, with a 95 % interval and what it rests on.

    `share` is of the positive points, or None where the drop's own interval holds 0; `same_rows`
    are slices of other columns that hold nearly the same rows.
    """

    cause: str
    slice: Slice
    points: float
    share: float | None
    interval: Interval
    evidence: list[str]
    remedy: str
    same_rows: list[Slice] = []


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One cause that was tested: `gain` is in nats a row, on rows it had not seen.

    It is None where the cause cannot be tested on these data.
    """

    cause: str
    gain: float | None
    interval: Interval | None
    ruled_out_by: str | None


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One of the causes a verdict names, with its part of the drop.

    `share` is of the positive points, as a finding's.
    """

    cause: str
    where: Slice
    points: float
    share: float | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: a mechanism, where, since what, how sure, in one sentence, and what would fix it.

    `confidence` is a probability in [0, 1], or None where no calibration covers the case;
    `margin` is what it is read from: the standard errors by which the evidence would have to be
    wrong for another verdict (None: nothing to compare with). `causes` are all that carry a real
    part of the drop, `cause` first; empty where no cause is named.
    """

    cause: str
    where: Slice
    trigger: Trigger | None
    confidence: float | None
    sentence: str
    remedy: str
    causes: list[Named] = []
    margin: float | None = None


class WhyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``whence why``."""

    model: str
    incident: Incident | None
    verdict: Verdict
    findings: list[Finding]
    unexplained: float
    closure: float
    checked: list[Checked]
    cannot_know: list[str]
