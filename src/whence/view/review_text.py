"""A week's review in words: one document, as Markdown and as HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.types.slice import describe
from whence.types.words import Words
from whence.view import blocks
from whence.view.blocks import Block, Heading, Items, Paragraph, Table
from whence.view.to_label import FEWEST_LOSSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.types.reports import WhyReport
    from whence.types.review import PeriodFacts, Review, ReviewedIncident, ToLabel
    from whence.types.time import Window

__all__ = ["as_html", "as_markdown"]

_DATE = "%Y-%m-%d"


def as_markdown(review: Review) -> str:
    """Return a review as Markdown."""
    return blocks.as_markdown([*_document(review)])


def as_html(review: Review) -> str:
    """Return a review as one page of HTML that loads nothing and runs nothing."""
    title = f"{review.model}: week of {review.week.start:{_DATE}}"
    return blocks.as_html(title, [*_document(review)])


def _document(review: Review) -> Iterator[Block]:
    yield Heading(review.model, level=1)
    made = f"{review.made:%Y-%m-%d %H:%M} UTC"
    yield Paragraph(f"Review of the week {_days(review.week)} (UTC), made {made}.")
    if review.watched:
        yield Paragraph(review.row.sentence, strong=True)
    yield from (Paragraph(note) for note in review.notes)
    if not review.watched:
        return
    yield from _facts(review)
    yield Heading("What changed")
    yield from _changed(review)
    yield Heading("What was found")
    if not review.incidents:
        yield Paragraph("No incident was open in this week.")
    for one in review.incidents:
        yield from _incident(one)
    yield Heading("Still unexplained")
    if review.unexplained:
        yield Items(tuple(review.unexplained))
    else:
        yield Paragraph("Nothing that these data show.")
    yield Heading("What to label")
    yield from _to_label(review)


def _days(period: Window) -> str:
    return f"{period.start:{_DATE}} to {period.end:{_DATE}}"


def _facts(review: Review) -> Iterator[Block]:
    periods = [
        ("reference", review.reference),
        ("the week before", review.last_week),
        ("this week", review.this_week),
    ]
    yield Table(
        head=("period", "rows", "labelled", review.metric or "metric", "95 % interval"),
        rows=tuple(_row(name, one, review) for name, one in periods if one is not None),
    )


def _row(name: str, one: PeriodFacts, review: Review) -> tuple[str, ...]:
    span = "" if one.interval is None else " to ".join(_value(review, at) for at in one.interval)
    return (
        f"{name}, {_days(one.period)}",
        f"{one.rows:,}",
        f"{one.labelled:,}",
        "unknown" if one.value is None else _value(review, one.value),
        span,
    )


def _value(review: Review, value: float) -> str:
    words = Words(review.metric or "")
    return words.value(1.0 - value if words.is_share else value)


def _changed(review: Review) -> Iterator[Block]:
    now, before = review.this_week, review.last_week
    if now is not None and now.rows_a_day is not None:
        was = "" if before is None or before.rows_a_day is None else (
            f"; {before.rows_a_day:,.0f} in the week before"
        )  # fmt: skip
        yield Paragraph(f"Rows a day: {now.rows_a_day:,.0f}{was}.")
    changed = review.changed
    if changed.events:
        yield Items(tuple(f"{one.at:%Y-%m-%d %H:%M} {one.kind}: {one.name}"
                          for one in changed.events))  # fmt: skip
    else:
        yield Paragraph("No event was told of, and no model version began.")
    if not changed.columns:
        yield Paragraph("No column crossed its line.")
        return
    yield Table(
        head=("what", "alert", "windows", "last", "at its worst"),
        rows=tuple(
            (one.column or "all rows", one.kind, f"{one.windows}", f"{one.last:{_DATE}}",
             one.explanation)
            for one in changed.columns
        ),
    )  # fmt: skip
    if changed.hidden:
        yield Paragraph(f"{changed.hidden:,} more crossed their line less often or less far.")


def _incident(one: ReviewedIncident) -> Iterator[Block]:
    incident, said = one.head.incident, one.head.handled
    until = "still open" if incident.ended is None else f"ended {incident.ended:{_DATE}}"
    yield Heading(f"Incident of {incident.started:{_DATE}}, {until}", level=3)
    yield Paragraph(one.head.sentence, strong=True)
    if one.report is not None:
        yield from _verdict(one.report)
    if said is not None:
        by = f" by {said.by}" if said.by else ""
        text = f": {said.text}" if said.text else ""
        yield Paragraph(f"Marked as {said.kind}{by} on {said.at:{_DATE}}{text}")


def _verdict(report: WhyReport) -> Iterator[Block]:
    verdict = report.verdict
    yield Paragraph(f"What would fix it: {verdict.remedy}")
    if verdict.trigger is not None:
        trigger = verdict.trigger
        yield Paragraph(f"It began with {trigger.kind} {trigger.name!r} on {trigger.at:{_DATE}}.")
    if verdict.confidence is not None:
        yield Paragraph(f"Such verdicts were right in {verdict.confidence:.0%} of cases.")
    if not report.findings or report.incident is None:
        return
    words = Words(report.incident.metric)
    parts = [
        (
            words.points(part.points),
            " to ".join(words.points(bound) for bound in part.interval),
            part.cause,
            describe(part.slice),
        )
        for part in report.findings
    ]
    rest = [
        (words.points(report.unexplained), "", "unexplained", ""),
        (words.points(report.closure), "", "closure", "what changed weights leave"),
    ]
    yield Table(head=("points", "95 % interval", "cause", "where"), rows=(*parts, *rest))


def _to_label(review: Review) -> Iterator[Block]:
    if not review.to_label:
        yield Paragraph(
            "Nothing: no slice that an open incident's verdict names, and no value new to the "
            "reference, has too few labels in this week and rows left to label."
        )
        return
    reach = ".05" if review.half_width is None else Words(review.metric or "").plus_minus(
        review.half_width
    )  # fmt: skip
    metric = Words(review.metric or "accuracy").name
    yield Paragraph(
        f"Enough labels for a 95 % interval of plus or minus {reach} of {metric} "
        "(normal approximation, rows taken as independent). Label rows drawn at random from each."
    )
    yield Table(
        head=("where", "rows", "labelled", "needed in all", "label next", "why"),
        rows=tuple(_asked(one) for one in review.to_label),
    )


def _asked(one: ToLabel) -> tuple[str, ...]:
    left = one.rows - one.labelled
    # Where the spread of losses is not known, a first sample has to show it.
    more = min((one.needed or max(FEWEST_LOSSES, one.labelled)) - one.labelled, left)
    label = f"all {left:,} left" if more == left else f"{more:,}"
    return (
        describe(one.where),
        f"{one.rows:,}",
        f"{one.labelled:,}",
        "not known yet" if one.needed is None else f"{one.needed:,}",
        label,
        one.reason,
    )
