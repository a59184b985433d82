"""The week's review: one message on Monday, a line for each model, with links to the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from whence.notify.wording import plain
from whence.store import channels, outbox
from whence.types.telling import Topic
from whence.view.overview import models
from whence.view.review import week_of

if TYPE_CHECKING:
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.types.pages import ModelRow

__all__ = ["compose_reviews"]


def compose_reviews(store: StoreFolder, now: datetime, *, link: str | None = None) -> int:
    """Write the messages on the week that is over, and return how many; each is written once.

    A channel that was added after that week gets the next one.
    """
    this = week_of(now)
    week = week_of(this.start - (this.end - this.start))
    about = f"{week.start:%Y-%m-%d}"
    wanted = [
        kept.channel
        for kept in channels.channels(store)
        if kept.channel.reviews and kept.channel.created < this.start
    ]
    rows: list[ModelRow] | None = None
    made = 0
    for channel in wanted:
        with store.metadata.transaction():
            topics = [
                Topic(model=model, kind="review", about=about)
                for model in store.models()
                if channels.fits(model, channel.models)
            ]
            if not topics or outbox.told(store, channel, topics[0]):
                continue
            rows = models(store) if rows is None else rows
            named = {one.model for one in topics}
            text = _wording([row for row in rows if row.name in named], about, link)
            outbox.add(store, channel.name, topics, text, now)
            made += 1
    return made


def _wording(rows: list[ModelRow], about: str, link: str | None) -> tuple[str, str]:
    failing = sum(row.state == "failing" for row in rows)
    how = f"{failing} of {len(rows)} models failing" if failing else "no model is failing"
    parts = []
    for row in rows:
        lines = [f"{plain(row.name)}: {plain(row.sentence)}"]
        if link is not None:
            path = f"api/v1/models/{quote(row.name, safe='')}/review.html?week={about}"
            lines.append(f"{link.rstrip('/')}/{path}")
        parts.append("\n".join(lines))
    return f"The week of {about}: {how}.", "\n\n".join(parts)
