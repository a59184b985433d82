"""One round: what is due is composed, and what waits is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from whence.errors import MissingDependency
from whence.notify.due import compose
from whence.notify.weekly import compose_reviews
from whence.store import channels, outbox, silences

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.store.folder import StoreFolder
    from whence.types.telling import Message

__all__ = ["Round", "tell"]

MOST_AT_ONCE = 100
"""Messages sent in one round: whatever goes wrong, nobody gets more in a minute."""


class Round(NamedTuple):
    """What a round did, and when the next message is to be tried (None: none waits)."""

    made: int
    sent: int
    failed: int
    next: datetime | None


def tell(
    store: StoreFolder,
    *,
    link: str | None = None,
    is_pending: Callable[[str, str], bool] = lambda _, __: False,
) -> Round:
    """Compose what is due, send what waits; see `compose`.

    A message is sent at least once: a process that dies between sending one and noting it
    leaves it to be sent again.
    """
    now = datetime.now(UTC)
    made = compose(store, now, link=link, is_pending=is_pending)
    made += compose_reviews(store, now, link=link)
    sent = failed = 0
    while sent + failed < MOST_AT_ONCE:
        message = outbox.claim(store, datetime.now(UTC))
        if message is None:
            break
        if _is_silenced(store, message):
            outbox.withdraw(store, message)  # what is still so after the silence is told then
            continue
        error = _deliver(store, message.channel, message.title, message.body)
        if error is None:
            outbox.sent(store, message.id, datetime.now(UTC))
            sent += 1
        else:
            outbox.failed(store, message, error, datetime.now(UTC))
            failed += 1
    return Round(made, sent, failed, outbox.next_try(store))


def _deliver(store: StoreFolder, name: str, title: str, body: str) -> str | None:
    for kept in channels.channels(store):
        if kept.channel.name == name:
            try:
                from whence.notify.send import send  # noqa: PLC0415 - slow to load, seldom needed
            except ModuleNotFoundError as error:
                return str(MissingDependency(error.name or "apprise", "notify"))
            return send(kept.url, title, body)
    return "the channel was removed"


def _is_silenced(store: StoreFolder, message: Message) -> bool:
    """Whether nothing may be told of a message's model now, though it was due before."""
    now = datetime.now(UTC)
    return any(one.model and silences.covering(store, one.model, now, now)
               for one in message.topics)  # fmt: skip
