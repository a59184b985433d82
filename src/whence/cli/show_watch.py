"""The report of a watch, for people: the sentence first, then the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from whence.types.slice import describe

if TYPE_CHECKING:
    from datetime import datetime

    from whence.types.reports import Alert, Incident, WatchReport

__all__ = ["show"]

LAST_WINDOWS = 14
LAST_ALERTS = 8


def show(report: WatchReport) -> None:
    """Print a report to the terminal."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(_headline(report))}[/bold]")
    for note in report.notes:
        console.print(f"[dim]{escape(note)}[/dim]")
    for incident in reversed(report.incidents):
        if incident.ended is not None:
            console.print(escape(_incident(incident)))
    _show_alerts(console, report.alerts)
    _show_windows(console, report)
    if report.incidents:
        console.print(f"Why: whence why {escape(report.model)}")


def _headline(report: WatchReport) -> str:
    still_open = [one for one in report.incidents if one.ended is None]
    if still_open:
        return f"{report.model} is failing: {_incident(still_open[-1])}"
    if report.judged:
        return f"{report.model}: no incident is open; {report.judged:,} windows were judged"
    return f"{report.model}: performance is unknown, because no window could be judged yet"


def _incident(incident: Incident) -> str:
    ended = "open" if incident.ended is None else f"ended {when(incident.ended)}"
    of = f" of {describe(incident.where)}" if incident.where else ""
    return (
        f"{incident.metric}{of} went from {incident.before:.4g} to {incident.after:.4g} on "
        f"{when(incident.started)}, noticed {when(incident.detected)}, {ended} "
        f"({incident.id})"
    )


def when(moment: datetime) -> str:
    """Write a time; its hour only where it is not midnight."""
    return f"{moment:%Y-%m-%d}" if moment.hour == 0 else f"{moment:%Y-%m-%d %H:%M}"


def _show_alerts(console: Console, alerts: list[Alert]) -> None:
    if not alerts:
        return
    groups: dict[tuple[str, str | None], list[Alert]] = {}
    for alert in alerts:
        groups.setdefault((alert.kind, alert.column), []).append(alert)
    latest = sorted(groups.values(), key=lambda group: group[-1].window.start)[-LAST_ALERTS:]
    of = f"the last {len(latest)} of {len(groups)}" if len(groups) > len(latest) else "all"
    console.print(f"\n{len(alerts)} alerts about {len(groups)} things, {of}:")
    for group in latest:
        last = group[-1]
        since = when(group[0].window.start)
        times = "once" if len(group) == 1 else f"{len(group)} times, last {when(last.window.start)}"
        console.print(f"  {last.kind:<11} {since}  {times}: {escape(last.explanation)}")


def _show_windows(console: Console, report: WatchReport) -> None:
    if not report.windows:
        return
    shown = report.windows[-LAST_WINDOWS:]
    names = sorted({name for one in shown for name in one.metrics})
    table = Table(box=None, pad_edge=False, title_justify="left")
    table.add_column("window from")
    for name in ("rows", "labelled", *names):
        table.add_column(name, justify="right")
    table.add_column("")
    for one in shown:
        table.add_row(
            f"{one.window.start:%Y-%m-%d %H:%M}",
            f"{one.rows:,}",
            f"{one.labelled:,}",
            *(f"{one.metrics[name]:.3f}" if name in one.metrics else "" for name in names),
            "labels still expected" if one.provisional else "",
        )
    console.print(f"\nThe last {len(shown)} of {len(report.windows)} windows:")
    console.print(table)
