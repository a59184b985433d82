"""Where tables are printed: as wide as the terminal, or as wide as they need for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["console", "when"]

_WIDE = 500


def console() -> Console:
    """Return the console that standard output is."""
    found = Console(highlight=False, soft_wrap=True)
    # What is read by a program has no edge.
    return found if found.is_terminal else Console(highlight=False, width=_WIDE)


def when(at: datetime) -> str:
    """Return a time as tables show it, in UTC."""
    return f"{at:%Y-%m-%d %H:%M}"
