"""The text of a message: its first line is the verdict."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from whence.types.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.types.pages import IncidentHead
    from whence.types.reports import Alert, WhyReport

__all__ = ["Said", "wording"]

MOST_ALERTS = 10
"""Alerts told one by one; a break upstream raises one for each column."""

LONGEST_TITLE = 300


@dataclass(slots=True)
class Said:
    """What one message tells of one model."""

    model: str
    link: str | None
    opened: list[tuple[IncidentHead, WhyReport | None]] = field(default_factory=list)
    """Incidents, told for the first time or now with their verdict."""
    ended: list[IncidentHead] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)


def wording(said: Said) -> tuple[str, str]:
    """Return a message's title, one line, and its body: plain text, for every kind of channel."""
    first, *others = [*_opened(said), *_ended(said), *_alerts(said)]
    headline, *below = first
    more = f" (and {len(others)} more)" if others else ""
    title = f"{plain(said.model)}: {headline}{more}"
    if len(title) > LONGEST_TITLE:
        title, below = title[: LONGEST_TITLE - 1].rstrip() + "…", first
    return title, "\n\n".join("\n".join(part) for part in (below, *others) if part)


def _opened(said: Said) -> Iterator[list[str]]:
    for head, report in reversed(said.opened):
        incident = head.incident
        lines = [plain(head.sentence)]
        if report is None:
            asking = f"whence why {shlex.quote(said.model)} --incident {shlex.quote(incident.id)}"
            lines.append(f"There is no verdict yet: {plain(asking)}")
        else:
            lines.append(f"What would fix it: {plain(report.verdict.remedy)}")
            if report.verdict.confidence is not None:
                sure = f"{report.verdict.confidence:.0%}"
                lines.append(f"Such verdicts were right in {sure} of cases.")
        lines.append(f"Began {incident.started:%Y-%m-%d}, noticed {incident.detected:%Y-%m-%d}.")
        yield [*lines, *_link(said, incident.id)]


def _ended(said: Said) -> Iterator[list[str]]:
    for head in said.ended:
        when = head.incident.ended
        yield [
            f"back to normal since {when:%Y-%m-%d}" if when else "back to normal",
            f"It was: {plain(head.sentence)}",
            *_link(said, head.incident.id),
        ]


def _alerts(said: Said) -> Iterator[list[str]]:
    if not said.alerts:
        return
    first, *others = said.alerts
    lines = [plain(first.explanation), *(plain(one.explanation) for one in others[:MOST_ALERTS])]
    if len(others) > MOST_ALERTS:
        lines.append(f"and {len(others) - MOST_ALERTS} more")
    yield [*lines, *_link(said)]


def _link(said: Said, incident: str | None = None) -> list[str]:
    if said.link is None:
        return []
    of_model = f"{said.link.rstrip('/')}/models/{quote(said.model, safe='')}"
    return [of_model if incident is None else f"{of_model}/incidents/{quote(incident, safe='')}"]
