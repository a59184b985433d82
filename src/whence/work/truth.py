"""Late labels as anyone gives them -> the columns that matching reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from whence.record.said import check_zone
from whence.store.kinds import ARROW
from whence.work.intake import read_ids, reading, split_outcome
from whence.work.set_aside import Rejected, as_they_came
from whence.work.times import Times, read_times, sift_times

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    Column: TypeAlias = pa.Array | pa.ChunkedArray | list[object]

__all__ = ["Truths", "label_table"]


class Truths(NamedTuple):
    """Late labels read: those in the columns of `INCOMING`, and those whose time is none."""

    table: pa.Table
    rejected: Sequence[Rejected]


def label_table(
    columns: Mapping[str, Column],
    *,
    id: str,  # noqa: A002 - the role's name everywhere else too
    label: str,
    time: str | None,
    zone: str | None,
    logged: pa.Array | None,
    strict: bool = True,
) -> Truths:
    """Return late labels; those without id or value are left out.

    Parameters
    ----------
    strict
        Whether a time without a zone is an error; else its label is set aside, as is one whose
        time cannot be read.

    Raises
    ------
    NaiveTime, BadInput
        If the time column cannot be read.
    """
    absent = pa.nulls(len(columns[id]), ARROW["time"])
    times = Times(absent)
    with reading("the labels"):
        check_zone(zone)
        ids = read_ids(columns[id])
        number, text = split_outcome(columns[label])
        if time is not None:
            given = columns[time], zone, time
            times = Times(read_times(*given)) if strict else sift_times(*given)
    table = pa.table(
        {
            "_id": ids,
            "_label": number,
            "_label_text": text,
            "_time": times.values,
            "_logged": absent if logged is None else logged,
        }
    )
    said = pc.and_(pc.is_valid(ids), pc.or_(pc.is_valid(number), pc.is_valid(text)))
    untimed = pa.array([False] * len(ids)) if time is None else _untimed(columns[time], times)
    at = pc.indices_nonzero(pc.and_(said, untimed)).to_pylist()
    rejected = [
        Rejected(times.why(i), row) for i, row in zip(at, as_they_came(columns, at), strict=True)
    ]
    return Truths(table.filter(pc.and_not(said, untimed)), rejected)


def _untimed(column: Column, times: Times) -> pa.Array:
    """Return which values are given and are no time."""
    if isinstance(column, list):
        given = pa.array([value is not None for value in column], pa.bool_())
    else:
        given = pc.is_valid(column)
        given = given.combine_chunks() if isinstance(given, pa.ChunkedArray) else given
    return pc.and_(given, pc.is_null(times.values))
