"""What is to be told: incidents that opened or ended, and alerts, of which a channel has no word.

Nothing is told of a silenced model, nor within a channel's cooldown after its last message about
that model; what came up meanwhile and is still so is one message then. An incident waits for its
verdict while that is being made.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from whence.errors import WhenceError
from whence.notify.wording import Said, wording
from whence.store import channels, outbox, silences, verdicts, watches
from whence.types.telling import Topic
from whence.types.time import micros
from whence.view.alerts import alerts_of
from whence.view.overview import head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from whence.store.folder import StoreFolder
    from whence.types.pages import IncidentHead
    from whence.types.reports import Alert
    from whence.types.telling import Channel
    from whence.view.watched import Watched

__all__ = ["compose"]

_HANDLED = frozenset({"expected", "resolved"})
"""Who said that of an incident knows of it."""

_KINDS = {"none": frozenset(), "quality": frozenset({"quality", "volume"}),
          "all": frozenset({"quality", "volume", "drift"})}  # fmt: skip
"""Alerts that each choice tells; those about performance lead to incidents, which are told."""

_INCIDENTS = ("opened", "verdict", "ended")
"""Topics about incidents."""

_LOG = logging.getLogger("whence")


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

    A model of which nothing can be told, whatever the reason, is logged and holds up no other.

    Parameters
    ----------
    now
        Aware.
    link
        Where people reach the pages; without it messages have no link.
    is_pending
        Whether a verdict on (model, incident) is being made: it is waited for, and nothing else
        is told of the model meanwhile.
    """
    kept = channels.channels(store)
    if not kept:
        return 0
    made = 0
    for model in store.models():
        fitting = [one.channel for one in kept if channels.fits(model, one.channel.models)]
        if not fitting or silences.covering(store, model, now, now):
            continue
        try:
            made += _tell_all(store, fitting, model, is_pending, link, now)
        except WhenceError as error:
            _LOG.warning("nothing can be told of model %r: %s", model, error)
        except Exception:  # noqa: BLE001 - logged whole; people must hear of the other models
            _LOG.exception("nothing can be told of model %r", model)
    return made


def _tell_all(
    store: StoreFolder,
    fitting: list[Channel],
    model: str,
    is_pending: Callable[[str, str], bool],
    link: str | None,
    now: datetime,
) -> int:
    if watches.load(store, model) is None:
        return 0
    incidents = watches.incidents(store, model)
    if any(is_pending(model, one.id) for one in incidents):
        return 0
    from whence.view.watched import Watched  # noqa: PLC0415 - a server answers before it is loaded

    watched = Watched(store, model)
    heads = [head(store, watched, one) for one in incidents]
    wanted = any(one.alerts != "none" for one in fitting)
    alerting = _alerting(watched, alerts_of(store, model)) if wanted else []
    made = 0
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
    def is_quiet(kinds: tuple[str, ...]) -> bool:
        last = outbox.last_about(store, channel, watched.model, kinds)
        return last is not None and (now - last).total_seconds() < channel.cooldown

    said = Said(watched.model, link)
    # An alert that came first must not keep the failure itself back.
    quiet = is_quiet(_INCIDENTS)
    topics = [
        topic for one in heads for topic in _of_incident(store, channel, said, one, quiet=quiet)
    ]
    if topics or not is_quiet((*_INCIDENTS, "alert")):
        for alert in alerting:
            wanted = alert.alert.kind in _KINDS[channel.alerts]
            if wanted and not outbox.told(store, channel, alert.topic):
                said.alerts.append(alert.alert)
                topics.append(alert.topic)
    if not topics:
        return False
    outbox.add(store, channel.name, topics, wording(said), now)
    return True


def _of_incident(
    store: StoreFolder,
    channel: Channel,
    said: Said,
    one: IncidentHead,
    *,
    quiet: bool,
) -> Iterator[Topic]:
    """Say what is to be told of an incident, and yield its topics; only a verdict if `quiet`.

    Whoever was told without a verdict gets it as soon as there is one: it is what they wait for.
    """
    opened, verdict, ended = (
        Topic(model=one.model, kind=kind, about=one.incident.id)
        for kind in ("opened", "verdict", "ended")
    )
    was_told = outbox.told(store, channel, opened)
    is_news = not was_told and not quiet and _to_be_opened(store, channel, one)
    kept = verdicts.load(store, one.model, one.incident.id)
    late = was_told and kept is not None and one.incident.ended is None and not _is_handled(one)
    if is_news or (late and not outbox.told(store, channel, verdict)):
        said.opened.append((one, None if kept is None else kept.report))
        if is_news:
            yield opened
        if kept is not None:
            yield verdict
    over = one.incident.ended is not None and (was_told or is_news)
    if over and not quiet and not outbox.told(store, channel, ended):
        said.ended.append(one)
        yield ended


def _is_handled(one: IncidentHead) -> bool:
    return one.handled is not None and one.handled.kind in _HANDLED


def _to_be_opened(store: StoreFolder, channel: Channel, one: IncidentHead) -> bool:
    """Whether an incident is news: open, or noticed and ended since the channel was added."""
    incident = one.incident
    if _is_handled(one):
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
