"""One store: a folder with journals, a database and tables.

::

    .whence/
      whence.json       the format of the folder
      journals/         what processes recorded and no fold has taken yet
      whence.db         small facts (SQLite)
      fold.lock         held by the process that folds
      tables/<model>/   predictions/ and labels/, Delta tables that any engine reads
      points/           the points of runs, one Delta table
      artifacts/        the contents of artifacts, by digest
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from typing import TYPE_CHECKING

from whence.errors import BadInput, NotFound
from whence.journal.format import find_folder, open_folder
from whence.ship.spool import refuse_spool
from whence.store.columns import ColumnMap
from whence.store.lease import Lease
from whence.store.metadata import Metadata

if TYPE_CHECKING:
    from pathlib import Path

    from whence.store.tables import Table

__all__ = ["StoreFolder"]


class StoreFolder:
    """An open store.

    Parameters
    ----------
    path
        The folder; made when absent.
    reading
        Whether nothing will be changed: then nothing is made, and a store that cannot be written
        can be read.

    Raises
    ------
    BadInput
        If its path holds a percent sign, or it is the spool for a server.
    NewerStore
        If a newer Whence wrote it.
    NotFound
        If there is none, and it is to be read.
    Unwritable
        If it cannot be written.
    """

    def __init__(self, path: Path, *, reading: bool = False) -> None:
        if "%" in str(path):
            raise BadInput(
                f"the store's path {path} holds a %, which the library of the tables takes for "
                "the escape of a URL; choose a path without"
            )
        refuse_spool(path)
        self.path = find_folder(path) if reading else open_folder(path)
        self._reading = reading

    @property
    def journals(self) -> Path:
        """The folder of journals."""
        return self.path / "journals"

    @cached_property
    def metadata(self) -> Metadata:
        """The database, opened at first use."""
        return Metadata(self.path / "whence.db", reading=self._reading)

    def lease(self) -> Lease:
        """Return the lock that one folding process at a time holds."""
        return Lease(self.path / "fold.lock")

    def models(self) -> list[str]:
        """Return the names of all models that have predictions, in order."""
        return [name for (name,) in self.metadata.all("SELECT name FROM models ORDER BY name")]

    def require(self, model: str) -> None:
        """Do nothing if the model is known.

        Raises
        ------
        NotFound
            If it has no predictions here; the message names those that have.
        """
        known = self.models()
        if model not in known:
            has = f"it has {', '.join(map(repr, known))}" if known else "it is empty"
            (aside,) = self.metadata.one(
                "SELECT COUNT(*) FROM quarantine WHERE model = ?", model
            ) or (0,)
            if aside:
                raise NotFound(
                    f"the store {self.path} has no predictions of model {model!r} ({has}), but "
                    f"{aside:,} records of it in quarantine; whence doctor says why"
                )
            raise NotFound(
                f"the store {self.path} has no predictions of model {model!r} ({has}); "
                "log some, or import a file: whence import preds.parquet --model ... --time ..."
            )

    def enrol(self, model: str) -> None:
        """Make a model known; the caller holds the transaction."""
        self.metadata.run(
            "INSERT INTO models (name, folder) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
            model,
            _folder_name(model),
        )

    def predictions(self, model: str) -> Table:
        """Open a model's predictions as they stand now."""
        from whence.store.tables import PREDICTIONS, Table  # noqa: PLC0415 - as said below

        return Table(self._folder(model) / "predictions", PREDICTIONS)

    def labels(self, model: str) -> Table:
        """Open a model's late labels as they stand now."""
        # The libraries of the tables take half a second to load; a server answers before.
        from whence.store.tables import LABELS, Table  # noqa: PLC0415

        return Table(self._folder(model) / "labels", LABELS)

    def points(self) -> Table:
        """Open the points of all runs as they stand now."""
        from whence.store.tables import POINTS, Table  # noqa: PLC0415 - as said above

        return Table(self.path / "points", POINTS)

    def columns(self, model: str) -> ColumnMap:
        """Return the map from the user's columns to physical ones."""
        return ColumnMap(self.metadata, model)

    def _folder(self, model: str) -> Path:
        return self.path / "tables" / _folder_name(model)


def _folder_name(model: str) -> str:
    # Case-insensitive file systems would merge Fraud and fraud, so any doubt earns a digest.
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", model):
        return model
    plain = re.sub(r"[^a-z0-9_-]+", "-", model.lower())[:40].strip("-")
    return f"{plain}.{hashlib.sha256(model.encode(errors='surrogatepass')).hexdigest()[:12]}"
