"""What a failure began with: an event or a version near the change, in the rows that changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from scipy.stats import chi2

from whence.causes.features import VERSION
from whence.causes.membership import members
from whence.causes.version_change import new_versions
from whence.types.reports import Trigger
from whence.types.time import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from whence.types.records import Event
    from whence.types.rows import Rows
    from whence.why.calendar import Calendar

__all__ = ["Change", "Exposure", "change_point", "find_trigger"]

_LEAD, _LAG = 2, 1
"""Windows an event may come before, or be noted after, the change it caused."""

_ROLLOUT = 14
"""Windows by which one may come before if the rows it concerns are the ones that got worse: what
is put on sale or rolled out takes its time to reach enough users."""

_NEAR = 7
"""Windows from the likeliest date: where the change can hardly be dated, an event that concerns
all rows alike has no other witness."""

_CLEARLY = 3.0
"""Standard errors by which exposed rows must have changed more than the others."""

KINDS = ("external", "deploy", "config", "campaign")
Kind = Literal["external", "deploy", "config", "campaign", "version"]


@dataclass(frozen=True, slots=True)
class Change:
    """The window the change began in, with a 95 % confidence set [earliest, latest]."""

    best: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Exposure:
    """Labelled rows before and after, and the masks of those the verdict is about."""

    rows: tuple[Rows, Rows]
    inside: tuple[NDArray[np.bool_], NDArray[np.bool_]]


def change_point(window: NDArray[np.int32], weight: NDArray[np.float64]) -> Change | None:
    """Date the one change of a mean by least squares over windows.

    `weight` (n,) is each row's contribution to the drop. The split with the least weighted
    residual sum of squares; the set holds every split whose log-likelihood is within
    chi2(1, .95) / 2 of the best (Hinkley 1970, Biometrika 57). None with fewer than 3 windows.
    """
    distinct, index = np.unique(window, return_inverse=True)
    if len(distinct) < 3:  # noqa: PLR2004 -- two windows leave no spread to judge a split by
        return None
    count = np.bincount(index).astype(np.float64)
    total = np.bincount(index, weights=weight)
    head_n, head = count.cumsum()[:-1], total.cumsum()[:-1]
    tail_n, tail = count.sum() - head_n, total.sum() - head
    within = float((total**2 / count).sum()) - head**2 / head_n - tail**2 / tail_n
    likelihood = -len(distinct) / 2 * np.log(np.maximum(within, 1e-300))
    near = np.flatnonzero(likelihood >= likelihood.max() - chi2.ppf(0.95, 1) / 2) + 1
    best = int(likelihood.argmax()) + 1
    return Change(int(distinct[best]), int(distinct[near[0]]), int(distinct[near[-1]]))


def find_trigger(
    model: str,
    exposure: Exposure,
    events: Sequence[Event],
    versions: Mapping[str, datetime],
    calendar: Calendar | None,
) -> tuple[Trigger | None, Change | None]:
    """Return the event or version that fits best, or None where no listed one fits.

    It must lie near the change point, and, if it names a scope or is a version that not all
    rows have, the exposed rows must have changed more than the others.
    """
    window = np.concatenate([rows.window for rows in exposure.rows])
    weight = [rows.loss * mask for rows, mask in zip(exposure.rows, exposure.inside, strict=True)]
    change = change_point(window, np.concatenate(weight))
    if change is None or calendar is None:
        return None, change
    fitting: list[tuple[tuple[bool, int], Trigger]] = []
    for kind, name, at, scope in _suspects(model, exposure, events, versions, calendar):
        when = calendar.ordinal(at)
        exposed = _more_changed(exposure, scope)
        lead = _ROLLOUT if exposed else _LEAD
        if exposed is False or not change.earliest - lead <= when <= change.latest + _LAG:
            continue
        if exposed is None and abs(when - change.best) > _NEAR:
            continue
        rank = (exposed is None, abs(when - change.best))
        fitting.append((rank, Trigger(kind=kind, name=name, at=at)))
    return min(fitting, key=lambda one: one[0], default=(None, None))[1], change


def _suspects(
    model: str,
    exposure: Exposure,
    events: Sequence[Event],
    versions: Mapping[str, datetime],
    calendar: Calendar,
) -> list[tuple[Kind, str, datetime, dict[str, str]]]:
    found: list[tuple[Kind, str, datetime, dict[str, str]]] = []
    for event in events:
        if event.model in {None, model} and event.kind in KINDS:
            kind = cast("Kind", event.kind)
            found.append((kind, event.name, moment(event.at), event.scope))
    for name, first in _new_versions(exposure).items():
        at = versions.get(name, calendar.start(first))
        found.append(("version", name, at, {VERSION: name}))
    known = {name for kind, name, _, _ in found if kind == "version"}
    # A version known only by its date has no rows of its own to compare.
    found += [("version", name, at, {}) for name, at in versions.items() if name not in known]
    return found


def _new_versions(exposure: Exposure) -> dict[str, int]:
    """Return the versions the healthy rows hardly had, with the first window of each."""
    before, after = exposure.rows
    found = new_versions(before, after)
    return {name: int(after.window[rows].min()) for name, rows in found.items()}


def _more_changed(exposure: Exposure, scope: Mapping[str, str]) -> bool | None:
    """Whether rows in scope changed more than the others; None where that cannot be seen."""
    before, after = exposure.rows
    known = {column.name for column in after.columns}
    if not scope:
        return None
    if not set(scope) <= known:
        return False  # it concerns rows by a column that was not logged
    inside = members(after, dict(scope))
    was = members(before, dict(scope))
    if inside.all() or not inside.any():
        return None if inside.any() else False
    now, old = after.loss, before.loss
    difference = now[inside].mean() - now[~inside].mean()
    variance = now[inside].var() / inside.sum() + now[~inside].var() / (~inside).sum()
    if was.any() and not was.all():
        difference -= old[was].mean() - old[~was].mean()
        variance += old[was].var() / was.sum() + old[~was].var() / (~was).sum()
    return bool(difference > _CLEARLY * np.sqrt(variance))
