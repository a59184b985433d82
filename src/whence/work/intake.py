"""Predictions as anyone logs them -> rows as the store keeps them.

A whole frame that cannot be read raises `BadInput`: an import stops with it, a fold puts the
frame into quarantine. A single row that cannot be placed in time is set aside with its reason.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from whence.errors import BadInput, MissingColumn, NaiveTime
from whence.store.kinds import ARROW, as_text, kinds_of_array, kinds_of_values
from whence.types.time import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from whence.store.columns import ColumnMap
    from whence.store.kinds import Kind
    from whence.types.records import Roles

__all__ = [
    "Intake",
    "Rejected",
    "column_from_values",
    "read_ids",
    "read_times",
    "reading",
    "split_outcome",
]

_TIME = ARROW["time"]
TOLERATED_FUTURE = timedelta(days=1)
"""Clocks differ; a time further ahead than this is a mistake and would open empty windows."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be stored, as it came, and why."""

    reason: str
    row: dict[str, Any]


def column_from_values(values: Sequence[Any]) -> pa.Array | list[Any]:
    """Return Python values as one Arrow array where they are of one kind, else as a list."""
    kinds = kinds_of_values(values)
    if len(kinds) == 1 and "json" not in kinds:
        return next(iter(kinds.values()))
    return pa.nulls(len(values)) if not kinds else list(values)


def read_times(
    column: pa.Array | pa.ChunkedArray | list[Any], zone: str | None, name: str
) -> pa.Array:
    """Return a time column as UTC timestamps, null where a value is no time.

    Raises
    ------
    NaiveTime
        If a time has no zone and `zone` is None.
    BadInput
        If the column holds numbers, which could be seconds or anything else.
    """
    if isinstance(column, list):
        return pa.array([_read_time(value, zone) for value in column], _TIME)
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    of, types = array.type, pa.types
    if types.is_timestamp(of) and of.tz is not None:
        return array.cast(_TIME, safe=False)
    if types.is_timestamp(of):
        if zone is None:
            raise NaiveTime(
                f"the times in column {name!r} have no zone; say which with --tz (tz=), "
                "for example --tz UTC"
            )
        local = array.cast(pa.timestamp("us"), safe=False)
        return pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest").cast(
            _TIME
        )
    if types.is_date(of):
        midnight = array.cast(pa.timestamp("us"))
        return pc.assume_timezone(midnight, zone or "UTC", nonexistent="latest").cast(_TIME)
    if types.is_null(of):
        return pa.nulls(len(array), _TIME)
    if types.is_string(of) or types.is_large_string(of) or types.is_string_view(of):
        return _read_texts(array, zone)
    raise BadInput(
        f"column {name!r} holds {of}, which is not a time; "
        "convert it to timestamps with a zone (seconds since 1970 are ambiguous)"
    )


def _read_texts(array: pa.Array, zone: str | None) -> pa.Array:
    texts = pc.dictionary_encode(array.cast(pa.string()))
    times = pa.array([_read_time(text, zone) for text in texts.dictionary.to_pylist()], _TIME)
    return times.take(texts.indices)


def _read_time(value: object, zone: str | None) -> datetime | None:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, (str, datetime)):
        return None
    text = value if isinstance(value, str) else value.isoformat()
    try:
        return parse_time(text, ZoneInfo(zone) if zone else None)
    except NaiveTime:
        raise
    except (BadInput, OverflowError):
        return None


def read_ids(column: pa.Array | pa.ChunkedArray | list[Any]) -> pa.Array:
    """Return an id column as text; integral numbers are written without a point."""
    kinds = kinds_of_values(column) if isinstance(column, list) else kinds_of_array(column)
    texts = [as_text(kind, array) for kind, array in kinds.items()]
    return pc.coalesce(*texts) if texts else pa.nulls(len(column), pa.string())


