"""whence watch: what crossed its line, and the incidents.

Reads only what is new since the last time. Input drift is shown and never opens an incident.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from whence.api.dependencies import require
from whence.api.jobs import watch
from whence.api.location import locate
from whence.types.time import PERIODS

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]

INCIDENT = 3


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="its name, as it was logged or imported")
    parser.add_argument(
        "--by",
        choices=PERIODS,
        help="the length of a window (default: as last time, days at first)",
    )
    parser.add_argument(
        "--delta", type=float, metavar="X",
        help="the smallest change that matters, in the metric's unit (default: as last time; one "
        "point of accuracy, .01 Brier, 5 %% of the reference's mean absolute error at first)",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", help="the whole report, as docs/json.md says"
    )
    parser.add_argument(
        "--fail-on-incident", action="store_true", help="exit with 3 while an incident is open"
    )


def run(given: argparse.Namespace) -> int:
    """Print the report."""
    require("app")
    from whence.cli.progress import stages  # noqa: PLC0415 - needs the extra `app`

    with stages() as tell:
        report = watch(locate(given.store), given.model, by=given.by, delta=given.delta, tell=tell)
    if given.json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    else:
        from whence.cli.show_watch import show  # noqa: PLC0415 - needs the extra `app`

        show(report)
    still_open = any(one.ended is None for one in report.incidents)
    return INCIDENT if given.fail_on_incident and still_open else 0
