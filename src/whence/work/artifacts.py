"""What one epoch says of artifacts: which path of which run has which content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.journal.blobs import check_digest
from whence.store.artifacts import REFER
from whence.store.places import folder_of_run
from whence.types.paths import safe_path

if TYPE_CHECKING:
    from whence.store.metadata import Statement
    from whence.types.records import Artifact

__all__ = ["LoggedArtifacts"]


class LoggedArtifacts:
    """The records of artifacts in one epoch: gathered, then kept with its small facts."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []

    def add(self, record: Artifact) -> None:
        """Take a record.

        Raises
        ------
        BadInput
            If its run or path would lie elsewhere, or its digest is none; programs that record
            have checked it, but who sends a journal may be anybody with a token.
        """
        check_digest(record.digest)
        path = safe_path(f"{folder_of_run(record.run)}/{record.path}")
        self._rows.append((path, record.digest, record.size, record.at))

    def statements(self) -> list[Statement]:
        """Return what the epoch's closing transaction runs."""
        return [(REFER, row) for row in self._rows]
