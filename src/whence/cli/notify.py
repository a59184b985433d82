"""whence notify: tell people of incidents, by Slack, mail, webhooks and a hundred other ways.

A channel is an address as Apprise writes it, and what goes there: incidents of which models,
which alerts, how often at most. A server (whence serve) sends by itself; without one, run
whence notify send after whence watch. Silences stop it for a while.
"""

from __future__ import annotations

import re
import shlex
from argparse import SUPPRESS, ArgumentTypeError
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.location import locate
from whence.journal import find_folder
from whence.ship.spool import refuse_spool
from whence.types.time import parse_time
from whence.types.words import plain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from whence.store.folder import StoreFolder

__all__ = ["add", "run"]

# What needs the extras is loaded when it is asked for.
# ruff: noqa: PLC0415

FAILED = 1

_MOST_NAMES = 20

_LONGEST = 520 * 604_800.0
"""Ten years, in seconds."""

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(
        name: str, act: Callable[[StoreFolder, argparse.Namespace], int | None], about: str
    ) -> argparse.ArgumentParser:
        found = actions.add_parser(name, help=about, description=about)
        # As with every command, wherever people write it.
        found.add_argument("--store", metavar="DIR", default=SUPPRESS, help=SUPPRESS)
        found.set_defaults(act=act)
        return found

    new = action("add", _add, "add a channel")
    new.add_argument(
        "url", help="the address, as Apprise writes it; env:NAME takes it from a variable"
    )
    new.add_argument("--name", required=True, help="how the log calls it")
    new.add_argument(
        "--model", action="append", default=[], dest="models", metavar="NAME",
        help="only this model, or those that fit a pattern such as 'fraud-*'; repeat for more",
    )  # fmt: skip
    new.add_argument(
        "--alerts", choices=("none", "quality", "all"), default="quality",
        help="alerts to tell of beside incidents (default: quality, with volume; all: drift too)",
    )  # fmt: skip
    new.add_argument(
        "--cooldown", type=_duration, default=3600.0, metavar="TIME",
        help="at most one message on a model in this time, such as 30m or 1d (default: 1h)",
    )  # fmt: skip
    new.add_argument("--reviews", action="store_true", help="the weekly reviews too")
    action("list", _list, "all channels, without their secrets")
    action("remove", _remove, "remove a channel").add_argument("name")
    action("test", _test, "send a line through a channel").add_argument("name")
    send = action("send", _send, "send what is due now")
    send.add_argument("--link", metavar="URL", help="where people reach the pages, if anywhere")
    action("log", _log, "what was told to whom")
    silence = action("silence", _silence, "tell nothing of a model for a while")
    silence.add_argument("model", help="its name, or a pattern such as 'fraud-*'")
    when = silence.add_mutually_exclusive_group(required=True)
    when.add_argument("--for", type=_duration, dest="length", metavar="TIME", help="such as 4h")
    when.add_argument("--until", metavar="DATE", help="a date or time")
    silence.add_argument("--reason", default="", help="why; others see it")
    silence.add_argument("--by", default="", help="who says so")
    action("silences", _silences, "silences in force, and past ones")
    action("end", _end, "end a silence before its time").add_argument("id", type=int)


def run(given: argparse.Namespace) -> int | None:
    """Do what was asked."""
    require("app")
    path = locate(given.store)
    refuse_spool(path)
    find_folder(path)
    from whence.store.folder import StoreFolder

    act: Callable[[StoreFolder, argparse.Namespace], int | None] = given.act
    return act(StoreFolder(path, reading=act in {_list, _log, _silences}), given)


def _duration(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhdw])", text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} is no time; write such as 30m, 4h, 2d or 1w")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise ArgumentTypeError(f"{text!r} is too long; give at most {_LONGEST / _UNITS['w']:g}w")
    return seconds


