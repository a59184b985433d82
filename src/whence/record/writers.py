"""The writers of this process: one for each store."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from whence.journal import Writer, open_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["flush", "use", "writer"]

_writers: dict[Path, Writer] = {}
_makers: dict[Path, Callable[[], Writer]] = {}
_opening = threading.RLock()


def writer(store: Path) -> Writer:
    """Return this process's writer for a store; the store is made when absent.

    Raises
    ------
    NewerStore
        If a newer Whence wrote the store.
    Unwritable
        If its folder cannot be made.
    """
    # Only whole paths are ever kept, so a relative one means the folder it means now.
    found = _writers.get(store)
    return _open(store.absolute()) if found is None else found


def use(store: Path, make: Callable[[], Writer]) -> None:
    """Let records for a folder go to a writer of another kind, made at the first one."""
    _makers[store] = make


def flush(store: Path) -> None:
    """Wait until all that this process recorded in a store is on the disk, or at its server.

    Raises
    ------
    Unwritable
        If the disk reports an error.
    StoreError
        If a server does not take it.
    """
    found = _writers.get(store.absolute())
    if found is not None:
        logged = sys.modules.get("whence.record.artifacts")
        if logged is not None:  # before the records that name them
            logged.sync_blobs(store.absolute())
        found.flush()


def _open(store: Path) -> Writer:
    with _opening:
        if store not in _writers:
            make = _makers.get(store)
            _writers[store] = make() if make else Writer(open_folder(store) / "journals")
        return _writers[store]


def _renew_lock() -> None:
    """Give a forked child a lock that no thread of its parent holds."""
    global _opening  # noqa: PLW0603 - a lock cannot be taken from a thread that is not there
    _opening = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
