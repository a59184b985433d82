"""Runs whose process is gone without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.journal.reader import alive
from whence.journal.writer import SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from whence.store.folder import StoreFolder

__all__ = ["mark_killed", "status_of_writer"]


def mark_killed(store: StoreFolder) -> None:
    """Find out which runs have lost their process; the caller holds the lease.

    Who can lock a process's journal knows that the process is gone.
    """
    # Behind a run that was begun over HTTP stands no journal: it is as its client says.
    still = store.metadata.all(
        "SELECT id, status, journal, seen FROM runs WHERE status IN ('running', 'unknown')"
        " AND journal IS NOT NULL"
    )
    for run, status, journal, seen in still:
        found = status_of_writer(store.journals, journal)
        if found == status:
            continue
        store.metadata.run(
            "UPDATE runs SET status = ?, ended = ? WHERE id = ? AND status = ?",
            *(found, seen if found == "killed" else None, run, status),
        )


def status_of_writer(folder: Path, journal: str) -> str:
    """Return how a run stands of which its program has not said how it ended.

    Parameters
    ----------
    folder
        Where the journals are.
    journal
        What the names of all journals of the run's process begin with; ``""`` if none is known.
    """
    files = sorted(folder.glob(f"{journal}-*{SUFFIX}")) if journal else []
    if not files:
        return "killed"  # folded journals go an hour after their process
    return {True: "running", False: "killed", None: "unknown"}[alive(files[-1])]
