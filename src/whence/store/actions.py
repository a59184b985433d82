"""What people say of incidents: kept for good, in the order in which it was said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from whence.types.pages import Action
from whence.types.time import moment

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.types.pages import NewAction

__all__ = ["actions", "add"]


def add(store: StoreFolder, model: str, incident: str, said: NewAction) -> None:
    """Write what a person says of an incident now, in a transaction of its own."""
    with store.metadata.transaction():
        store.metadata.run(
            "INSERT INTO actions (model, incident, at, kind, text, by) VALUES (?, ?, ?, ?, ?, ?)",
            model,
            incident,
            time.time_ns() // 1000,
            said.kind,
            said.text,
            said.by,
        )


def actions(store: StoreFolder, model: str, incident: str) -> list[Action]:
    """Return all that was said of an incident, the oldest first."""
    rows = store.metadata.all(
        "SELECT kind, text, by, at FROM actions WHERE model = ? AND incident = ?"
        " ORDER BY at, rowid",
        model,
        incident,
    )
    return [Action(kind=kind, text=text, by=by, at=moment(at)) for kind, text, by, at in rows]
