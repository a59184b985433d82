"""Journals into tables: what programs recorded becomes what readers read.

A fold takes whole frames only and writes down how far it will go before it goes there, so a
fold that is killed is finished by the next one, and no record is taken twice.
"""

from __future__ import annotations

import gc
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from whence.errors import BadInput
from whence.journal.reader import Reading, alive, journals, read
from whence.record import Unknown, decode
from whence.store import fresh
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
from whence.work.compact import compact_due
from whence.work.curves import keep_curves
from whence.work.datasets import SaidDatasets
from whence.work.epoch import Epoch, begin, planned
from whence.work.forget import finish
from whence.work.imports import ImportPlan, resume
from whence.work.intake import Intake, column_from_values
from whence.work.killed import mark_killed
from whence.work.telling import Tell, silent
from whence.work.truth import Truths, label_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from whence.store.folder import StoreFolder

__all__ = ["FoldPlan", "fold"]

MOST_BYTES = 128 * 2**20
"""About how much journal one epoch takes, so that memory does not grow with the backlog."""

ROWS_AT_ONCE = 4096
"""Dict rows that are made into columns together: as Python's objects they take ten times the
memory, and the garbage collector would go through all of them again and again."""

KEPT_FOR = 3_600_000_000
"""Microseconds a folded journal of a dead process stays: readers may still hold its name."""

_PROGRESS = (
    "INSERT INTO journals (name, folded, skipped, at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET folded = excluded.folded,"
    " skipped = journals.skipped + excluded.skipped, at = excluded.at"
)
_SHAPE = (
    "INSERT INTO shapes (journal, number, record) VALUES (?, ?, ?)"
    " ON CONFLICT (journal, number) DO NOTHING"
)


class FoldPlan(msgspec.Struct, frozen=True, tag="fold"):
    """What an epoch takes: bytes of journals (file name, from, to), and waiting points.

    `fresh` is the number of the last of the points in the database that it takes; 0 for none.
    """

    ranges: list[tuple[str, int, int]]
    fresh: int = 0


def fold(store: StoreFolder, *, tell: Tell = silent) -> Counter[tuple[str, str]]:
    """Take all that was recorded into the tables; the caller holds the lease.

    Parameters
    ----------
    tell
        Called as it goes on: see `whence.work.telling`.

    Returns
    -------
    Counter
        (model, what) -> how many: see `Epoch.counts`.
    """
    with _collector_paused():
        return _fold(store, tell)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among millions of rows, where there are none."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _fold(store: StoreFolder, tell: Tell) -> Counter[tuple[str, str]]:
    finish(store)
    counts: Counter[tuple[str, str]] = Counter()
    for number, plan, made in planned(store.metadata):
        decoded = msgspec.msgpack.decode(plan, type=FoldPlan | ImportPlan)
        if isinstance(decoded, ImportPlan):
            resume(store, number, decoded, made)
        else:
            counts += _apply(store, number, _again(store, decoded), decoded.fresh, made)
    taken, waiting = 0, _waiting(store)
    # Each journal once, and points up to the last of now: those who go on recording must not keep
    # a fold from its end.
    queue, newest = deque(journals(store.journals)), fresh.newest(store.metadata)
    while True:
        takings, points = _gather(store, queue), fresh.last(store.metadata, newest)
        if not takings and not points:
            break
        tell("folding", min(taken / waiting, 1.0))
        now = time.time_ns() // 1000
        ranges = [(taking.path.name, taking.start, taking.end) for taking in takings]
        number = begin(store, msgspec.msgpack.encode(FoldPlan(ranges, points)), now)
        counts += _apply(store, number, takings, points, now)
        taken += sum(taking.end - taking.start for taking in takings)
    if taken:
        tell("folding", 1.0)
    mark_killed(store)
    keep_curves(store)
    _remove_folded(store)
    compact_due(store)
    return counts


@dataclass(slots=True)
class _Taking:
    """The frames of one journal that an epoch takes."""

    path: Path
    start: int
    end: int
    skipped: int
    payloads: Sequence[bytes] = field(default_factory=list)


def _waiting(store: StoreFolder) -> int:
    """Return how many bytes of journals no fold has taken yet; at least 1."""
    done = dict(store.metadata.all("SELECT name, folded FROM journals"))
    paths = journals(store.journals)
    sizes = (path.stat().st_size - int(done.get(path.name, 0)) for path in paths)
    return max(1, sum(sizes))


