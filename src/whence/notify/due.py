"""What is to be told: incidents that opened or ended, and alerts, of which a channel has no word.

Nothing is told of a silenced model, nor within a channel's cooldown after its last message about
that model; all that came up meanwhile is one message then. An incident waits for its verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from whence.notify.wording import Said, wording
from whence.store import channels, outbox, silences, verdicts, watches
from whence.types.telling import Topic
from whence.types.time import micros
from whence.view.alerts import open_alerts
from whence.view.overview import head
from whence.view.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.types.pages import IncidentHead
    from whence.types.reports import Alert
    from whence.types.telling import Channel

__all__ = ["compose"]

_HANDLED = frozenset({"expected", "resolved"})
"""Who said that of an incident knows of it."""

_KINDS = {"none": frozenset(), "quality": frozenset({"quality", "volume"}),
          "all": frozenset({"quality", "volume", "drift"})}  # fmt: skip
"""Alerts that each choice tells; those about performance lead to incidents, which are told."""


class _Alerting(NamedTuple):
    topic: Topic
    alert: Alert


def compose(
    store: StoreFolder,
    now: datetime,
    *,
    link: str | None = None,
    is_pending: Callable[[str, str], bool] = lambda _, __: False,
) -> int:
    """Write the messages that are due, and return how many.

    Parameters
    ----------
    now
        Aware.
    link
        Where people reach the pages; without it messages have no link.
    is_pending
        Whether a verdict on (model, incident) is being made: it is waited for.
    """
    made = 0
    kept = channels.channels(store)
    if not kept:
        return 0
    alerts = open_alerts(store) if any(one.channel.alerts != "none" for one in kept) else []
    for model in store.models():
        fitting = [one.channel for one in kept if channels.fits(model, one.channel.models)]
        if not fitting or watches.load(store, model) is None:
            continue
        if silences.covering(store, model, now, now):
            continue
        watched = Watched(store, model)
        heads = [
            head(store, watched, one)
            for one in watches.incidents(store, model)
            if not is_pending(model, one.id)
        ]
        alerting = _alerting(watched, [one.alert for one in alerts if one.model == model])
        for channel in fitting:
            # Read and written in one transaction: two processes never write the same message.
            with store.metadata.transaction():
                made += _tell(store, channel, watched, heads, alerting, link, now)
    return made


def _tell(
    store: StoreFolder,
    channel: Channel,
    watched: Watched,
    heads: list[IncidentHead],
    alerting: list[_Alerting],
    link: str | None,
    now: datetime,
) -> bool:
    last = outbox.last_about(store, channel, watched.model)
    if last is not None and (now - last).total_seconds() < channel.cooldown:
        return False
    said = Said(watched.model, link)
    topics: list[Topic] = []
    for one in heads:
        opened, ended = (
            Topic(model=one.model, kind=kind, about=one.incident.id) for kind in ("opened", "ended")
        )
        was_told = outbox.told(store, channel, opened)
        if not was_told and _to_be_opened(store, channel, one):
            kept = verdicts.load(store, one.model, one.incident.id)
            said.opened.append((one, None if kept is None else kept.report))
            topics.append(opened)
            was_told = True
        if one.incident.ended is not None and was_told and not outbox.told(store, channel, ended):
            said.ended.append(one)
            topics.append(ended)
    for alert in alerting:
        wanted = alert.alert.kind in _KINDS[channel.alerts]
        if wanted and not outbox.told(store, channel, alert.topic):
            said.alerts.append(alert.alert)
            topics.append(alert.topic)
    if not topics:
        return False
    outbox.add(store, channel.name, topics, wording(said), now)
    return True


def _to_be_opened(store: StoreFolder, channel: Channel, one: IncidentHead) -> bool:
    """Whether an incident is news: open, or noticed and ended since the channel was added."""
    incident = one.incident
    if one.handled is not None and one.handled.kind in _HANDLED:
        return False
    if incident.ended is None:
        return True
    if incident.detected < channel.created:
        return False
    return not silences.covering(store, one.model, incident.detected, incident.ended)


def _alerting(watched: Watched, alerts: list[Alert]) -> list[_Alerting]:
    """Return the open alerts; one that goes on from window to window is one topic."""
    if not alerts:
        return []
    starts = [one.start for one in watched.windows]
    known = {
        (one.kind, one.column, micros(one.window.start))
        for one in watches.alerts(watched.store, watched.model)
    }
    found = []
    for one in alerts:
        begun = micros(one.window.start)
        for start in reversed([at for at in starts if at < begun]):
            if (one.kind, one.column, start) not in known:
                break
            begun = start
        about = f"{one.kind} {one.column or ''} {begun}"
        found.append(_Alerting(Topic(model=watched.model, kind="alert", about=about), one))
    return found
