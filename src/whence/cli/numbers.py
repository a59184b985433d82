"""Numbers of things, in words."""

from __future__ import annotations

__all__ = ["many"]


def many(number: int, thing: str) -> str:
    """Return how many there are of something, such as ``1 run`` or ``2,000 runs``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
