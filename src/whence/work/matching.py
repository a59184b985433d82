"""Late labels find their predictions: newest day first, until all are found.

A label whose prediction is not here yet waits in `pending` and is tried again with every
epoch that brings predictions, so labels may come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from whence.store.kinds import ARROW
from whence.store.outcomes import identity
from whence.store.tables import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

    from whence.store.tables import Table

    Mask = NDArray[np.bool_]

__all__ = ["INCOMING", "Matched", "match"]

INCOMING = pa.schema(
    [
        ("_id", pa.string()),
        ("_label", pa.float64()),
        ("_label_text", pa.string()),
        ("_time", ARROW["time"]),
        ("_logged", ARROW["time"]),
    ]
)
"""Labels as they come: `_time` if the caller said when each became known, `_logged` if live."""

LIVE = 86_400.0
"""Seconds within which a prediction is logged when its model is really running."""

_SIDE = ["_id", "_day", "_time", "_logged", "_label", "_label_text"]


@dataclass(frozen=True, slots=True)
class Matched:
    """What became of incoming labels.

    Attributes
    ----------
    rows
        New labels and new values, in the labels table's columns.
    repeats
        How many said what was already known.
    superseded
        Earlier labels of this batch that a later one of the same id replaced.
    pending
        Labels whose prediction is unknown so far, as they came.
    """

    rows: pa.Table
    repeats: int
    superseded: pa.Table
    pending: pa.Table


def match(incoming: pa.Table, predictions: Table, labels: Table, epoch: int) -> Matched:
    """Match labels (columns `INCOMING`, oldest first) to predictions up to and with this epoch."""
    last, said_again = _last_of_each(incoming)
    superseded = incoming.filter(pa.array(~last & ~said_again))
    incoming = incoming.filter(pa.array(last))
    found = _find(incoming["_id"].combine_chunks(), predictions)
    position = pc.index_in(incoming["_id"].combine_chunks(), found["_id"].combine_chunks())
    known = pc.is_valid(position)
    pending = incoming.filter(pc.invert(known))
    incoming, found = incoming.filter(known), found.take(pc.drop_null(position))
    before = _current(found, labels, epoch)
    same = _same_label(incoming, before)
    rows = _rows(incoming, found, epoch).filter(pa.array(~same))
    return Matched(rows, int(same.sum() + said_again.sum()), superseded, pending)


def _last_of_each(table: pa.Table) -> tuple[Mask, Mask]:
    """Return which rows are the last of their id, and which others say the same as it does."""
    codes = pc.dictionary_encode(table["_id"].combine_chunks()).indices.to_numpy()
    own = np.arange(len(codes))
    _, first, inverse = np.unique(codes[::-1], return_index=True, return_inverse=True)
    final = len(codes) - 1 - first[inverse[::-1]]
    last = own == final
    columns = ["_label", "_label_text"]
    same = _same_label(table.select(columns), table.select(columns).take(final))
    return last, same & ~last


def _find(ids: pa.Array, predictions: Table) -> pa.Table:
    """Return the newest prediction of each id that has one."""
    found: list[pa.Table] = []
    wanted = ids
    for days in _newest_first(predictions.days()):
        if not len(wanted):
            break
        here = predictions.read(_SIDE, pc.field("_id").isin(wanted), days=days).sort_by(
            [("_day", "descending")]
        )
        here = here.take(_first_positions(here["_id"]))
        found.append(here)
        wanted = wanted.filter(pc.invert(pc.is_in(wanted, here["_id"].combine_chunks())))
    return pa.concat_tables(found) if found else predictions.read(_SIDE, pc.scalar(False))


def _newest_first(days: list[date]) -> Iterator[set[date]]:
    """Yield days in growing steps, newest first: most labels are a few days late, few are old."""
    step, end = 1, len(days)
    while end > 0:
        start = max(0, end - step)
        yield set(days[start:end])
        end, step = start, step * 2


def _first_positions(ids: pa.ChunkedArray) -> NDArray[np.intp]:
    codes = pc.dictionary_encode(ids.combine_chunks()).indices.to_numpy()
    _, first = np.unique(codes, return_index=True)
    return np.sort(first)


def _current(found: pa.Table, labels: Table, epoch: int) -> pa.Table:
    """Return the label each found prediction has now: the latest late one, else its own."""
    earlier = labels.read(
        ["_id", "_day", "_label", "_label_text", "_epoch"],
        pc.field("_id").isin(pc.unique(found["_id"])) & (pc.field("_epoch") < epoch),
        days=set(pc.unique(found["_day"]).to_pylist()),
    ).sort_by([("_epoch", "descending")])
    position = pc.index_in(identity(found), identity(earlier))
    late = earlier.take(position)
    has = pc.is_valid(position)
    return pa.table(
        {
            name: pc.if_else(has, late[name].combine_chunks(), found[name].combine_chunks())
            for name in ("_label", "_label_text")
        }
    )


def _same_label(left: pa.Table, right: pa.Table) -> Mask:
    same = np.ones(left.num_rows, np.bool_)
    for name in ("_label", "_label_text"):
        a, b = left[name], right[name]
        equal = pc.fill_null(pc.equal(a, b), False)
        same &= pc.or_(equal, pc.and_(pc.is_null(a), pc.is_null(b))).to_numpy()
    return same


def _rows(incoming: pa.Table, found: pa.Table, epoch: int) -> pa.Table:
    """Return matched labels in the labels table's columns, the delay in seconds.

    The delay counts from the prediction's time where the caller said when the label became
    known, and otherwise from one call to the other. Where predictions were logged long after
    they were made, a backfill, the time between two calls says nothing: the delay is unknown.
    """
    said = _seconds(incoming["_time"], found["_time"])
    live = pc.less_equal(_seconds(found["_logged"], found["_time"]), LIVE)
    lived = pc.if_else(live, _seconds(incoming["_logged"], found["_logged"]), None)
    return pa.table(
        {
            "_epoch": pa.array([epoch] * incoming.num_rows, pa.int64()),
            "_id": incoming["_id"],
            "_label": incoming["_label"],
            "_label_text": incoming["_label_text"],
            "_time": pc.coalesce(incoming["_time"], incoming["_logged"]),
            "_delay": pc.max_element_wise(pc.coalesce(said, lived), 0.0, skip_nulls=False),
            "_day": found["_day"],
        },
        schema=LABELS,
    )


def _seconds(later: pa.ChunkedArray, earlier: pa.ChunkedArray) -> pa.ChunkedArray:
    apart = pc.subtract(later, earlier).cast(pa.int64())
    # Centuries in microseconds are beyond the integers that a float64 holds exactly.
    return pc.divide(apart.cast(pa.float64(), safe=False), 1e6)
