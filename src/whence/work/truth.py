"""Late labels as anyone gives them -> the columns that matching reads."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from whence.store.kinds import ARROW
from whence.work.intake import read_ids, read_times, reading, split_outcome

__all__ = ["label_table"]


def label_table(
    columns: dict[str, pa.Array | pa.ChunkedArray | list[object]],
    *,
    id: str,  # noqa: A002 - the role's name everywhere else too
    label: str,
    time: str | None,
    zone: str | None,
    logged: pa.Array | None,
) -> pa.Table:
    """Return late labels in the columns of `INCOMING`; those without id or value are left out.

    Raises
    ------
    NaiveTime, BadInput
        If the time column cannot be read.
    """
    with reading("the labels"):
        ids = read_ids(columns[id])
        number, text = split_outcome(columns[label])
        absent = pa.nulls(len(ids), ARROW["time"])
        times = absent if time is None else read_times(columns[time], zone, time)
    table = pa.table(
        {
            "_id": ids,
            "_label": number,
            "_label_text": text,
            "_time": times,
            "_logged": absent if logged is None else logged,
        }
    )
    return table.filter(
        pc.and_(
            pc.is_valid(ids),
            pc.or_(pc.is_valid(number), pc.is_valid(text)),
        )
    )
