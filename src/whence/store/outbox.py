"""Messages: written when something is to be told, kept when they were sent, or given up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from whence.types.telling import Message, Topic
from whence.types.time import micros, moment
from whence.types.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.types.telling import Channel

__all__ = [
    "PARAGRAPH",
    "about",
    "add",
    "claim",
    "failed",
    "forget",
    "last_about",
    "messages",
    "next_try",
    "sent",
    "told",
    "told_of_week",
    "withdraw",
]

LEASE = timedelta(minutes=5)
"""A message that was taken to be sent is free again after that: its sender has died."""

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP = timedelta(hours=24)
"""A message that could not be sent for so long is given up; it stays in the log."""

PARAGRAPH = "\n\n"
"""Between the parts of a message; in a review, each of a model, whose name it begins with."""

_FIELDS = "id, channel, title, body, state, made, tries, next, sent, error"


def add(
    store: StoreFolder,
    channel: str,
    topics: Sequence[Topic],
    text: tuple[str, str],
    now: datetime,
) -> int:
    """Write a message (title, body) that waits to be sent; to be called within a transaction."""
    title, body = text
    (identifier,) = store.metadata.all(
        "INSERT INTO messages (channel, title, body, state, made, tries, next)"
        " VALUES (?, ?, ?, 'waiting', ?, 0, ?) RETURNING id",
        channel,
        title,
        body,
        micros(now),
        micros(now),
    )[0]
    store.metadata.run_many(
        "INSERT INTO topics (message, model, kind, about) VALUES (?, ?, ?, ?)",
        [(identifier, one.model, one.kind, one.about) for one in topics],
    )
    return int(identifier)


def told(store: StoreFolder, channel: Channel, topic: Topic) -> bool:
    """Whether a channel has a message on a topic, since it was added."""
    row = store.metadata.one(
        "SELECT 1 FROM topics JOIN messages ON messages.id = topics.message"
        " WHERE channel = ? AND made >= ? AND model = ? AND kind = ? AND about = ?",
        channel.name,
        micros(channel.created),
        topic.model,
        topic.kind,
        topic.about,
    )
    return row is not None


def told_of_week(store: StoreFolder, channel: Channel, week: str) -> bool:
    """Whether a channel has the review of a week, named by its Monday."""
    return told(store, channel, Topic(model="", kind="review", about=week))


def last_about(
    store: StoreFolder, channel: Channel, model: str, kinds: tuple[str, ...]
) -> datetime | None:
    """Return when the channel's last message on a model was made that has one of these kinds."""
    row = store.metadata.one(
        "SELECT max(made) FROM messages JOIN topics ON messages.id = topics.message"
        " WHERE channel = ? AND made >= ? AND model = ?"
        " AND kind IN (SELECT value FROM json_each(?))",
        channel.name,
        micros(channel.created),
        model,
        msgspec.json.encode(kinds).decode(),
    )
    return None if row is None or row[0] is None else moment(row[0])


def claim(store: StoreFolder, now: datetime) -> Message | None:
    """Take the message that is due first; no other process sends it for the time of `LEASE`.

    One about a model waits for an earlier one to the same channel about that model: nobody is to
    read that a failure is over before reading of it.
    """
    with store.metadata.transaction():
        taken = store.metadata.one(
            "UPDATE messages SET next = ?, tries = tries + 1 WHERE id = ("
            "SELECT id FROM messages AS due WHERE state = 'waiting' AND next <= ?"
            " AND NOT EXISTS (SELECT 1 FROM messages AS before"
            " JOIN topics AS its ON its.message = before.id"
            " JOIN topics AS ours ON ours.message = due.id AND ours.model = its.model"
            " WHERE before.state = 'waiting' AND before.channel = due.channel"
            " AND before.id < due.id) ORDER BY next, id LIMIT 1) RETURNING id",
            micros(now + LEASE),
            micros(now),
        )
        return None if taken is None else _read(store, "WHERE id = ?", taken[0])[0]


