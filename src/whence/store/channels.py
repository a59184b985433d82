"""Where messages go: one row a channel, added and removed at the store's own machine."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput, NotFound
from whence.types.telling import Channel
from whence.types.time import moment

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["Kept", "add", "channels", "find", "fits", "remove"]

LONGEST_NAME = 200


class Kept(NamedTuple):
    """A channel with its address, which holds secrets and leaves the store only to be used."""

    channel: Channel
    url: str


def add(store: StoreFolder, channel: Channel, url: str) -> None:
    """Write a channel, in a transaction of its own; its `created` is now.

    Raises
    ------
    BadInput
        If there is one of that name, or it is no name.
    """
    if (
        not channel.name.strip()
        or not channel.name.isprintable()
        or len(channel.name) > LONGEST_NAME
    ):
        raise BadInput(
            f"the channel's name is {channel.name!r:.80}; give one line of 1 to {LONGEST_NAME} "
            "characters"
        )
    with store.metadata.transaction():
        if store.metadata.one("SELECT 1 FROM channels WHERE name = ?", channel.name):
            raise BadInput(
                f"there is a channel {channel.name!r} already; give another name, or remove it "
                f"first: whence notify remove {channel.name}"
            )
        store.metadata.run(
            "INSERT INTO channels (name, url, models, alerts, cooldown, reviews, created)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            channel.name,
            url,
            msgspec.json.encode([channel.to, *channel.models]),
            channel.alerts,
            channel.cooldown,
            channel.reviews,
            time.time_ns() // 1000,
        )


def channels(store: StoreFolder) -> list[Kept]:
    """Return every channel, by name."""
    rows = store.metadata.all(
        "SELECT name, url, models, alerts, cooldown, reviews, created FROM channels ORDER BY name"
    )
    found = []
    for name, url, encoded, alerts, cooldown, reviews, created in rows:
        to, *models = msgspec.json.decode(encoded, type=list[str])
        channel = Channel(
            name=name,
            to=to,
            models=models,
            alerts=alerts,
            cooldown=cooldown,
            reviews=bool(reviews),
            created=moment(created),
        )
        found.append(Kept(channel, url))
    return found


def find(store: StoreFolder, name: str) -> Kept:
    """Return a channel.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    known = channels(store)
    for kept in known:
        if kept.channel.name == name:
            return kept
    has = ", ".join(kept.channel.name for kept in known) or "none"
    raise NotFound(f"there is no channel {name!r}; there are: {has}")


def remove(store: StoreFolder, name: str) -> None:
    """Delete a channel; what waits to be sent through it is given up.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    with store.metadata.transaction():
        find(store, name)
        store.metadata.run("DELETE FROM channels WHERE name = ?", name)
        store.metadata.run(
            "UPDATE messages SET state = 'failed', next = NULL, error = 'the channel was removed'"
            " WHERE channel = ? AND state = 'waiting'",
            name,
        )


def fits(model: str, patterns: list[str]) -> bool:
    """Whether a model is one of these names or patterns; no pattern fits every model."""
    return not patterns or any(model == one or fnmatchcase(model, one) for one in patterns)
