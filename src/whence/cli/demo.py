"""whence demo: the camera case, end to end, on real image files.

`whence demo camera` trains a small network, logs two months of its predictions on photos, puts
a new phone on sale, and asks why it got worse. Everything it measures is measured while you watch.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("case", choices=["camera"])
    parser.add_argument(
        "--photos", metavar="DIR", type=Path,
        help="your own photos, DIR/<class>/*.jpg (default: handwritten digits, rendered)",
    )  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Run the case and print what came."""
    from whence.api.dependencies import require  # noqa: PLC0415 - start fast

    require("app")
    require("images")