def sent(store: StoreFolder, message: int, now: datetime) -> None:
    """Note that a message has gone."""
    with store.metadata.transaction():
        store.metadata.run(
            "UPDATE messages SET state = 'sent', sent = ?, next = NULL WHERE id = ?",
            micros(now),
            message,
        )


def failed(store: StoreFolder, message: Message, error: str, now: datetime) -> None:
    """Note why a try failed: it is tried again, each time after twice as long, for a day."""
    wait = min(_FIRST_WAIT * 2 ** min(message.tries - 1, 10), _LONGEST_WAIT)
    over = now + wait > message.made + GIVEN_UP
    with store.metadata.transaction():
        store.metadata.run(
            "UPDATE messages SET state = ?, next = ?, error = ? WHERE id = ? AND state = 'waiting'",
            "failed" if over else "waiting",
            None if over else micros(now + wait),
            error,
            message.id,
        )


def withdraw(store: StoreFolder, message: Message) -> None:
    """Delete a message that was not sent; what it tells is news again."""
    with store.metadata.transaction():
        store.metadata.run("DELETE FROM topics WHERE message = ?", message.id)
        store.metadata.run("DELETE FROM messages WHERE id = ?", message.id)


def forget(store: StoreFolder, model: str) -> None:
    """Delete all messages about a model, and what reviews say of it; within a transaction."""
    store.metadata.run(
        "DELETE FROM messages WHERE id IN (SELECT message FROM topics WHERE model = ?)", model
    )
    store.metadata.run("DELETE FROM topics WHERE message NOT IN (SELECT id FROM messages)")
    reviews = store.metadata.all(
        "SELECT id, body FROM messages JOIN topics ON messages.id = topics.message"
        " WHERE kind = 'review'"
    )
    for identifier, body in reviews:
        parts = body.split(PARAGRAPH)
        kept = [part for part in parts if not part.startswith(f"{plain(model)}: ")]
        if len(kept) < len(parts):
            store.metadata.run(
                "UPDATE messages SET body = ? WHERE id = ?", PARAGRAPH.join(kept), identifier
            )


def next_try(store: StoreFolder) -> datetime | None:
    """Return when the next message is due; None when none waits."""
    row = store.metadata.one("SELECT min(next) FROM messages WHERE state = 'waiting'")
    return None if row is None or row[0] is None else moment(row[0])


def messages(store: StoreFolder, most: int = 200) -> list[Message]:
    """Return the newest messages, the newest first."""
    return _read(store, "ORDER BY made DESC, id DESC LIMIT ?", most)


def about(store: StoreFolder, model: str, incident: str) -> list[Message]:
    """Return the messages about an incident, the oldest first."""
    return _read(
        store,
        "WHERE id IN (SELECT message FROM topics WHERE model = ? AND about = ?"
        " AND kind IN ('opened', 'verdict', 'ended')) ORDER BY made, id",
        model,
        incident,
    )


def _read(store: StoreFolder, which: str, *values: object) -> list[Message]:
    rows = store.metadata.all(f"SELECT {_FIELDS} FROM messages {which}", *values)  # noqa: S608 - ours
    return [_message(store, row) for row in rows]


def _message(store: StoreFolder, row: tuple) -> Message:  # type: ignore[type-arg] # of _FIELDS
    identifier, channel, title, body, state, made, tries, following, gone, error = row
    topics = store.metadata.all(
        "SELECT model, kind, about FROM topics WHERE message = ? ORDER BY rowid", identifier
    )
    return Message(
        id=identifier,
        channel=channel,
        topics=[Topic(model=model, kind=kind, about=said) for model, kind, said in topics],
        title=title,
        body=body,
        state=state,
        made=moment(made),
        tries=tries,
        next=None if following is None else moment(following),
        sent=None if gone is None else moment(gone),
        error=error,
    )
