"""A week of one model: what changed, what was found, what is unexplained, what to label.

Metrics are in their own unit (accuracy .83, not 83) and times in UTC, as in `reports`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from whence.types.pages import EventMark, IncidentHead, ModelRow
from whence.types.reports import Interval, WhyReport
from whence.types.slice import Slice
from whence.types.time import Window

__all__ = ["Changed", "MovedColumn", "PeriodFacts", "Review", "ReviewedIncident", "ToLabel"]


class PeriodFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of a period, by the windows that begin in it.

    `value` is the metric over its labelled rows and `interval` its 95 % interval, rows taken as
    independent; null where no row has a label. `rows_a_day` counts the days of the period that
    have passed; null before its first has.
    """

    period: Window
    rows: int
    labelled: int
    rows_a_day: float | None
    value: float | None
    interval: Interval | None


class MovedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """What crossed its line in the week: one column, or the number of rows (`column` null).

    `windows` is in how many windows it did so, `last` when the last of them begins;
    `explanation` is what the alert furthest beyond its line says.
    """

    column: str | None
    kind: Literal["drift", "quality", "volume"]
    windows: int
    last: datetime
    explanation: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What changed in the week.

    `events` are what was told, and the first days of versions, in order; `columns` are the
    worst, and `hidden` says how many more there were.
    """

    events: list[EventMark]
    columns: list[MovedColumn]
    hidden: int


class ReviewedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident of the week with its last verdict, null before the first."""

    head: IncidentHead
    report: WhyReport | None


class ToLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A slice whose labels of the week are too few.

    `rows` and `labelled` are the week's; `needed` is the number of labels that would do, in
    all; null where the slice's losses are too few to tell.
    """

    where: Slice
    rows: int
    labelled: int
    needed: int | None
    reason: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One week of one model.

    `watched` is false for a model that was never watched: the rest is then empty. `half_width`
    is that of the interval which the labels asked for give, in the metric's unit; null
    without a metric. `notes` say what a reader should know of how the page came to be.
    """

    model: str
    week: Window
    made: datetime
    watched: bool
    row: ModelRow
    metric: str | None
    higher_is_better: bool
    reference: PeriodFacts | None
    last_week: PeriodFacts | None
    this_week: PeriodFacts | None
    changed: Changed
    incidents: list[ReviewedIncident]
    unexplained: list[str]
    to_label: list[ToLabel]
    half_width: float | None
    notes: list[str]
