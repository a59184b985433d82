"""whence compact: merge the small files of the tables, and delete those they replaced.

Every fold leaves a small file for each day it touched. The tables are compacted by themselves
every 100 epochs; this does it now.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from whence.api.store import Store
from whence.errors import BadInput

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", nargs="?", help="whose tables (default: all models')")
    parser.add_argument(
        "--keep-hours", type=int, default=24, metavar="N",
        help="delete files that were replaced longer ago than this (default: 24); 0 is safe "
        "where nothing but whence reads the tables",
    )  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Compact and say what became of the files."""
    if given.keep_hours < 0:
        raise BadInput(f"--keep-hours is {given.keep_hours}; give 0 or more")
    done = Store(given.store).compact(given.model, keep=timedelta(hours=given.keep_hours))
    for one in done:
        merged = f"{one.removed:,} small files became {one.added:,}"
        print(
            f"{one.model or 'runs'}: {merged if one.removed else 'nothing to merge'}; "
            f"{one.deleted:,} old files deleted"
        )
    if not done:
        print("the store has no tables yet")
