"""Who is told of what: channels, the messages sent through them, and silences.

Times are ISO 8601 in UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

__all__ = ["Channel", "Message", "NewSilence", "Silence", "Topic"]


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """Where messages go, and which.

    `to` is the kind of address, without what may be secret; `models` are names or patterns
    (``fraud-*``), empty for every model; `alerts` says which alerts are told beside incidents;
    `cooldown` is the number of seconds in which nothing more is sent about a model: after a
    message about an incident, or, of alerts, after any; `reviews` says whether the weekly reviews
    go there.
    """

    name: str
    to: str
    models: list[str]
    alerts: Literal["none", "quality", "all"]
    cooldown: float
    reviews: bool
    created: datetime


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """What a message tells: that an incident opened, its verdict, its end; an alert; a review.

    `about` is the incident's id, or names the alert, or is the Monday of the review's week, which
    is about no single model.
    """

    model: str
    kind: Literal["opened", "verdict", "ended", "alert", "review"]
    about: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message through one channel.

    `title` is its first line: the verdict. `state` waiting: it is to be sent, or tried again
    at `next`; failed: it was given up. `error` is what the last try that failed said.
    """

    id: int
    channel: str
    topics: list[Topic]
    title: str
    body: str
    state: Literal["waiting", "sent", "failed"]
    made: datetime
    tries: int
    next: datetime | None
    sent: datetime | None
    error: str | None


class NewSilence(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is told of a model, or of those that fit a pattern, until a time."""

    model: str
    until: datetime
    reason: str = ""
    by: str = ""


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence as it is kept; `ended` where a person ended it before its time."""

    id: int
    model: str
    until: datetime
    reason: str
    by: str
    made: datetime
    ended: datetime | None
