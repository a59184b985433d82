"""Predictions as anyone logs them -> rows as the store keeps them.

A whole frame that cannot be read raises `BadInput`: an import stops with it, a fold puts the
frame into quarantine. A single row that cannot be placed in time is set aside with its reason.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from whence.errors import BadInput, MissingColumn
from whence.record.said import check_zone
from whence.store.kinds import ARROW, as_text, kinds_of_array, kinds_of_values
from whence.work.set_aside import Rejected, as_they_came
from whence.work.times import Times, read_times, sift_times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from whence.store.columns import ColumnMap
    from whence.store.kinds import Kind
    from whence.types.records import Roles

__all__ = [
    "Intake",
    "column_from_values",
    "read_ids",
    "reading",
    "split_outcome",
]

_TIME = ARROW["time"]
TOLERATED_FUTURE = timedelta(days=1)
"""Clocks differ; a time further ahead than this is a mistake and would open empty windows."""

FUTURE = "time lies in the future"

ROUNDING = 1e-6
"""A softmax in 32 bits ends a few of its epsilons (1.2e-7) beyond 1; that is no mistake."""


def column_from_values(values: Sequence[Any]) -> pa.Array | list[Any]:
    """Return Python values as one Arrow array where they are of one kind, else as a list."""
    kinds = kinds_of_values(values)
    if len(kinds) == 1 and "json" not in kinds:
        return next(iter(kinds.values()))
    return pa.nulls(len(values)) if not kinds else list(values)


def read_ids(column: pa.Array | pa.ChunkedArray | list[Any]) -> pa.Array:
    """Return an id column as text; integral numbers are written without a point.

    NaN and empty text are no id, as an empty cell of a file is none.
    """
    if not isinstance(column, list) and pa.types.is_decimal(column.type) and not column.type.scale:
        texts = [column.cast(pa.string())]  # a float64 would make one id of many
    else:
        kinds = kinds_of_values(column) if isinstance(column, list) else kinds_of_array(column)
        texts = [as_text(kind, _without_nan(kind, array)) for kind, array in kinds.items()]
    ids = pc.coalesce(*texts) if texts else pa.nulls(len(column), pa.string())
    ids = ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids
    return pc.if_else(pc.equal(ids, ""), None, ids)


def _without_nan(kind: Kind, array: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_nan(array), None, array) if kind == "number" else array


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
    strict
        Whether a time without a zone or a probability outside [0, 1] is an error, because a file
        can be corrected; else its row is set aside, because what was logged was acknowledged.

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
        strict: bool = True,
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
        self._strict = strict
        self._timed = Times(self._logged)
        self._improbable = pa.nulls(self.length, pa.bool_())
        with reading(where):
            check_zone(zone)
            if roles.time is not None:
                given = columns[roles.time], zone, roles.time
                self._timed = Times(read_times(*given)) if strict else sift_times(*given)
            self._fixed = self._read_fixed(version)
            self._features = self._read_features()

    def _read_fixed(self, version: str | None) -> dict[str, pa.Array]:
        role = self._roles
        number, text = split_outcome(self._column(role.prediction))
        label, label_text = split_outcome(self._column(role.label))
        versions = read_ids(self._column(role.version))
        return {
            "_time": self._timed.values,
            "_id": read_ids(self._column(role.id)),
            "_prediction": number,
            "_prediction_text": text,
            "_proba": self._read_proba(),
            "_label": label,
            "_label_text": label_text,
            "_version": versions if version is None else pc.fill_null(versions, version),
            "_logged": self._logged,
            "_day": self._timed.values.cast(pa.date32()),
        }

    def _column(self, name: str | None) -> pa.Array | pa.ChunkedArray | list[Any]:
        return pa.nulls(self.length) if name is None else self._columns[name]

    def _read_proba(self) -> pa.Array:
        number, text = split_outcome(self._column(self._roles.proba))
        outside = pc.or_(pc.less(number, -ROUNDING), pc.greater(number, 1.0 + ROUNDING))
        wrong = pc.or_(pc.fill_null(outside, False), pc.is_valid(text))
        if pc.any(wrong).as_py():
            if self._strict:
                at = pc.indices_nonzero(wrong)[0].as_py()
                value = number[at].as_py() if text[at].as_py() is None else text[at].as_py()
                raise BadInput(
                    f"column {self._roles.proba!r} should hold probabilities and holds {value!r}; "
                    "give one number from 0 to 1 a row: P(label = 1), or the probability of the "
                    "predicted class"
                )
            self._improbable = wrong
        return pc.min_element_wise(pc.max_element_wise(number, 0.0, skip_nulls=False), 1.0,
                                   skip_nulls=False)  # fmt: skip

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

    def _set_aside(self, table: pa.Table) -> tuple[pa.Table, list[Rejected]]:
        times = self._timed.values
        latest = pa.scalar((self._now + TOLERATED_FUTURE).astimezone(UTC), _TIME)
        future = pc.fill_null(pc.greater(times, latest), False)
        improbable = pc.fill_null(self._improbable, False)
        bad = pc.or_(pc.or_(pc.is_null(times), future), improbable)
        if not pc.any(bad).as_py():
            return table, []
        at = pc.indices_nonzero(bad).to_pylist()
        rejected = [
            Rejected(self._reason(i, future=future[i].as_py()), row)
            for i, row in zip(at, as_they_came(self._columns, at), strict=True)
        ]
        return table.filter(pc.invert(bad)), rejected

    def _reason(self, i: int, *, future: bool) -> str:
        if future:
            return FUTURE
        if self._timed.values[i].is_valid:
            return f"column {self._roles.proba!r} holds no probability, a number from 0 to 1"
        return self._timed.why(i)
