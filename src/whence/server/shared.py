"""What the requests of one server share: the store, who is told of changes, where photos lie."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whence.store.folder import StoreFolder

if TYPE_CHECKING:
    from pathlib import Path

    from whence.server.artifact_root import ArtifactRoot
    from whence.server.live import Live
    from whence.server.schedule import Schedule
    from whence.server.teller import Teller

__all__ = ["Shared"]


@dataclass
class Shared:
    """One server's store and helpers.

    Parameters
    ----------
    path
        The store's folder.
    roots
        The folders below which photos may be shown.
    live
        Tells the open pages what changed.
    schedule
        Watches the models, and makes verdicts that are asked for.
    teller
        Tells people what is due.
    artifact_root
        Below which new experiments have their artifacts; None for the store.
    """

    path: Path
    roots: tuple[Path, ...]
    live: Live
    schedule: Schedule
    teller: Teller
    artifact_root: ArtifactRoot | None = None
    _opened: threading.local = field(default_factory=threading.local)

    @property
    def store(self) -> StoreFolder:
        """The store as this thread has it open: a connection belongs to one thread."""
        found = getattr(self._opened, "store", None)
        if not isinstance(found, StoreFolder):
            found = self._opened.store = StoreFolder(self.path)
        return found
