"""What the pages of the server show: the JSON of its API, field for field.

Times are ISO 8601 in UTC, except in `Series` and `DriftMap`, where they are milliseconds since
1970, because a chart wants numbers. Numbers that are not known are null. A slice, a window, an
incident and a verdict are what `reports` says.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from whence.types.reports import Alert, Incident, Interval, WhyReport
from whence.types.slice import Slice
from whence.types.task import Task
from whence.types.telling import Message
from whence.types.time import Period, Window

__all__ = [
    "Action",
    "Actions",
    "Bin",
    "Distribution",
    "DriftColumn",
    "DriftMap",
    "EventMark",
    "IncidentHead",
    "IncidentPage",
    "Level",
    "ModelPage",
    "ModelRow",
    "NewAction",
    "OpenAlert",
    "Query",
    "RowPage",
    "Series",
    "SliceTable",
    "SqlResult",
    "State",
]

State = Literal["failing", "healthy", "waiting", "blind"]
"""failing: an incident is open; healthy: windows were judged and none is open; waiting: labels or
windows are too few to judge yet; blind: there are no labels."""

Milliseconds = int


class IncidentHead(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as a list shows it.

    `sentence` is the verdict's where one was made, else what the watch knows; `handled` is the
    last thing that a person said of it: None while nobody did.
    """

    model: str
    incident: Incident
    sentence: str
    handled: Action | None = None


class ModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the list.

    `value` is the metric in the last window that has one, `expected` what is normal there;
    `recent` are the metric's values in the last windows, the oldest first, null where a window
    had no labels; `rows` are those of the last window, `labelled` the share of them with a
    label, `delay` the seconds after which nearly all labels have come. `incident` is the newest
    that is open and that no person has closed, `others` are the others.
    """

    name: str
    state: State
    sentence: str
    metric: str | None
    higher_is_better: bool
    value: float | None
    expected: float | None
    recent: list[float | None]
    rows: int
    labelled: float
    delay: float | None
    window: Window | None
    incident: IncidentHead | None
    others: list[IncidentHead]


class EventMark(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, or the first day of a model version."""

    kind: Literal["external", "deploy", "config", "campaign", "version"]
    name: str
    at: datetime
    scope: dict[str, str]


class ModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """What stands around a model's charts.

    `columns` are the inputs by which it can be sliced, logged ones first.
    """

    row: ModelRow
    task: Task | None
    by: Period
    reference: Window
    declared: bool
    notes: list[str]
    columns: list[str]
    events: list[EventMark]
    incidents: list[IncidentHead]


class Series(msgspec.Struct, frozen=True, kw_only=True):
    """The metric over time, one entry a window, or a bucket of windows where there are many.

    `low` and `high` are its 95 % interval; `normal_low` and `normal_high` hold a healthy window
    in 95 of 100 cases (null where nothing was judged); `smallest` and `largest` are the extremes
    of a bucket's windows, equal to `value` where a bucket is one window; `line` is the value
    beyond which a window speaks for a failure. `evidence` is the alarm's statistic as a part of
    its threshold: an incident opens at 1.
    """

    metric: str | None
    higher_is_better: bool
    start: list[Milliseconds]
    value: list[float | None]
    smallest: list[float | None]
    largest: list[float | None]
    low: list[float | None]
    high: list[float | None]
    normal_low: list[float | None]
    normal_high: list[float | None]
    line: list[float | None]
    evidence: list[float | None]
    rows: list[int]
    labelled: list[int]
    provisional: list[bool]


class DriftColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the map: `distance` is Cohen's w of each window from the reference.

    0 is "as ever", .1 is small, .3 medium, .5 large (Cohen 1988). `alerts` says what crossed its
    line in that window, null where nothing did; `missing` is the share of nulls.
    """

    name: str
    kind: Literal["number", "category"]
    derived: bool
    distance: list[float | None]
    missing: list[float | None]
    alerts: list[str | None]


class DriftMap(msgspec.Struct, frozen=True, kw_only=True):
    """Columns by windows, the column that moved most first; `hidden` columns are left out."""

    start: list[Milliseconds]
    end: list[Milliseconds]
    columns: list[DriftColumn]
    hidden: int


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """One bin of a column: its share of the rows in the reference and in the period asked for.

    `loss_before` and `loss` are the mean losses in it, null without labels; `where` is null for
    bins that are no single condition (rare and unseen levels).
    """

    label: str
    where: Slice | None
    before: float
    now: float
    loss_before: float | None
    loss: float | None


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """One column in the reference and in a period."""

    column: str
    kind: Literal["number", "category"]
    reference: Window
    period: Window
    rows_before: int
    rows: int
    bins: list[Bin]


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """One slice of one column: the metric in the reference and now, with 95 % intervals.

    `points` is what it costs all rows: its share now, times how much worse it became; a slice
    that the reference has not seen is compared with all rows of the reference.
    """

    label: str
    where: Slice
    share_before: float
    share: float
    labelled: int
    before: float | None
    after: float | None
    interval: Interval | None
    points: float | None
    recent: list[float | None]


class SliceTable(msgspec.Struct, frozen=True, kw_only=True):
    """The slices that one column makes, the costliest first."""

    column: str
    metric: str | None
    higher_is_better: bool
    reference: Window
    period: Window
    start: list[Milliseconds]
    levels: list[Level]


class NewAction(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says of an incident.

    expected: known and no failure; resolved: mended, whatever the metric says yet.
    """

    kind: Literal["acknowledged", "comment", "expected", "resolved", "reopened"]
    text: str = ""
    by: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What a person said of an incident, and when; it is never changed afterwards."""

    kind: Literal["acknowledged", "comment", "expected", "resolved", "reopened"]
    text: str
    by: str
    at: datetime


class Actions(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said of an incident, the oldest first."""

    actions: list[Action]


class IncidentPage(msgspec.Struct, frozen=True, kw_only=True):
    """An incident with its verdict.

    `report` is null until a verdict was made (`pending` while one is being made);
    `drop` is how much worse the metric became in points; `column` is the one whose
    distribution matters most: that of the verdict's slice, else the one that moved most;
    `stale` says that rows came after the verdict; `told` are the messages about it, the oldest
    first.
    """

    head: IncidentHead
    metric: str
    higher_is_better: bool
    reference: Window
    period: Window
    report: WhyReport | None
    pending: bool
    stale: bool
    drop: float | None
    column: str | None
    events: list[EventMark]
    actions: list[Action]
    alerts: list[Alert]
    told: list[Message]


class RowPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of rows: `columns` name the values of each row; roles begin with an underscore.

    `photos` has the path (below the server's root) of each row's photo, null where there is
    none that may be shown; it is empty for models without photos. `total` counts all rows of
    the slice and period.
    """

    columns: list[str]
    rows: list[list[str | float | bool | None]]
    photos: list[str | None]
    total: int
    offset: int


class OpenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert of the last window that was looked at, with its model."""

    model: str
    alert: Alert


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """SQL over the store's tables, read-only."""

    sql: str


class SqlResult(msgspec.Struct, frozen=True, kw_only=True):
    """A query's answer; `truncated` says that there were more than the `rows` given."""

    columns: list[str]
    types: list[str]
    rows: list[list[str | float | bool | None]]
    truncated: bool
    seconds: float
