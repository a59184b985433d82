"""How a long job says how far it is: a stage and the share of it that is done."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Tell", "silent"]

Tell = Callable[[str, float], None]
"""Called with the stage's name and the share of it done, in [0, 1]."""


def silent(stage: str, share: float) -> None:
    """Tell nobody."""
