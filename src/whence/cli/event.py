"""whence event: record something that happened outside the data.

A deploy, a change of configuration, a campaign, a new phone on sale: what a failure may have
begun with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence import record
from whence.api.location import locate
from whence.errors import BadInput
from whence.types.time import parse_time

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", help="what happened, in words")
    parser.add_argument("--at", required=True, metavar="TIME", help="a date or ISO 8601 time")
    parser.add_argument(
        "--kind", default="external", choices=["external", "deploy", "config", "campaign"]
    )
    parser.add_argument(
        "--scope", action="append", default=[], metavar="COLUMN=VALUE",
        help="the rows it concerns; repeat for several columns",
    )  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="the model it concerns (default: all)")


def run(given: argparse.Namespace) -> None:
    """Record the event."""
    scope = {}
    for condition in given.scope:
        column, equals, value = condition.partition("=")
        if not equals or not column:
            raise BadInput(f"--scope {condition!r} is no condition; write COLUMN=VALUE")
        scope[column] = value
    at = parse_time(given.at)
    store = locate(given.store)
    record.event(store, given.name, at=at, kind=given.kind, scope=scope, model=given.model)
    record.flush(store)
    print(f"{given.kind} event at {at:%Y-%m-%d %H:%M} UTC: {given.name}")
