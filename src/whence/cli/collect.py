"""whence gc: delete the contents of artifacts that no run and no model has any more.

Deleting an artifact takes away its path; its content goes here, if no other path has the same.
What is being logged at this moment is never touched. With --deleted runs and logged models that
were deleted go for good, but for those that a version of a registered model came from. On a
terminal it asks before it deletes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from whence.api.location import locate
from whence.api.stored_artifacts import deleted, free, purge, unneeded
from whence.cli.numbers import many
from whence.errors import BadInput

if TYPE_CHECKING:
    import argparse

    from whence.store.contents import Unneeded
    from whence.work.purge import Purge

__all__ = ["add", "run"]

_MOST_SHOWN = 20
"""Of what goes for good, and of what stays, by name."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--deleted", action="store_true",
        help="take out runs and logged models that were deleted: they cannot be restored then",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(given: argparse.Namespace) -> int:
    """Say what is not needed, ask, and delete that."""
    store = locate(given.store)
    going = deleted(store) if given.deleted else None
    found = unneeded(store, going.folders if going else ())
    if going:
        _show_deleted(going)
    _show(found)
    anything = found.blobs or found.unfinished or (going and (going.runs or going.models))
    if given.dry_run or not anything:
        return 0
    if not given.yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise BadInput("nobody can be asked here; say --yes to delete them, or --dry-run")
        print("This cannot be undone. Delete them? [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            print("nothing was deleted")
            return 1
    if going:
        _show_kept(purge(store, going))
    print(f"{free(store, found).bytes:,} bytes freed")
    return 0


def _show_deleted(going: Purge) -> None:
    print(
        f"{many(len(going.runs), 'deleted run')} and "
        f"{many(len(going.models), 'deleted logged model')} that go for good"
    )
    _list([f"{one.id}  {one.name}" for one in (*going.runs, *going.models)])
    if going.stays:
        print(f"{len(going.stays):,} that stay")
        _list([one.said for one in going.stays])


def _show_kept(done: Purge) -> None:
    """Say what did not go after all, for things may have changed since it was shown."""
    if done.stays:
        print(f"{len(done.stays):,} of them that stay after all")
        _list([one.said for one in done.stays])


def _list(lines: list[str]) -> None:
    for line in lines[:_MOST_SHOWN]:
        print(f"  {line}")
    if len(lines) > _MOST_SHOWN:
        print(f"  and {len(lines) - _MOST_SHOWN:,} more")


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
