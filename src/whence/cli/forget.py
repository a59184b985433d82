"""whence forget: delete predictions with their labels for good, and say what it freed.

They go from tables, labels, quarantine, waiting labels and journals; the windows they were in
are counted anew. What was judged stays judged. On a terminal it asks before it deletes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from whence.api.model import Model

if TYPE_CHECKING:
    import argparse

    from whence.work.forget import Forgotten

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="its name, as it was logged or imported")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--id", action="append", dest="ids", metavar="ID",
        help="the prediction of this id, on whatever day; repeat for several",
    )  # fmt: skip
    what.add_argument(
        "--before", metavar="DATE", help="all days (UTC) before this one, for retention"
    )
    what.add_argument("--all", action="store_true", help="all that the store has of the model")
    parser.add_argument(
        "--keep-counts", action="store_true",
        help="with --before: keep what was counted of windows before it, so that the watch goes on",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="only say what would go")
    parser.add_argument("--yes", action="store_true", help="do not ask, even on a terminal")


def run(given: argparse.Namespace) -> int:
    """Forget, or say what would be forgotten."""
    if given.dry_run:
        _show(given, _forget(given, dry_run=True), would="would be ")
        return 0
    if not given.yes and sys.stdin.isatty() and sys.stdout.isatty():
        _show(given, _forget(given, dry_run=True), would="would be ")
        print("This cannot be undone. Forget them? [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            print("nothing was forgotten")
            return 1
    done = _forget(given, dry_run=False)
    _show(given, done)
    _show_room(done)
    return 0


def _forget(given: argparse.Namespace, *, dry_run: bool) -> Forgotten:
    return Model(given.model, store=given.store).forget(
        ids=given.ids,
        before=given.before,
        everything=given.all,
        keep_counts=given.keep_counts,
        dry_run=dry_run,
    )


def _show(given: argparse.Namespace, done: Forgotten, *, would: str = "") -> None:
    for one in done.unknown:
        print(f"{given.model}: no row and no label has the id {one!r}")
    if not done.anything:
        print(f"{given.model}: the store has nothing of it to forget")
        return
    found = [
        _many(done.predictions, "prediction"),
        _many(done.labels, "label"),
        done.pending and _many(done.pending, "label that waited", "labels that waited"),
        done.quarantined and _many(done.quarantined, "quarantined record"),
    ]
    print(f"{given.model}: {', '.join(part for part in found if part)} {would}forgotten")
    if given.all:
        return
    if done.windows:
        print(f"{_many(done.windows, 'window')} of its watch {would}counted anew")
    if done.restart is not None:
        begins = "would begin" if would else "begins"
        print(f"the next watch {begins} anew: {done.restart}")


def _many(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _show_room(done: Forgotten) -> None:
    freed = done.before.bytes - done.after.bytes
    print(
        f"{abs(freed):,} bytes {'freed' if freed >= 0 else 'more than before'}: "
        f"the store had {done.before.bytes:,} bytes in {done.before.files:,} files and has "
        f"{done.after.bytes:,} in {done.after.files:,}"
    )
