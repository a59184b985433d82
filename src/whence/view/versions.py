"""When each version of a model was first seen; of rows that were read before nothing is read again.

Every page of a model tells it, so reading all rows each time would be most of what a page costs.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from whence.store.history import History

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from whence.store.folder import StoreFolder

__all__ = ["first_seen"]


class _Known(NamedTuple):
    """What the rows up to an epoch say, and how many they were."""

    epoch: int
    rows: int
    first: dict[str, datetime]


_NOTHING = _Known(0, 0, {})

_known: dict[tuple[Path, str], _Known] = {}
_reading: dict[tuple[Path, str], threading.Lock] = {}


def first_seen(store: StoreFolder, model: str) -> dict[str, datetime]:
    """Return when each version was first seen, by its name; empty where none was logged."""
    which = (store.path, model)
    with _reading.setdefault(which, threading.Lock()):
        history = History(store, model)
        epoch, _ = history.epochs
        known = _known.get(which, _NOTHING)
        if known.epoch > epoch or known.rows != history.rows_until(known.epoch):
            known = _NOTHING  # rows were forgotten, or merged into one file with later ones
        if known.epoch < epoch:
            first = dict(known.first)
            for version, at in history.versions_since(known.epoch).items():
                first[version] = min(at, first.get(version, at))
            known = _known[which] = _Known(epoch, history.rows_until(epoch), first)
        return known.first
