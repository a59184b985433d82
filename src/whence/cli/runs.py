"""whence runs: the runs of experiments, or one of them.

Without RUN a table of runs, the newest first; with it what the run was given and the last value
of each of its metrics.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from whence.api.dependencies import require
from whence.api.location import locate

if TYPE_CHECKING:
    import argparse


__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "which", nargs="?", metavar="RUN", help="its id, how that begins (six digits), or its name"
    )
    parser.add_argument("--project", help="only the runs of this project")
    parser.add_argument(
        "--sort", default="-started", metavar="BY",
        help="started, ended, name, project, status, metrics.NAME or params.NAME; with a minus "
        "before it (--sort=-metrics.accuracy) the largest first (default: -started)",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, default=20, help="at most so many (default: 20)")
    parser.add_argument("--json", action="store_true", help="all that is known, as JSON")


def run(given: argparse.Namespace) -> None:
    """Print a table, or one run."""
    require("app")
    from whence.api.jobs import run as one  # noqa: PLC0415 - needs the extra `app`
    from whence.api.jobs import runs  # noqa: PLC0415 - needs the extra `app`

    where = locate(given.store)
    if given.which is not None:
        found = [one(where, given.which)]
    else:
        found = runs(where, project=given.project, sort=given.sort, limit=given.limit, offset=0)
    if given.json:
        told = found[0] if given.which is not None else found
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    from whence.cli.show_runs import show_one, show_table  # noqa: PLC0415 - needs the extra `app`

    if given.which is not None:
        show_one(found[0])
    elif found:
        show_table(found)
    else:
        of = f" of project {given.project!r}" if given.project else ""
        print(f"there are no runs{of} yet; whence.start_run() begins one")
