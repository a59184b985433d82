"""Late labels: the truth about predictions, joined to them by id when the store folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whence.errors import BadInput, MissingColumn, NaiveTime
from whence.record.encoding import MOST_BYTES, encode, now
from whence.record.prediction import is_dicts, is_frame, unusable
from whence.record.said import check_columns, check_name, check_zone
from whence.record.values import is_naive, plain
from whence.record.writers import writer
from whence.types.records import LabelBatch, LabelRows
from whence.types.time import parse_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from whence.journal import Writer

__all__ = ["labels"]


def labels(
    store: Path,
    model: str,
    frame: Any,  # noqa: ANN401 - any library's frame
    *,
    id: str,  # noqa: A002 - the word users know
    label: str,
    time: str | None = None,
    tz: str | None = None,
) -> int:
    """Record labels that became known later and return how many.

    Parameters
    ----------
    store
        The store's folder, made when absent.
    model
        The model's name, 1 to 200 characters.
    frame
        As in `predictions`; only the named columns are recorded.
    id, label
        The columns with the prediction's id and its true value.
    time
        The column that says when each label became known; without it, now.
    tz
        The zone of times without one.

    Raises
    ------
    BadInput
        If the frame, the model, the zone or a value cannot be used.
    MissingColumn
        If a column is not there.
    NaiveTime
        If times have no zone and `tz` is not given.
    NewerStore
        If a newer Whence wrote the store.
    Unwritable
        If the store cannot be written.
    """
    check_name("model", model)
    zone = check_zone(tz)
    columns = [id, label] if time is None else [id, label, time]
    for column in columns:
        check_name("column", column)
    if isinstance(frame, dict):
        return _record_rows(writer(store), model, [frame], columns, zone)
    if is_dicts(frame):
        return _record_rows(writer(store), model, frame, columns, zone)
    if is_frame(frame):
        return _record_frame(writer(store), model, frame, columns, tz)
    raise unusable(frame)


def _record_rows(
    journal: Writer,
    model: str,
    rows: Sequence[dict[str, Any]],
    columns: list[str],
    zone: ZoneInfo | None,
) -> int:
    for row in rows:
        for column in columns:
            if column not in row:
                raise MissingColumn(column, list(row), "the row")
    name, label, *time = columns
    ids = [plain(row[name], name) for row in rows]
    truths = [plain(row[label], label) for row in rows]
    times = [_when(row[time[0]], time[0], zone) for row in rows] if time else None
    if rows:
        for payload in _encoded(LabelRows(model, now(), ids, truths, times)):
            journal.append(payload)
    return len(rows)


def _when(value: Any, column: str, zone: ZoneInfo | None) -> Any:  # noqa: ANN401 - a row's value
    if is_naive(value) and zone is None:
        raise NaiveTime(
            f"column {column!r} has the time {value}, which has no zone; give aware datetimes or "
            "tz='Europe/Berlin'"
        )
    known = plain(value, column)
    # Unlike predictions these records have no place for the zone, so text is read here.
    return parse_time(known, zone) if zone is not None and isinstance(known, str) else known


def _encoded(record: LabelRows) -> list[bytes]:
    payload = encode(record)
    if len(payload) <= MOST_BYTES:
        return [payload]
    half = len(record.ids) // 2
    if half == 0:
        raise BadInput(
            f"a label has {len(payload):,} bytes, a record holds {MOST_BYTES:,}; "
            "log a path or URL in place of large values"
        )
    return [
        piece
        for part in (slice(half), slice(half, None))
        for piece in _encoded(
            LabelRows(
                record.model,
                record.logged,
                record.ids[part],
                record.labels[part],
                None if record.times is None else record.times[part],
            )
        )
    ]


def _record_frame(
    journal: Writer,
    model: str,
    frame: Any,  # noqa: ANN401 - any library's frame
    columns: list[str],
    tz: str | None,
) -> int:
    # Programs that log dicts need no Arrow.
    from whence.record.frames import pieces, stream_of  # noqa: PLC0415 - as above
    from whence.record.schema import check_times, columns_of  # noqa: PLC0415 - as above

    zone = check_zone(tz)
    source = stream_of(frame)
    if isinstance(source, list):
        return _record_rows(journal, model, source, columns, zone)
    schema = source.get_schema()
    check_columns(columns_of(schema), columns)
    name, label, *time = columns
    check_times(schema, time[0] if time else None, tz)
    logged = now()
    recorded = 0
    for piece in pieces(source, columns):
        if isinstance(piece.data, bytes):
            record = LabelBatch(
                model, logged, piece.data, name, label, time[0] if time else None, tz
            )
            journal.append(encode(record))
        else:
            _record_rows(journal, model, piece.data, columns, zone)
        recorded += piece.rows
    return recorded
