"""A run read back from a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pyarrow as pa

    from whence.types.runs import RunRow, Status

__all__ = ["StoredRun"]


class StoredRun:
    """What a store has of one run, as it stood when it was asked for.

    Attributes
    ----------
    id, project, name, parent
        As its program said.
    status
        ``"running"``, ``"finished"``, ``"failed"``; ``"killed"`` if its process is gone without
        a word; ``"unknown"`` if it runs, or ran, where nobody here can tell.
    started, ended
        When; `ended` of a killed run is the time of its last record.
    params, tags
        What it was given.
    metrics
        The last value of each metric.
    """

    id: str
    project: str
    name: str
    parent: str | None
    status: Status
    started: datetime
    ended: datetime | None
    params: dict[str, Any]
    tags: dict[str, str]
    metrics: dict[str, float]

    def __init__(self, store: Path, row: RunRow) -> None:
        self._store = store
        for name in row.__struct_fields__:
            setattr(self, name, getattr(row, name))

    def __repr__(self) -> str:
        return f"StoredRun({self.id!r}, {self.status})"

    def metric(self, key: str) -> pa.Table:
        """Return all points of one metric, by step and time, as of now.

        Returns
        -------
        pyarrow.Table
            Columns ``step`` (int64), ``time`` (UTC) and ``value`` (float64).

        Raises
        ------
        NotFound
            If the run has no such metric; the message names those it has.
        """
        from whence.api.jobs import metric  # noqa: PLC0415 - needs the extra `app`

        return metric(self._store, self.id, key)
