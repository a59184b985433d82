"""whence why: the verdict on an incident, with its evidence and what would fix it.

Without --incident the open one, else the latest; without any, whether the model is healthy.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from whence.api.dependencies import require
from whence.api.jobs import why
from whence.api.location import locate

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="its name, as it was logged or imported")
    parser.add_argument("--incident", metavar="ID", help="as `whence watch` names it")
    parser.add_argument(
        "--delta", type=float, metavar="X",
        help="the smallest change that matters, in the metric's unit (default: that of "
        "`whence watch`)",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="the whole report, as docs/json.md says"
    )


def run(given: argparse.Namespace) -> None:
    """Print the verdict."""
    require("app")
    from whence.cli.progress import stages  # noqa: PLC0415 - needs the extra `app`

    with stages() as tell:
        report = why(
            locate(given.store), given.model, incident=given.incident, delta=given.delta, tell=tell
        )
    if given.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    from whence.cli.show_why import show  # noqa: PLC0415 - needs the extra `app`

    show(report)
