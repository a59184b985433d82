"""An incident as a text that can be kept or sent: Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.types.slice import describe
from whence.types.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.types.pages import IncidentPage
    from whence.types.reports import WhyReport

__all__ = ["as_markdown"]


def as_markdown(page: IncidentPage) -> str:
    """Return an incident's page as Markdown."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: IncidentPage) -> Iterator[str]:
    incident = page.head.incident
    ended = "still open" if incident.ended is None else f"ended {incident.ended:%Y-%m-%d %H:%M}"
    yield f"# {_plain(page.head.model)}: {page.metric}, {incident.started:%Y-%m-%d}"
    yield ""
    yield f"**{_plain(page.head.sentence)}**"
    yield ""
    yield f"Began {incident.started:%Y-%m-%d %H:%M} UTC, noticed {incident.detected:%Y-%m-%d}, "
    yield f"{ended}. Reference {page.reference.start:%Y-%m-%d} to {page.reference.end:%Y-%m-%d}."
    if page.report is not None:
        yield from _verdict(page.report, Words(page.metric))
    if page.events:
        yield from ("", "## Events near it", "")
        yield from (f"- {one.at:%Y-%m-%d %H:%M} {one.kind}: {_plain(one.name)}"
                    for one in page.events)  # fmt: skip
    if page.actions:
        yield from ("", "## Said of it", "")
        for said in page.actions:
            by = f" by {_plain(said.by)}" if said.by else ""
            text = f": {_plain(said.text)}" if said.text else ""
            yield f"- {said.at:%Y-%m-%d %H:%M} {said.kind}{by}{text}"


def _verdict(report: WhyReport, words: Words) -> Iterator[str]:
    verdict = report.verdict
    yield from ("", f"What would fix it: {_plain(verdict.remedy)}")
    if verdict.confidence is not None:
        yield from ("", f"Such verdicts were right in {verdict.confidence:.0%} of cases.")
    if report.findings:
        yield from (
            "",
            "| points | 95 % interval | share | cause | where |",
            "|---|---|---|---|---|",
        )
    for one in report.findings:
        share = "" if one.share is None else f"{one.share:.0%}"
        low, high = (words.points(bound) for bound in one.interval)
        yield (
            f"| {words.points(one.points)} | {low} to {high} | {share} | {one.cause} | "
            f"{_plain(describe(one.slice))} |"
        )
    if report.findings:
        yield f"| {words.points(report.unexplained)} | | | unexplained | |"
        yield f"| {words.points(report.closure)} | | | closure | what changed weights leave |"
    ruled_out = [one for one in report.checked if one.ruled_out_by]
    if ruled_out:
        yield from ("", "## Ruled out", "")
        yield from (f"- {one.cause}: {_plain(one.ruled_out_by or '')}" for one in ruled_out)
    if report.cannot_know:
        yield from ("", "## What these data cannot tell", "")
        yield from (f"- {_plain(one)}" for one in report.cannot_know)


def _plain(text: str) -> str:
    """Return a text that Markdown takes as it is: names of columns may hold anything."""
    kept = " ".join(text.split())
    for sign in "\\`*_[]<>|#":
        kept = kept.replace(sign, "\\" + sign)
    return kept
