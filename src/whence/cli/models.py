"""whence models: the registered models, or one with its versions and aliases.

Without NAME a line for each model; with it all its versions, the newest first. --alias lets an
alias name a version, and no longer the one it named before.
"""

from __future__ import annotations

import re
import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

import msgspec

from whence.api.dependencies import require
from whence.api.location import locate
from whence.api.registry import Registered, registered
from whence.errors import BadInput

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="a registered model")
    parser.add_argument(
        "--alias", action="append", default=[], type=_alias, dest="aliases",
        metavar="ALIAS=VERSION", help="let an alias name this version; repeat for more",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="all that is known, as JSON")


def run(given: argparse.Namespace) -> None:
    """Set aliases if any are given, then print a table, or one model."""
    require("app")
    where = locate(given.store)
    if given.name is None and given.aliases:
        raise BadInput("--alias needs the model it is of: whence models NAME --alias production=3")
    if given.name is not None:
        model = Registered(where, given.name)
        for alias, version in given.aliases:
            model.set_alias(alias, version)
        page = model.read()
    else:
        found = registered(where)
    if given.json:
        told = found if given.name is None else page
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    from whence.cli.show_models import show_one, show_table  # noqa: PLC0415 - needs the extra `app`

    if given.name is not None:
        show_one(page)
    elif found:
        show_table(found)
    else:
        print("no model is registered yet; whence.open().register(NAME, run=RUN) does")


def _alias(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"([^=]+)=(\d{1,18})", text)
    if found is None:
        raise ArgumentTypeError(f"{text!r} names no version; write such as production=3")
    return found[1], int(found[2])