def _add(store: StoreFolder, given: argparse.Namespace) -> None:
    require("notify")
    from whence.notify.send import check
    from whence.store import channels
    from whence.types.telling import Channel

    to = check(given.url)
    channel = Channel(
        name=given.name,
        to=to,
        models=given.models,
        alerts=given.alerts,
        cooldown=given.cooldown,
        reviews=given.reviews,
        created=datetime.now(UTC),
    )
    channels.add(store, channel, given.url)
    print(f"{given.name}: {to}; try it: whence notify test {shlex.quote(given.name)}")
    _say_who_fits(store, given.models)


def _list(store: StoreFolder, _: argparse.Namespace) -> None:
    from whence.store import channels

    for kept in channels.channels(store):
        one = kept.channel
        what = f"alerts: {one.alerts}" + (", reviews" if one.reviews else "")
        whose = ", ".join(one.models) or "every model"
        print(f"{one.name}  {one.to}  {whose}  {what}  every {one.cooldown / 60:g} min at most")


def _remove(store: StoreFolder, given: argparse.Namespace) -> None:
    from whence.store import channels

    channels.remove(store, given.name)
    print(f"removed {given.name}")


def _test(store: StoreFolder, given: argparse.Namespace) -> int:
    require("notify")
    from whence.notify.send import send
    from whence.store import channels

    kept = channels.find(store, given.name)
    error = send(kept.url, "Whence can reach you here.", "This line was sent as a test.")
    print(f"{given.name}: {'sent' if error is None else f'could not be sent: {error}'}")
    return 0 if error is None else FAILED


def _send(store: StoreFolder, given: argparse.Namespace) -> int:
    require("notify")
    from whence.notify.rounds import tell

    done = tell(store, link=given.link)
    waits = f"; the next try at {done.next:%H:%M} UTC or later" if done.next else ""
    print(f"{done.made} new, {done.sent} sent, {done.failed} could not be sent{waits}")
    return FAILED if done.failed else 0


def _log(store: StoreFolder, _: argparse.Namespace) -> None:
    from whence.store import outbox

    for one in outbox.messages(store):
        why = f" ({one.error})" if one.error and one.state != "sent" else ""
        print(f"{one.made:%Y-%m-%d %H:%M}  {one.channel}  {one.state}{why}  {one.title}")


def _silence(store: StoreFolder, given: argparse.Namespace) -> None:
    from whence.store import silences
    from whence.types.telling import NewSilence

    until = (
        parse_time(given.until)
        if given.length is None
        else datetime.now(UTC) + timedelta(seconds=given.length)
    )
    wanted = NewSilence(model=given.model, until=until, reason=given.reason, by=given.by)
    made = silences.add(store, wanted)
    print(
        f"silence {made}: nothing is told of {given.model} until {until:%Y-%m-%d %H:%M} UTC; "
        f"end it: whence notify end {made}"
    )
    _say_who_fits(store, [given.model])


def _say_who_fits(store: StoreFolder, patterns: list[str]) -> None:
    """Say of which patterns no model is; it may come, or be mistyped."""
    from whence.store.channels import fits

    known = store.models()
    for pattern in patterns:
        if not any(fits(model, [pattern]) for model in known):
            has = ", ".join(map(repr, known[:_MOST_NAMES])) or "none"
            print(f"no model is called {pattern!r} now; there are: {has}")


def _silences(store: StoreFolder, _: argparse.Namespace) -> None:
    from whence.store import silences

    for one in silences.silences(store):
        ended = one.ended or (one.until if one.until < datetime.now(UTC) else None)
        state = f"until {one.until:%Y-%m-%d %H:%M}" if ended is None else f"ended {ended:%Y-%m-%d}"
        said = "  ".join(plain(part) for part in (one.by, one.reason) if part)
        print(f"{one.id}  {plain(one.model)}  {state}  {said}".rstrip())


def _end(store: StoreFolder, given: argparse.Namespace) -> None:
    from whence.store import silences

    silences.end(store, given.id)
    print(f"silence {given.id} is over")
