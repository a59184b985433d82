"""Which physical column holds which kind of which user column.

A name that is safe in every engine is used as it is; any other, and a second kind of the same
name, gets a made-up physical name. The map is metadata, so no user name is ever refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from whence.store.kinds import Kind
    from whence.store.metadata import Metadata

__all__ = ["ColumnEntry", "ColumnMap"]

# A leading underscore is ours; the dot is for derived columns (photo.width).
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,99}")


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """One physical column: the user's name for it, its kind, and whether `inputs` derived it."""

    name: str
    kind: Kind
    physical: str
    derived: bool
    epoch: int


class ColumnMap:
    """The columns of one model; new ones are assigned here and written with the epoch.

    Parameters
    ----------
    metadata, model
        Where the map is kept, and whose it is.
    """

    def __init__(self, metadata: Metadata, model: str) -> None:
        self._model = model
        rows = metadata.all(
            "SELECT name, kind, physical, derived, epoch FROM columns WHERE model = ?"
            " ORDER BY epoch, rowid",
            model,
        )
        self.entries = [
            ColumnEntry(name, cast("Kind", kind), physical, bool(derived), epoch)
            for name, kind, physical, derived, epoch in rows
        ]
        self._by_key = {(entry.name, entry.kind): entry for entry in self.entries}
        self._used = {entry.physical.lower() for entry in self.entries}
        self._known = len(self.entries)

    def physical(self, name: str, kind: Kind, epoch: int, *, derived: bool = False) -> str:
        """Return the physical column for this name and kind, assigning one if it is new."""
        entry = self._by_key.get((name, kind))
        if entry is None:
            entry = ColumnEntry(name, kind, self._free_name(name), derived, epoch)
            self.entries.append(entry)
            self._by_key[name, kind] = entry
            self._used.add(entry.physical.lower())
        return entry.physical

    def _free_name(self, name: str) -> str:
        # Engines differ in whether Price and price are one column, so case must not matter.
        if _SAFE.fullmatch(name) and name.lower() not in self._used:
            return name
        number = len(self.entries)
        while f"c{number}" in self._used:
            number += 1
        return f"c{number}"

    def save(self, metadata: Metadata) -> None:
        """Write what was assigned since loading; the caller holds the transaction."""
        metadata.run_many(
            "INSERT INTO columns (model, name, kind, physical, derived, epoch)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                (self._model, entry.name, entry.kind, entry.physical, entry.derived, entry.epoch)
                for entry in self.entries[self._known :]
            ],
        )
        self._known = len(self.entries)
