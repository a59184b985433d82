"""What one epoch says of datasets: what they are, what made them, which runs used them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.store import datasets
from whence.types.lineage import Ref

if TYPE_CHECKING:
    from whence.store.metadata import Statement
    from whence.types.records import DatasetSaid

__all__ = ["SaidDatasets"]


class SaidDatasets:
    """The records of datasets in one epoch: gathered, then kept with its small facts."""

    def __init__(self) -> None:
        self._records: list[DatasetSaid] = []

    def add(self, record: DatasetSaid) -> None:
        """Take a record.

        Raises
        ------
        BadInput
            If it says that the dataset was made from what cannot be.
        """
        for origin in record.made_from:
            Ref.parse(origin)
        self._records.append(record)

    def statements(self) -> list[Statement]:
        """Return what the epoch's closing transaction runs."""
        return [one for record in self._records for one in datasets.keeping(record)]
