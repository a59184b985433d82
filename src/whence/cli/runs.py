"""whence runs: the runs of experiments, or one of them.

Without RUN a table of runs, the newest first; with it what the run was given, the last value of
each of its metrics, and what it captured; with --output what its program printed. --delete takes
it off the list, and says what hangs on it; whence gc --deleted takes it out for good.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from whence.api.dependencies import require
from whence.api.location import locate
from whence.cli.note import tell
from whence.cli.numbers import many
from whence.errors import BadInput

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "which", nargs="?", metavar="RUN", help="its id, how that begins (six digits), or its name"
    )
    parser.add_argument("--project", help="only the runs of this project")
    parser.add_argument(
        "--where", metavar="FILTER",
        help='only runs that fit, such as "metrics.accuracy > 0.9 and params.lr = 0.1"',
    )  # fmt: skip
    parser.add_argument(
        "--sort", default="-started", metavar="BY",
        help="started, ended, name, project, status, metrics.NAME or params.NAME; with a minus "
        "before it (--sort=-metrics.accuracy) the largest first (default: -started)",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, default=20, help="at most so many (default: 20)")
    parser.add_argument("--json", action="store_true", help="all that is known, as JSON")
    one = parser.add_mutually_exclusive_group()
    one.add_argument(
        "--output", action="store_true", help="what the program of RUN printed, and nothing else"
    )
    one.add_argument("--delete", action="store_true", help="take RUN off the list")
    one.add_argument(
        "--restore", action="store_true", help="bring RUN back, by its whole id, after --delete"
    )


def run(given: argparse.Namespace) -> None:
    """Print a table, or one run."""
    require("app")
    from whence.api.jobs import runs  # noqa: PLC0415 - needs the extra `app`

    where = locate(given.store)
    if given.which is not None:
        _run_one(given, where)
        return
    for option in ("output", "delete", "restore"):
        if getattr(given, option):
            raise BadInput(f"--{option} is of one run; name it")
    found = runs(
        where,
        project=given.project,
        where=given.where,
        sort=given.sort,
        limit=given.limit,
        offset=0,
        note=tell,
    )
    if given.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
    elif found:
        from whence.cli.show_runs import show_table  # noqa: PLC0415 - needs the extra `app`

        show_table(found)
    elif given.where is not None:
        print("no run fits; whence runs without --where lists all")
    else:
        of = f" of project {given.project!r}" if given.project else ""
        print(f"there are no runs{of} yet; whence.start_run() begins one")


def _run_one(given: argparse.Namespace, where: Path) -> None:
    from whence.api.jobs import captured, output  # noqa: PLC0415 - needs the extra `app`
    from whence.api.jobs import run as one  # noqa: PLC0415 - needs the extra `app`

    found = one(where, given.which, note=tell)
    if given.output:
        sys.stdout.write(output(where, found.id, None))
        return
    if given.delete or given.restore:
        _delete(where, found.id) if given.delete else _restore(where, found.id)
        return
    seen = captured(where, found.id, note=_said_already)
    if given.json:
        told = {**msgspec.structs.asdict(found), "captured": seen}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
        return
    from whence.cli.show_runs import show_one  # noqa: PLC0415 - needs the extra `app`

    show_one(found, seen)


def _delete(where: Path, run: str) -> None:
    from whence.api.stored_artifacts import delete_run  # noqa: PLC0415 - needs the extra `app`

    gone = delete_run(where, run)
    print(f"{gone.name} is deleted; whence runs {run} --restore brings it back")
    if gone.held:
        came = "comes" if len(gone.held) == 1 else "come"
        print(
            f"{', '.join(gone.held)} {came} from it and can still be loaded: the run and its files "
            "stay until no version does"
        )
    else:
        print(
            f"whence gc --deleted takes it out for good, with {many(gone.files, 'file')}, and "
            f"frees {gone.bytes:,} bytes"
        )


def _restore(where: Path, run: str) -> None:
    from whence.api.stored_artifacts import restore_run  # noqa: PLC0415 - needs the extra `app`

    restore_run(where, run)
    print(f"{run} is back")


def _said_already(what: str) -> None:
    """Tell nothing: reading the run has."""
