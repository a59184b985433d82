"""Whether a look could find anything: so that a server with nothing to do does nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from whence.store.folder import StoreFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["News"]

LONGEST = 300.0
"""Seconds after which a look is worth it though nothing was written: windows end with time."""

_State = tuple[tuple[str, int, int], ...]


class News:
    """Knows what journals and database looked like at the last look.

    Parameters
    ----------
    store
        The store's folder.
    """

    def __init__(self, store: Path) -> None:
        self._path = store
        self._journals: _State = ()
        self._database: _State = ()
        self._looked: float | None = None
        self._failed = False

    def came(self) -> bool:
        """Return whether anything was written since the last look, or that look is long ago.

        Before the first look: whether the store holds anything at all.
        """
        before, self._journals = self._journals, _state(self._path.glob("journals/*"))
        failed, self._failed = self._failed, False
        if self._looked is None:
            return bool(self._journals) or self._was_folded()
        return (
            failed
            or before != self._journals
            or self._database != _state(self._path.glob("whence.db*"))
            or time.monotonic() >= self._looked + LONGEST
        )

    def looked(self) -> None:
        """Say that a look has ended; what it wrote to the database itself is no news."""
        self._database = _state(self._path.glob("whence.db*"))
        self._looked = time.monotonic()

    def again(self) -> None:
        """Say that something failed: the next look is worth it in any case."""
        self._failed = True

    def _was_folded(self) -> bool:
        store = StoreFolder(self._path)
        try:
            return (
                store.metadata.one("SELECT 1 FROM epochs UNION ALL SELECT 1 FROM fresh LIMIT 1")
                is not None
            )
        finally:
            store.metadata.close()


def _state(files: Iterable[Path]) -> _State:
    found = []
    for path in files:
        try:
            at = path.stat()
        except FileNotFoundError:  # a fold has just removed it
            continue
        found.append((path.name, at.st_size, at.st_mtime_ns))
    return tuple(sorted(found))