def split_outcome(
    column: pa.Array | pa.ChunkedArray | list[Any],
) -> tuple[pa.Array, pa.Array]:
    """Return a prediction or label column as (number, text); booleans are the numbers 0 and 1."""
    kinds = kinds_of_values(column) if isinstance(column, list) else kinds_of_array(column)
    length = len(column)
    number, text = pa.nulls(length, pa.float64()), pa.nulls(length, pa.string())
    for kind, array in kinds.items():
        if kind in {"number", "bool"}:
            number = pc.coalesce(array.cast(pa.float64()), number)
        else:
            text = pc.coalesce(as_text(kind, array), text)
    # NaN is a missing outcome, not a class.
    return pc.if_else(pc.is_nan(number), None, number), text


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn what a library says of values it cannot read into `BadInput` that names the frame."""
    try:
        yield
    except BadInput:
        raise
    except (pa.ArrowException, OverflowError, ValueError) as error:
        raise BadInput(
            f"{where} holds a value that cannot be read: {str(error).splitlines()[0]}; "
            "correct it or leave its column out"
        ) from error


class Intake:
    """One frame of predictions, read; what can go wrong with it goes wrong here.

    Parameters
    ----------
    columns
        Column name -> Arrow array, or a list of Python values of mixed kinds.
    roles, version, zone
        As recorded with the frame.
    logged
        When each row was logged, or None for a file.
    now
        The time of this epoch: rows later than it (and a day) are rejected.
    where
        What to call the frame in an error.

    Raises
    ------
    MissingColumn, NaiveTime, BadInput
        If the frame cannot be read as the roles say.
    """

    def __init__(
        self,
        columns: dict[str, Any],
        roles: Roles,
        *,
        version: str | None,
        zone: str | None,
        logged: pa.Array | None,
        now: datetime,
        where: str = "the frame",
    ) -> None:
        for name in (roles.id, roles.time, roles.prediction, roles.proba, roles.label,
                     roles.images, roles.version):  # fmt: skip
            if name is not None and name not in columns:
                raise MissingColumn(name, list(columns), where)
        self.length = len(next(iter(columns.values()))) if columns else 0
        self._roles = roles
        self._columns = columns
        self._now = now
        self._logged = pa.nulls(self.length, _TIME) if logged is None else logged
        self._times = self._logged
        with reading(where):
            if roles.time is not None:
                self._times = read_times(columns[roles.time], zone, roles.time)
            self._fixed = self._read_fixed(version)
            self._features = self._read_features()

    def _read_fixed(self, version: str | None) -> dict[str, pa.Array]:
        role = self._roles
        number, text = split_outcome(self._column(role.prediction))
        label, label_text = split_outcome(self._column(role.label))
        versions = read_ids(self._column(role.version))
        return {
            "_time": self._times,
            "_id": read_ids(self._column(role.id)),
            "_prediction": number,
            "_prediction_text": text,
            "_proba": self._read_proba(),
            "_label": label,
            "_label_text": label_text,
            "_version": versions if version is None else pc.fill_null(versions, version),
            "_logged": self._logged,
            "_day": self._times.cast(pa.date32()),
        }

    def _column(self, name: str | None) -> pa.Array | pa.ChunkedArray | list[Any]:
        return pa.nulls(self.length) if name is None else self._columns[name]

    def _read_proba(self) -> pa.Array:
        number, text = split_outcome(self._column(self._roles.proba))
        if text.null_count < self.length:
            example = pc.drop_null(text)[0].as_py()
            raise BadInput(
                f"column {self._roles.proba!r} should hold probabilities and holds {example!r}; "
                "give one number per row: P(label = 1), or the probability of the predicted class"
            )
        wrong = pc.or_(pc.less(number, 0.0), pc.greater(number, 1.0))
        if pc.any(wrong).as_py():
            example = number.filter(pc.fill_null(wrong, False))[0].as_py()
            raise BadInput(
                f"column {self._roles.proba!r} should hold probabilities and holds {example:g}; "
                "give numbers from 0 to 1"
            )
        return number

    def _read_features(self) -> dict[tuple[str, Kind], pa.Array]:
        role = self._roles
        taken = {role.id, role.time, role.prediction, role.proba, role.label, role.version}
        found = {}
        for name, column in self._columns.items():
            if name in taken:
                continue
            mixed = isinstance(column, list)
            by_kind = kinds_of_values(column) if mixed else kinds_of_array(column)
            for kind, array in by_kind.items():
                found[name, kind] = array
        return found

    def paths(self) -> list[str | None] | None:
        """Return the raw inputs' paths, or None when no column holds any."""
        if self._roles.images is None:
            return None
        _, text = split_outcome(self._columns[self._roles.images])
        return text.to_pylist()  # type: ignore[no-any-return] # pyarrow is untyped

    def table(
        self,
        epoch: int,
        columns: ColumnMap,
        derive: Callable[[list[str | None]], dict[str, list[Any]]],
    ) -> tuple[pa.Table, list[Rejected]]:
        """Return the rows as the store keeps them, and those that cannot be placed in time."""
        arrays = {"_epoch": pa.array([epoch] * self.length, pa.int64()), **self._fixed}
        for (name, kind), array in self._features.items():
            arrays[columns.physical(name, kind, epoch)] = array
        paths = self.paths()
        if paths is not None:
            for fact, values in derive(paths).items():
                name = f"{self._roles.images}.{fact}"
                if name in self._columns:
                    name = f"{name} (derived)"
                for kind, array in kinds_of_values(values).items():
                    arrays[columns.physical(name, kind, epoch, derived=True)] = array
        return self._set_aside(pa.table(arrays))

    def rows(self) -> list[dict[str, Any]]:
        """Return the frame as it came, a dict a row."""
        columns = {
            name: column if isinstance(column, list) else column.to_pylist()
            for name, column in self._columns.items()
        }
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]

    def _set_aside(self, table: pa.Table) -> tuple[pa.Table, list[Rejected]]:
        latest = pa.scalar((self._now + TOLERATED_FUTURE).astimezone(UTC), _TIME)
        timeless = pc.is_null(self._times)
        future = pc.fill_null(pc.greater(self._times, latest), False)
        bad = pc.or_(timeless, future)
        if not pc.any(bad).as_py():
            return table, []
        rows = self.rows()
        rejected = [
            Rejected(
                "time lies in the future" if future[i].as_py() else "no readable time", rows[i]
            )
            for i in pc.indices_nonzero(bad).to_pylist()
        ]
        return table.filter(pc.invert(bad)), rejected
