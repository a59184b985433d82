"""An id is unique per model and day.

The same content again is a repeat and is dropped; other content is a conflict.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.store.tables import Table

__all__ = ["Sorted", "sort_out"]

_NOT_CONTENT = frozenset({"_epoch", "_logged"})


@dataclass(frozen=True, slots=True)
class Sorted:
    """Incoming rows: those to keep, how many repeat a kept row, those that contradict one."""

    fresh: pa.Table
    repeats: int
    conflicts: pa.Table


def sort_out(incoming: pa.Table, stored: Table, epoch: int) -> Sorted:
    """Compare incoming predictions with each other and with what earlier epochs stored.

    Rows without an id are always kept. Of several rows with one id on one day the first is
    kept. Only rows whose id was met before have their content compared.
    """
    first = _first_of_each(incoming)
    repeated = first != np.arange(len(first))
    same = np.zeros(len(first), np.bool_)
    if repeated.any():
        at = np.flatnonzero(repeated)
        same[at] = _equal_rows(incoming.take(at), incoming.take(first[at]))
    known = _known(incoming, stored, epoch, skip=repeated)
    if known is not None:
        at, rows = known
        repeated[at] = True
        same[at] = _equal_rows(incoming.take(at), rows)
    if not repeated.any():
        return Sorted(incoming, 0, incoming.slice(0, 0))
    return Sorted(incoming.filter(~repeated), int(same.sum()), incoming.filter(repeated & ~same))


def _first_of_each(table: pa.Table) -> NDArray[np.intp]:
    """Return for each row the position of the first row with its id and day."""
    own = np.arange(table.num_rows)
    ids = pc.dictionary_encode(table["_id"].combine_chunks())
    if len(ids.dictionary) == len(ids) - ids.null_count:
        return own  # no id comes twice
    codes = pc.fill_null(ids.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    days = table["_day"].cast(pa.int32()).to_numpy().astype(np.int64)
    keys = days * (len(ids.dictionary) + 1) + codes
    with_id = np.flatnonzero(codes >= 0)
    _, first, inverse = np.unique(keys[with_id], return_index=True, return_inverse=True)
    own[with_id] = with_id[first[inverse]]
    return own


def _known(
    incoming: pa.Table, stored: Table, epoch: int, *, skip: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], pa.Table] | None:
    """Return the incoming rows whose id and day are stored already, and those stored rows."""
    days = set(pc.unique(incoming["_day"]).to_pylist())
    earlier = pc.field("_epoch") < epoch
    met = pc.is_in(
        incoming["_id"], stored.read(["_id"], earlier, days=days)["_id"].combine_chunks()
    )
    met = pc.and_(met, pc.is_valid(incoming["_id"])).to_numpy() & ~skip
    if not met.any():
        return None
    candidates = np.flatnonzero(met)
    rows = stored.read(
        stored.columns,  # what a stored row has and an incoming one lacks is a difference
        earlier & pc.field("_id").isin(pc.unique(incoming["_id"].take(candidates))),
        days=days,
    )
    position = {
        key: i
        for i, key in enumerate(zip(rows["_day"].to_pylist(), rows["_id"].to_pylist(), strict=True))
    }
    wanted = zip(
        incoming["_day"].take(candidates).to_pylist(),
        incoming["_id"].take(candidates).to_pylist(),
        strict=True,
    )
    found = [
        (i, position[key]) for i, key in zip(candidates, wanted, strict=True) if key in position
    ]
    if not found:
        return None
    at, where = (np.array(side) for side in zip(*found, strict=True))
    return at, rows.take(where)


def _of_the_call(table: pa.Table) -> pa.ChunkedArray:
    """Return which rows were given no time and have that of the call: it says nothing of them."""
    return pc.fill_null(pc.equal(table["_time"], table["_logged"]), False)


def _equal_rows(left: pa.Table, right: pa.Table) -> NDArray[np.bool_]:
    """Return which rows of two equally long tables hold the same content (NaN equals NaN)."""
    same = np.ones(left.num_rows, np.bool_)
    for name in {*left.column_names, *right.column_names} - _NOT_CONTENT:
        a, b = (
            table[name] if name in table.column_names else pa.nulls(table.num_rows)
            for table in (left, right)
        )
        if name == "_time":
            same &= pc.or_(
                pc.equal(a, b), pc.and_(_of_the_call(left), _of_the_call(right))
            ).to_numpy()
            continue
        both_null = pc.and_(pc.is_null(a, nan_is_null=True), pc.is_null(b, nan_is_null=True))
        equal = pc.fill_null(pc.equal(a, b), False) if a.type == b.type else False
        same &= pc.or_(both_null, equal).to_numpy(zero_copy_only=False)
    return same
