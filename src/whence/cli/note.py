"""A word beside a command's output: it goes where errors go, so that pipes stay clean."""

from __future__ import annotations

import sys

__all__ = ["tell"]


def tell(what: str) -> None:
    """Print a note."""
    print(f"whence: {what}", file=sys.stderr)
