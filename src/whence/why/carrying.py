"""Which causes carry a real part of the drop: those that a verdict names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.types.reports import Named

if TYPE_CHECKING:
    from whence.why.attribution import Attribution
    from whence.why.ledger import Ledger

__all__ = ["carrying", "positive_points"]

_LEAST_SHARE = 0.15
"""A second cause with a smaller share of the positive points is a detail."""


def positive_points(ledger: Ledger, attribution: Attribution) -> float | None:
    """Return what shares are of; None where the drop itself is not shown."""
    loose = max(attribution.unexplained, 0.0) + max(ledger.closure, 0.0)
    total = loose + sum(max(part.entry.points, 0.0) for part in attribution.parts)
    return total if ledger.drop.real and total > 0 else None


def carrying(ledger: Ledger, attribution: Attribution, first: str) -> list[Named]:
    """Return the cause `first`, then every other whose interval is above 0 and share matters."""
    total = positive_points(ledger, attribution)
    causes = dict.fromkeys(part.cause for part in attribution.parts)
    found = []
    for cause in causes:
        parts = [part for part in attribution.parts if part.cause == cause]
        entry = parts[0].entry
        for part in parts[1:]:
            entry = entry.plus(part.entry)
        share = entry.points / total if total is not None and entry.points > 0 else None
        named = cause == first
        if named or (share is not None and share >= _LEAST_SHARE and entry.interval[0] > 0):
            where = max(parts, key=lambda part: part.entry.points).where
            found.append(Named(cause=cause, where=where, points=entry.points, share=share))
    return sorted(found, key=lambda one: (one.cause != first, -one.points))
