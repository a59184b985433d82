"""The verdict in one sentence: what fell, since when, what carries it, what it began with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.causes import (
    change_within_a_slice,
    data_collection_change,
    unseen_value_or_range,
    version_change,
)
from whence.types.slice import describe
from whence.why.labels import more_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whence.causes.evidence import Outcome
    from whence.types.reports import Named, Trigger
    from whence.types.slice import Slice
    from whence.types.words import Words
    from whence.why.ledger import Entry
    from whence.why.verdict import State

__all__ = ["calm_sentence", "sentence"]


def sentence(
    head: str,
    where: Slice,
    points: float,
    drop: Entry,
    outcome: Outcome | None,
    trigger: Trigger | None,
    words: Words,
    beside: Sequence[tuple[Named, Outcome | None]] = (),
) -> str:
    """Say what carries a drop. `head` says how the metric moved; None: no cause explains it.

    `beside` are further causes that carry a part of it.
    """
    if outcome is None:
        return f"{head}: no cause that was tested explains it{_began(trigger)}."
    carried = f"{words.points(points)} of {'them' if words.is_share else 'it'}"
    if points > drop.points:
        carried = f"{words.points(points)} (others got better)"
    told = [_told(outcome, where, carried)]
    for one, other in beside:
        if other is not None:
            told.append(_told(other, one.where, words.points(one.points)))
    return f"{head}: {'; and '.join(told)}{_began(trigger)}."


def _told(outcome: Outcome, where: Slice, carried: str) -> str:
    if outcome.cause == unseen_value_or_range.NAME:
        return f"rows with {describe(where)}, never seen in the reference, carry {carried}"
    if outcome.cause == change_within_a_slice.NAME:
        return f"rows with {describe(where)} carry {carried}"
    named = where and outcome.cause not in {data_collection_change.NAME, version_change.NAME}
    rows = f" ({describe(where)})" if named else ""
    return f"{outcome.story}{rows}; that carries {carried}"


def _began(trigger: Trigger | None) -> str:
    if trigger is None:
        return ""
    kind = "version " if trigger.kind == "version" else ""
    return f"; it began with {kind}{trigger.name!r}"


def calm_sentence(
    head: str, state: State, drop: Entry, rows: int, delta: float, words: Words
) -> tuple[str, str]:
    """Return the sentence and the remedy where no drop is shown; `rows` are labelled failing."""
    low, high = (words.points(bound) for bound in drop.interval)
    band = f"the drop is between {low} and {high} (95 %)"
    if state == "cannot-tell-yet":
        more = more_labels(drop, rows, delta)
        return (
            f"cannot tell yet: {head}, and {band}; about {more:,} more labels would decide.",
            f"Wait for about {more:,} more labels, or ask for them at random.",
        )
    if drop.interval[1] < 0:
        return f"nothing is wrong: {head}.", "Nothing to do."
    reach = words.plus_minus(delta)
    return f"nothing is wrong: {head}; {band}, less than the {reach} that matter.", "Nothing to do."
