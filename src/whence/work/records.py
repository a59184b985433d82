"""The records of journals, handed to an epoch; rows of one shape are gathered into frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from whence.errors import BadInput
from whence.record import Unknown, decode
from whence.store.kinds import ARROW
from whence.types.records import (
    Artifact,
    Batch,
    Capture,
    DatasetSaid,
    Event,
    LabelBatch,
    LabelRows,
    Output,
    Points,
    Record,
    Reference,
    Roles,
    Rows,
    RunEnd,
    RunFacts,
    RunStart,
    Shape,
)
from whence.types.time import moment
from whence.work.artifacts import LoggedArtifacts
from whence.work.datasets import SaidDatasets
from whence.work.intake import Intake, column_from_values
from whence.work.truth import Truths, label_table

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.store.metadata import Statement
    from whence.work.epoch import Epoch

__all__ = ["Records"]

ROWS_AT_ONCE = 4096
"""Dict rows that are made into columns together: as Python's objects they take ten times the
memory, and the garbage collector would go through all of them again and again."""

_SHAPE = (
    "INSERT INTO shapes (journal, number, record) VALUES (?, ?, ?)"
    " ON CONFLICT (journal, number) DO NOTHING"
)

_OF_RUNS = (RunStart, RunFacts, Points, RunEnd, Artifact, Capture, Output, DatasetSaid)
"""Records that say something of a run."""

_Key = tuple[str, tuple[str, ...], Roles, str | None, str | None]


@dataclass(slots=True)
class _Gathered:
    """Rows of shapes that say the same, in whatever journals, and when each was logged."""

    key: _Key
    rows: list[list[Any]] = field(default_factory=list)
    logged: list[int] = field(default_factory=list)


class Records:
    """Hands each record to the epoch; rows of one shape are gathered into frames."""

    def __init__(self, store: StoreFolder, epoch: Epoch, now: int) -> None:
        self._store = store
        self._epoch = epoch
        self._now = moment(now)
        self._shapes: dict[str, dict[int, Shape]] = {}
        self._gathered: dict[_Key, _Gathered] = {}
        self._of_shape: dict[tuple[str, int], _Gathered] = {}
        self._new_shapes: list[Statement] = []
        self._artifacts = LoggedArtifacts()
        self._datasets = SaidDatasets()

    def add(self, journal: str, payload: bytes) -> None:
        """Take one record; what cannot be read goes to quarantine as it came.

        What is said of a run that was taken out for good is dropped.
        """
        record = decode(payload)
        if isinstance(record, Unknown):
            self._epoch.quarantine("", f"unreadable record: {record.reason}", record.payload)
            return
        if isinstance(record, _OF_RUNS) and record.run in self._epoch.purged:
            return
        try:
            self._dispatch(journal, record)
        except BadInput as error:
            model = getattr(record, "model", "")
            self._epoch.quarantine(model, str(error), payload)

    def _dispatch(self, journal: str, record: Record) -> None:
        match record:
            case Rows():
                self._add_rows(journal, record)
            case Shape():
                self._keep_shape(journal, record)
            case Batch():
                self._add_batch(record)
            case LabelRows() | LabelBatch():
                self._add_labels(record)
            case Event():
                self._epoch.event(record)
            case Reference():
                self._epoch.reference(record)
            case Artifact():
                self._artifacts.add(record)
            case DatasetSaid():
                self._datasets.add(record)
            case RunStart() | RunFacts() | Points() | RunEnd() | Capture() | Output():
                self._epoch.runs.add(record, journal)

    def _keep_shape(self, journal: str, shape: Shape) -> None:
        self._known_shapes(journal)[shape.number] = shape
        self._of_shape.pop((journal, shape.number), None)
        self._new_shapes.append(
            (
                _SHAPE,
                (journal, shape.number, msgspec.msgpack.encode(shape)),
            )
        )

    def _known_shapes(self, journal: str) -> dict[int, Shape]:
        known = self._shapes.get(journal)
        if known is None:
            rows = self._store.metadata.all(
                "SELECT number, record FROM shapes WHERE journal = ?", journal
            )
            known = self._shapes[journal] = {
                number: msgspec.msgpack.decode(record, type=Shape) for number, record in rows
            }
        return known

    def _add_rows(self, journal: str, record: Rows) -> None:
        gathered = self._of_shape.get((journal, record.shape))
        if gathered is None:
            gathered = self._gather(journal, record.shape)
        gathered.rows.extend(record.rows)
        gathered.logged.extend([record.logged] * len(record.rows))
        if len(gathered.rows) >= ROWS_AT_ONCE:
            self._flush(gathered)

    def _gather(self, journal: str, number: int) -> _Gathered:
        """Return where the rows of a journal's shape go."""
        shape = self._known_shapes(journal).get(number)
        if shape is None:
            raise BadInput(
                f"rows of shape {number}, whose description was lost with a damaged part "
                f"of the journal {journal}"
            )
        key = (shape.model, shape.columns, shape.roles, shape.version, shape.zone)
        gathered = self._gathered.setdefault(key, _Gathered(key))
        self._of_shape[journal, number] = gathered
        return gathered

    def _add_batch(self, record: Batch) -> None:
        table = _open(record.ipc)
        logged = pa.array([record.logged], pa.int64()).cast(ARROW["time"])
        self._epoch.predictions(
            record.model,
            Intake(
                dict(zip(table.column_names, table.columns, strict=True)),
                record.roles,
                version=record.version,
                zone=record.zone,
                logged=logged.take(pa.array([0] * table.num_rows, pa.int32())),
                now=self._now,
                strict=False,
            ),
        )

    def _add_labels(self, record: LabelRows | LabelBatch) -> None:
        truths = _labels(record)
        self._epoch.labels(record.model, truths.table)
        for one in truths.rejected:
            self._epoch.quarantine(record.model, one.reason, one.row)

    def finish(self) -> list[Statement]:
        """Hand over the gathered rows; return what is left to be said to the database."""
        for gathered in self._gathered.values():
            self._flush(gathered)
        return [*self._artifacts.statements(), *self._datasets.statements(), *self._new_shapes]

    def _flush(self, gathered: _Gathered) -> None:
        if gathered.rows:
            self._hand_over(gathered.key, gathered.rows, gathered.logged)
            gathered.rows, gathered.logged = [], []

    def _hand_over(self, key: _Key, rows: list[list[Any]], logged: list[int]) -> None:
        model, names, roles, version, zone = key
        columns = {
            name: column_from_values(values)
            for name, values in zip(names, zip(*rows, strict=True), strict=True)
        }
        times = pa.array(logged, pa.int64()).cast(ARROW["time"])
        try:
            intake = Intake(
                columns, roles, version=version, zone=zone, logged=times, now=self._now,
                strict=False,
            )  # fmt: skip
        except BadInput as error:
            if len(rows) == 1:
                self._epoch.quarantine(model, str(error), dict(zip(names, rows[0], strict=True)))
                return
            # One unreadable value must not take the rows beside it into quarantine.
            half = len(rows) // 2
            self._hand_over(key, rows[:half], logged[:half])
            self._hand_over(key, rows[half:], logged[half:])
            return
        self._epoch.predictions(model, intake)


def _open(ipc: bytes) -> pa.Table:
    try:
        return pa.ipc.open_stream(ipc).read_all()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"an Arrow frame that cannot be decoded: {error}") from error


def _labels(record: LabelRows | LabelBatch) -> Truths:
    logged = pa.array([record.logged], pa.int64()).cast(ARROW["time"])
    if isinstance(record, LabelRows):
        columns: dict[str, Any] = {"id": list(record.ids), "label": list(record.labels)}
        if record.times is not None:
            columns["time"] = column_from_values(record.times)
        id_column, label, zone = "id", "label", None
        time_column = None if record.times is None else "time"
    else:
        table = _open(record.ipc)
        columns = dict(zip(table.column_names, table.columns, strict=True))
        id_column, label, time_column, zone = record.id, record.label, record.time, record.zone
    length = len(columns[id_column])
    return label_table(
        columns,
        id=id_column,
        label=label,
        time=time_column,
        zone=zone,
        logged=logged.take(pa.array([0] * length, pa.int32())),
        strict=False,
    )
