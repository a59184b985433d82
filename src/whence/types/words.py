"""A metric's values and points as a tired person reads them; texts of others made harmless."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whence.types.reports import Incident

__all__ = ["Words", "plain"]

_SHARES = frozenset({"accuracy"})
"""Metrics that are shares: shown in percent, better when larger, value = 1 - loss."""

_NAMES = {"mae": "mean absolute error", "brier": "Brier score"}


@dataclass(frozen=True, slots=True)
class Words:
    """How one metric is spoken of."""

    metric: str

    @property
    def is_share(self) -> bool:
        """Whether the metric is a share that is better when larger."""
        return self.metric in _SHARES

    @property
    def name(self) -> str:
        """The metric in words."""
        return _NAMES.get(self.metric, self.metric)

    def points(self, points: float) -> str:
        """Return points without their unit: ``11.8`` (percent points), or ``0.0412``."""
        return f"{100 * points:.1f}" if self.is_share else f"{points:.4g}"

    def plus_minus(self, reach: float) -> str:
        """Return half an interval's width: ``1.2 points``."""
        return f"{self.points(reach)} points" if self.is_share else self.points(reach)

    def value(self, loss: float) -> str:
        """Return the metric's value at a mean loss, with its unit: ``78.6 %``."""
        return f"{100 * (1 - loss):.1f} %" if self.is_share else f"{loss:.4g}"

    def change(self, before: float, after: float, incident: Incident | None) -> str:
        """Say how the metric moved between two mean losses, and since when."""
        worse = after >= before
        verb = "fell" if worse == self.is_share else "rose"
        size = self.plus_minus(abs(after - before))
        since = f" since {incident.started:%Y-%m-%d}" if incident is not None else ""
        old = self.value(before).removesuffix(" %")
        return f"{self.name} {verb} {size} ({old} -> {self.value(after)}){since}"


def plain(text: str) -> str:
    """Return a text in one line, without signs that a terminal, a mail or a chat would act upon."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return _CALL.sub("@\u200b", line)


_CALL = re.compile(r"@(?=everyone|here|channel|all|[!&]?\d)")
"""What calls all members of a chat, or one; a column may be called so."""
