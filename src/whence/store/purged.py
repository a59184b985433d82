"""Runs that were taken out for good, remembered by their ids.

What their programs, or whoever ships their journals, still say of them comes in no more; and whose
points are not out of their table yet is known to whoever finishes that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whence.store.metadata import Metadata

__all__ = ["Purged", "forget", "pointless", "remember", "unfinished"]


def remember(metadata: Metadata, runs: Iterable[str]) -> None:
    """Note that runs go, and that their points are still there; inside a transaction."""
    metadata.run_many(
        "INSERT INTO purged (run, points) VALUES (?, 1)"
        " ON CONFLICT (run) DO UPDATE SET points = excluded.points",
        [(run,) for run in runs],
    )


def unfinished(metadata: Metadata) -> list[str]:
    """Return the runs whose points are still there."""
    return [run for (run,) in metadata.all("SELECT run FROM purged WHERE points ORDER BY run")]


def pointless(metadata: Metadata, runs: Iterable[str]) -> None:
    """Note that runs have no points any more."""
    with metadata.transaction():
        metadata.run_many("UPDATE purged SET points = 0 WHERE run = ?", [(run,) for run in runs])


def forget(metadata: Metadata, run: str) -> None:
    """Let a run come in again; the caller holds the transaction."""
    metadata.run("DELETE FROM purged WHERE run = ?", run)


class Purged:
    """Which runs were taken out, as one epoch asks; none is while it goes on."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata
        self._any: bool | None = None
        self._known: dict[str, bool] = {}

    def __contains__(self, run: str) -> bool:
        if self._any is None:
            self._any = self._metadata.one("SELECT 1 FROM purged") is not None
        if not self._any:
            return False
        if run not in self._known:
            found = self._metadata.one("SELECT 1 FROM purged WHERE run = ?", run)
            self._known[run] = found is not None
        return self._known[run]
