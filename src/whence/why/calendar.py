"""When a window began: ordinals as moments."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from whence.types.time import Window

if TYPE_CHECKING:
    from datetime import datetime

    from whence.types.time import Period

__all__ = ["Calendar"]


@dataclass(frozen=True, slots=True)
class Calendar:
    """`starts` (aware, increasing) says when the window of each ordinal from 0 on began."""

    starts: tuple[datetime, ...]

    @classmethod
    def spanning(cls, first: datetime, last: datetime, period: Period = "day") -> Self:
        """Return the calendar whose ordinal 0 is the window that holds `first`."""
        window = Window.containing(first, period)
        starts = [window.start]
        while window.end <= last:
            window = window.following(period)
            starts.append(window.start)
        return cls(tuple(starts))

    def start(self, ordinal: int) -> datetime:
        """Return when that window began; IndexError beyond the calendar."""
        return self.starts[ordinal]

    def ordinal(self, when: datetime) -> int:
        """Return the ordinal of the window that holds `when` (aware), -1 before the first."""
        return bisect_right(self.starts, when) - 1
