"""The week that is over: one message on Monday, a line for each model, with links to the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from whence.store import channels, outbox, watches
from whence.types.telling import Topic
from whence.types.time import Window
from whence.types.words import plain
from whence.view.overview import models

if TYPE_CHECKING:
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.types.pages import ModelRow
__all__ = ["compose_reviews"]

MOST_MODELS = 30
"""Models told of one by one; a message of more is read by nobody, and refused by some services."""


class _Told(NamedTuple):
    """A model as it is now, and how many incidents it had in the week."""

    row: ModelRow
    incidents: int


def compose_reviews(store: StoreFolder, now: datetime, *, link: str | None = None) -> int:
    """Write the messages on the week that is over, and return how many; each is written once.

    A channel that was added after that week gets the next one. Models that are silenced are
    among them: a review calls nobody.
    """
    this = Window.containing(now, "week")
    week = Window(this.start - (this.end - this.start), this.start)
    about = f"{week.start:%Y-%m-%d}"
    wanted = [
        kept.channel
        for kept in channels.channels(store)
        if kept.channel.reviews and kept.channel.created < this.start
    ]
    told: list[_Told] | None = None
    made = 0
    for channel in wanted:
        with store.metadata.transaction():
            if outbox.told_of_week(store, channel, about):
                continue
            told = _all(store, week) if told is None else told
            fitting = [one for one in told if channels.fits(one.row.name, channel.models)]
            if not fitting:
                continue
            topic = Topic(model="", kind="review", about=about)
            outbox.add(store, channel.name, [topic], _wording(fitting, about, link), now)
            made += 1
    return made


def _all(store: StoreFolder, week: Window) -> list[_Told]:
    """Return every model, those that failed in the week first."""
    found = []
    for row in models(store):
        incidents = [
            one
            for one in watches.incidents(store, row.name)
            if one.started < week.end and (one.ended is None or one.ended > week.start)
        ]
        found.append(_Told(row, len(incidents)))
    return sorted(found, key=lambda one: not one.incidents)


def _wording(told: list[_Told], about: str, link: str | None) -> tuple[str, str]:
    failed = sum(one.incidents > 0 for one in told)
    how = f"{failed} of {len(told)} models had an incident" if failed else "no incident"
    parts = []
    for row, _ in told[:MOST_MODELS]:
        lines = [f"{plain(row.name)}: {plain(row.sentence)}"]
        if link is not None:
            # The page and not the review itself: a link cannot carry a token.
            lines.append(f"{link.rstrip('/')}/models/{quote(row.name, safe='')}")
        parts.append("\n".join(lines))
    if len(told) > MOST_MODELS:
        parts.append(f"and {len(told) - MOST_MODELS} more models")
    return f"The week of {about}: {how}.", outbox.PARAGRAPH.join(parts)
