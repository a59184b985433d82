"""Rows that have given texts, by what a Parquet file says of each of its row groups.

Where all rows of a group have them, no row has to be looked at: comparing texts takes twice the
time of reading the numbers beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["select"]


def select(
    files: dataset.FileSystemDataset,
    columns: list[str],
    values: Mapping[str, str],
    *,
    since: int,
    last: int,
) -> pa.Table:
    """Return some columns of the rows that have given texts.

    Parameters
    ----------
    files
        With statistics for the columns of `values` and for ``_epoch``, or without.
    values
        Column -> the text that it has in the wanted rows.
    since, last
        Only rows of later epochs than `since`, up to `last`.
    """
    wanted = (pc.field("_epoch") > since) & (pc.field("_epoch") <= last)
    for name, value in values.items():
        wanted &= pc.field(name) == value
    whole: list[dataset.ParquetFileFragment] = []
    mixed: list[dataset.ParquetFileFragment] = []
    for file in files.get_fragments(filter=wanted):
        for group in file.split_by_row_group(wanted):
            is_whole = _is_whole(group.row_groups[0].statistics or {}, values, since, last)
            (whole if is_whole else mixed).append(group)
    return pa.concat_tables(
        dataset.FileSystemDataset(
            groups, schema=files.schema, format=files.format, filesystem=files.filesystem
        ).to_table(columns=columns, filter=condition)
        for groups, condition in ((whole, None), (mixed, wanted))
    )


def _is_whole(
    statistics: Mapping[str, Mapping[str, Any]], values: Mapping[str, str], since: int, last: int
) -> bool:
    """Return whether a row group holds wanted rows only.

    A bound that was cut short differs from the other one, so equal ones are what all rows have.
    """
    if not statistics.keys() >= {"_epoch", *values}:
        return False
    epochs = statistics["_epoch"]
    return since < epochs["min"] and epochs["max"] <= last and all(
        statistics[name]["min"] == statistics[name]["max"] == value
        for name, value in values.items()
    )  # fmt: skip
