"""whence gc: delete the contents of artifacts that no run and no model has any more.

Deleting an artifact takes away its path; its content goes here, if no other path has the same.
What is being logged at this moment is never touched. On a terminal it asks before it deletes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from whence.api.location import locate
from whence.api.stored_artifacts import free, unneeded
from whence.errors import BadInput

if TYPE_CHECKING:
    import argparse

    from whence.store.contents import Unneeded

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(given: argparse.Namespace) -> int:
    """Say what is not needed, ask, and delete that."""
    store = locate(given.store)
    found = unneeded(store)
    _show(found)
    if given.dry_run or not (found.blobs or found.unfinished):
        return 0
    if not given.yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise BadInput("nobody can be asked here; say --yes to delete them, or --dry-run")
        print("This cannot be undone. Delete them? [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            print("nothing was deleted")
            return 1
    print(f"{free(store, found).bytes:,} bytes freed")
    return 0


def _show(found: Unneeded) -> None:
    count = len(found.blobs)
    print(f"{count:,} {'content' if count == 1 else 'contents'} that no artifact has: "
          f"{sum(blob.size for blob in found.blobs):,} bytes")  # fmt: skip
    if found.unfinished:
        print(
            f"{len(found.unfinished):,} left behind half written by programs that are dead: "
            f"{sum(size for _, size in found.unfinished):,} bytes"
        )
    if found.awaited:
        print(
            f"{len(found.awaited):,} more, {sum(blob.size for blob in found.awaited):,} bytes, "
            "were sent by programs elsewhere within a day; what names them may be on its way, so "
            "they stay"
        )
