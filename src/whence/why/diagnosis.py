"""`diagnose`: rows before and after in, one report out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from msgspec.structs import replace

from whence.causes.membership import members
from whence.types.reports import Verdict, WhyReport
from whence.types.words import Words
from whence.why.alignment import align
from whence.why.carrying import carrying
from whence.why.confidence import confidence
from whence.why.examination import examine
from whence.why.narrow import telling
from whence.why.report import checked, findings
from whence.why.sentences import calm_sentence, sentence
from whence.why.triggers import Exposure, find_trigger
from whence.why.unlabelled import without_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from whence.types.records import Event
    from whence.types.reports import Incident, Trigger
    from whence.types.rows import Rows
    from whence.why.calendar import Calendar
    from whence.why.examination import Examined

__all__ = ["diagnose"]

_FEWEST_LABELS = 30
"""With fewer labelled rows in a period, a mean of losses has no usable interval."""

_NOT_TRIED = "whether retraining would help: no later labelled rows were tried"


def diagnose(  # noqa: PLR0913 -- the two periods, and what else is known of them
    model: str,
    before: Rows,
    after: Rows,
    *,
    incident: Incident | None = None,
    events: Sequence[Event] = (),
    versions: Mapping[str, datetime] | None = None,
    calendar: Calendar | None = None,
    season: tuple[Rows, Rows] | None = None,
    doubts: Sequence[str] = (),
    delta: float = 0.01,
    metric: str = "accuracy",
    seed: int = 0,
) -> WhyReport:
    """Say where a drop comes from: points that add up, one cause, and what cannot be known.

    Parameters
    ----------
    before
        The reference and the healthy windows after it.
    after
        The failing windows; without an incident the recent ones.
    incident
        What `watch` found; dates the sentence. The cause that the last verdict on it named stands
        unless another beats it by two standard errors, so that one more day does not flip it. If
        a slice's alarm opened it, the causes are named even where the drop over all rows is not
        shown.
    events
        What happened outside the data; candidates for what the failure began with.
    versions
        When each model version began to serve (aware), where known.
    calendar
        When windows began; without it no event can be placed and no trigger is named.
    season
        Rows of a year before the reference and before the failing windows, on the same coding;
        without them no season of the year can be recognised.
    doubts
        Why "nothing is wrong" must not be said even if no drop is seen: open quality alerts.
    delta
        The smallest change that matters, in the metric's unit.
    metric
        "accuracy" is spoken of in percent and as better when larger; any other name is a mean
        loss such as "brier" or "mae".

    Returns
    -------
    WhyReport
        ``sum(points of findings) + unexplained + closure`` is the mean loss after minus before
        over labelled rows. The same rows give the same report.

    Raises
    ------
    BadInput
        If the periods' rows are not on one coding.
    """
    words = Words(metric)
    before, after, alone = align(before, after)
    rows = (before.take(before.labelled), after.take(after.labelled))
    if min(len(period) for period in rows) < _FEWEST_LABELS:
        return without_labels(
            model, (before, after), incident=incident, delta=delta, words=words, seed=seed
        )
    kept = telling(*rows)
    left_out = len(after.columns) - len(kept)
    rows = (rows[0].only(kept), rows[1].only(kept))
    examined = examine(
        before.only(kept),
        after.only(kept),
        season=_labelled(season),
        standing=None if incident is None else incident.cause,
        delta=delta,
        seed=seed,
    )
    case = _Case(model, rows, examined, words, incident)
    case.note_limits(len(after) - len(rows[1]), alone, left_out)
    if examined.state != "worse" and not (incident is not None and incident.where):
        calm = case.calm()
        if doubts and calm.cause == "nothing-wrong":
            calm = case.doubtful(calm, doubts)
        return case.report(calm, calm.cause)
    trigger = case.trigger(events, versions or {}, calendar)
    return case.report(case.named(trigger), examined.decision.cause)


def _labelled(season: tuple[Rows, Rows] | None) -> tuple[Rows, Rows] | None:
    if season is None:
        return None
    quiet, past = season
    return quiet.take(quiet.labelled), past.take(past.labelled)


@dataclass(slots=True)
class _Case:
    """One examined drop, and how it is told."""

    model: str
    rows: tuple[Rows, Rows]
    examined: Examined
    words: Words
    incident: Incident | None
    cannot_know: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note_limits(self, unlabelled: int, alone: list[str], left_out: int) -> None:
        """Note what these data cannot tell, whatever the verdict."""
        self.cannot_know.append(_NOT_TRIED)
        if unlabelled:
            self.cannot_know.append(
                f"how the {unlabelled:,} failing rows without a label did, if labels do not come "
                "at random"
            )
        if left_out:
            self.cannot_know.append(
                f"what {left_out:,} columns did that told little, moved little and changed little: "
                "they were left out"
            )
        if alone:
            self.cannot_know.append(
                f"what {', '.join(alone)} did: logged in one of the two periods only"
            )
        for name, part in zip(("healthy", "failing"), self.examined.parts, strict=True):
            if not part.by_window:
                self.notes.append(f"too few {name} windows: intervals take rows as independent")
                self.cannot_know.append(
                    f"how much {name} windows vary from one to the next: there are too few"
                )

    def head(self) -> str:
        """Say how the metric moved."""
        before, after = (float(period.loss.mean()) for period in self.rows)
        return self.words.change(before, after, self.incident)

    def trigger(
        self,
        events: Sequence[Event],
        versions: Mapping[str, datetime],
        calendar: Calendar | None,
    ) -> Trigger | None:
        """Find what it began with, and note it if that cannot be told."""
        where = self.examined.where
        inside = (members(self.rows[0], where), members(self.rows[1], where))
        exposure = Exposure(self.rows, inside)
        found, change = find_trigger(self.model, exposure, events, versions, calendar)
        if found is None:
            dated = calendar is not None and change is not None
            reason = "no listed event or version fits" if dated else "windows could not be dated"
            if not events and not versions:
                reason = "no events or versions were recorded"
            self.cannot_know.append(f"what it began with: {reason}")
        return found

    def calm(self) -> Verdict:
        """Return the verdict that nothing is wrong, or that nobody can tell yet."""
        examined = self.examined
        drop, delta = examined.ledger.drop, examined.delta
        text, remedy = calm_sentence(
            self.head(), examined.state, drop, len(self.rows[1]), delta, self.words
        )
        return Verdict(
            cause=examined.state,
            where={},
            trigger=None,
            confidence=confidence(examined.state, examined.margin),
            sentence=text,
            remedy=remedy,
        )

    def doubtful(self, calm: Verdict, doubts: Sequence[str]) -> Verdict:
        """Return the verdict where no drop is seen and something else speaks against calm."""
        return replace(
            calm,
            cause="cannot-tell-yet",
            confidence=None,
            sentence=f"cannot tell yet: {self.head()}, but {'; '.join(doubts)}",
            remedy="Look into the open quality alerts first: whence watch " + self.model,
        )

    def named(self, trigger: Trigger | None) -> Verdict:
        """Return the verdict that names a cause, or says that none explains the drop."""
        examined = self.examined
        cause, where = examined.decision.cause, examined.where
        ranking, attribution = examined.tested.ranking, examined.attribution
        points = attribution.points_of(cause)
        causes = carrying(examined.ledger, attribution, cause)
        beside = [(one, ranking.outcome_of(one.cause)) for one in causes if one.cause != cause]
        margin = examined.decision.margin
        return Verdict(
            cause=cause,
            where=where,
            trigger=trigger,
            confidence=confidence(cause, margin),
            sentence=sentence(
                self.head(),
                where,
                points,
                examined.ledger.drop,
                ranking.outcome_of(cause),
                trigger,
                self.words,
                beside,
            ),
            remedy=examined.remedy,
            causes=causes,
            margin=margin if math.isfinite(margin) else None,
        )

    def report(self, verdict: Verdict, cause: str) -> WhyReport:
        """Put the report together; the closure makes its parts add up."""
        examined = self.examined
        parts = findings(examined.ledger, examined.attribution, self.notes)
        unexplained = examined.attribution.unexplained
        explained = sum(part.points for part in parts) + unexplained
        return WhyReport(
            model=self.model,
            incident=self.incident,
            verdict=verdict,
            findings=parts,
            unexplained=unexplained,
            closure=examined.ledger.drop.points - explained,
            checked=checked(examined.tested.ranking, cause, examined.ledger, self.words),
            cannot_know=self.cannot_know,
        )
