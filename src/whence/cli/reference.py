"""whence reference: say in which period a model was known to be healthy.

Everything later is compared with it. A new reference judges every window anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence import record
from whence.api.location import locate
from whence.types.time import parse_time

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="its name, as it is logged or imported")
    parser.add_argument(
        "--from", dest="start", required=True, metavar="TIME", help="a date or ISO 8601 time"
    )
    parser.add_argument(
        "--to", dest="end", required=True, metavar="TIME",
        help="where it ends; a date is included whole",
    )  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Record the reference period."""
    start = parse_time(given.start)
    end = parse_time(given.end, whole_day=True)
    store = locate(given.store)
    record.reference(store, given.model, start, end)
    record.flush(store)
    print(f"{given.model}: healthy from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC")