def _gather(store: StoreFolder, queue: deque[Path]) -> list[_Taking]:
    """Take what is new in journals at the head of a queue, until it is enough for an epoch."""
    done = dict(store.metadata.all("SELECT name, folded FROM journals"))
    takings: list[_Taking] = []
    size = 0
    while queue and size < MOST_BYTES:
        path = queue.popleft()
        start = done.get(path.name, 0)
        if path.stat().st_size <= start:
            continue
        taking = _take(path, start, read(path, start))
        if taking.end > start:
            takings.append(taking)
            size += taking.end - start
    return takings


def _again(store: StoreFolder, plan: FoldPlan) -> list[_Taking]:
    return [
        _take(store.journals / name, start, read(store.journals / name, start, end))
        for name, start, end in plan.ranges
    ]


def _take(path: Path, start: int, reading: Reading) -> _Taking:
    payloads = reading.payloads()
    skipped = sum(gap.end - gap.start for gap in reading.gaps)
    return _Taking(path, start, reading.end, skipped, payloads)


def _apply(
    store: StoreFolder, number: int, takings: list[_Taking], points: int, now: int
) -> Counter[tuple[str, str]]:
    epoch = Epoch(store, number)
    records = _Records(store, epoch, now)
    finish: list[tuple[str, tuple[object, ...]]] = []
    if points:
        epoch.runs.add_points(fresh.until(store.metadata, points))
        finish.append(fresh.removal(points))
    for taking in takings:
        journal = taking.path.name
        for payload in epoch.runs.take_points(taking.payloads):
            records.add(journal, payload)
        finish.append(
            (
                _PROGRESS,
                (taking.path.name, taking.end, taking.skipped, now),
            )
        )
    records.finish()
    finish += records.artifacts.statements() + records.datasets.statements()
    epoch.apply(finish + records.shapes_to_keep)
    return epoch.counts


_Key = tuple[str, tuple[str, ...], Roles, str | None, str | None]


@dataclass(slots=True)
class _Gathered:
    """Rows of shapes that say the same, in whatever journals, and when each was logged."""

    key: _Key
    rows: list[list[Any]] = field(default_factory=list)
    logged: list[int] = field(default_factory=list)


class _Records:
    """Hands each record to the epoch; rows of one shape are gathered into frames."""

    def __init__(self, store: StoreFolder, epoch: Epoch, now: int) -> None:
        self._store = store
        self._epoch = epoch
        self._now = moment(now)
        self._shapes: dict[str, dict[int, Shape]] = {}
        self._gathered: dict[_Key, _Gathered] = {}
        self._of_shape: dict[tuple[str, int], _Gathered] = {}
        self.shapes_to_keep: list[tuple[str, tuple[object, ...]]] = []
        self.artifacts = LoggedArtifacts()
        self.datasets = SaidDatasets()

    def add(self, journal: str, payload: bytes) -> None:
        """Take one record; what cannot be read goes to quarantine as it came."""
        record = decode(payload)
        if isinstance(record, Unknown):
            self._epoch.quarantine("", f"unreadable record: {record.reason}", record.payload)
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
                self.artifacts.add(record)
            case DatasetSaid():
                self.datasets.add(record)
            case RunStart() | RunFacts() | Points() | RunEnd() | Capture() | Output():
                self._epoch.runs.add(record, journal)

    def _keep_shape(self, journal: str, shape: Shape) -> None:
        self._known_shapes(journal)[shape.number] = shape
        self._of_shape.pop((journal, shape.number), None)
        self.shapes_to_keep.append(
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

    def finish(self) -> None:
        """Hand over the gathered rows."""
        for gathered in self._gathered.values():
            self._flush(gathered)

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


def _remove_folded(store: StoreFolder) -> None:
    """Delete journals that were taken whole a while ago and whose process is dead."""
    before = time.time_ns() // 1000 - KEPT_FOR
    old = store.metadata.all("SELECT name, folded FROM journals WHERE at < ?", before)
    for name, folded in old:
        path = store.journals / name
        if not path.exists():
            store.metadata.run("DELETE FROM journals WHERE name = ?", name)
            store.metadata.run("DELETE FROM shapes WHERE journal = ?", name)
        elif path.stat().st_size == folded and alive(path) is False:
            path.unlink()
