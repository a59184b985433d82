"""A verdict, for people: what a tired person understands at 3 am, then its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from whence.types.slice import describe

if TYPE_CHECKING:
    from whence.types.reports import Checked, Finding, WhyReport

__all__ = ["show"]


def show(report: WhyReport) -> None:
    """Print a verdict to the terminal."""
    console = Console(highlight=False, soft_wrap=True)
    verdict = report.verdict
    console.print(f"[bold]{escape(verdict.sentence)}[/bold]")
    console.print(f"What would fix it: {escape(verdict.remedy)}")
    sure = "not calibrated for such a case" if verdict.confidence is None else (
        f"{verdict.confidence:.0%}"
    )  # fmt: skip
    console.print(f"Cause: {verdict.cause}.  Confidence: {sure}.")
    if report.findings:
        console.print("\nThe drop, in points that add up:")
        console.print(_ledger(report))
        for finding in report.findings:
            for line in finding.evidence:
                console.print(f"  [dim]{finding.cause}: {escape(line)}[/dim]")
    if report.checked:
        console.print("\nWhat was checked (gain in nats a row, on rows it had not seen):")
        console.print(_checked(report.checked))
    for line in report.cannot_know:
        console.print(f"Cannot know: {escape(line)}")


def _ledger(report: WhyReport) -> Table:
    table = Table(box=None, pad_edge=False, show_header=True)
    table.add_column("points", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("share", justify="right")
    table.add_column("cause")
    table.add_column("where")
    for finding in report.findings:
        table.add_row(*_row(finding))
    table.add_row(f"{report.unexplained:+.4f}", "", "", "unexplained", "")
    table.add_row(f"{report.closure:+.4f}", "", "", "closure", "what changed weights leave")
    return table


def _row(finding: Finding) -> tuple[str, ...]:
    low, high = finding.interval
    return (
        f"{finding.points:+.4f}",
        f"{low:+.4f} to {high:+.4f}",
        "" if finding.share is None else f"{finding.share:.0%}",
        finding.cause,
        escape(describe(finding.slice)),
    )


def _checked(checked: list[Checked]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("cause")
    table.add_column("gain", justify="right")
    table.add_column("95 % interval", justify="right")
    table.add_column("ruled out by")
    for one in checked:
        table.add_row(
            one.cause,
            "" if one.gain is None else f"{one.gain:+.4f}",
            "" if one.interval is None else f"{one.interval[0]:+.4f} to {one.interval[1]:+.4f}",
            escape(one.ruled_out_by or ""),
        )
    return table
