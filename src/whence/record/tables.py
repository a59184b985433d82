"""Tables of a few thousand rows as JSON, for people to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from whence.errors import BadInput
from whence.record.values import plain, text

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["table_as_json"]


def table_as_json(table: Any) -> bytes:  # noqa: ANN401 - rows, or any library's frame
    """Return a table as ``{"columns": [...], "data": [[...], ...]}``; what is no number is null.

    Parameters
    ----------
    table
        A list of dicts (a name that a row lacks is null there), a dict of columns of one length,
        or a frame with Arrow's or pandas' interface.

    Raises
    ------
    BadInput
        If it is no table, or holds a value that `whence.record.values` refuses.
    """
    if isinstance(table, dict):
        columns, rows = _of_columns(table)
    elif isinstance(table, (list, tuple)):
        columns, rows = _of_dicts(table)
    else:
        columns, rows = _of_dicts(_rows(table))
    data = [[plain(value, name) for name, value in zip(columns, row, strict=True)] for row in rows]
    return msgspec.json.encode({"columns": [text(str(name)) for name in columns], "data": data})


def _of_columns(table: dict[Any, Any]) -> tuple[list[Any], Iterable[Iterable[Any]]]:
    try:
        columns = [list(values) for values in table.values()]
    except TypeError as error:
        raise BadInput(f"a column of the table is no list: {error}") from error
    lengths = {len(values) for values in columns}
    if len(lengths) > 1:
        said = ", ".join(
            f"{name!r} {len(values):,}" for name, values in zip(table, columns, strict=True)
        )
        raise BadInput(f"the columns of the table differ in length: {said}")
    return list(table), zip(*columns, strict=True)


def _of_dicts(rows: Any) -> tuple[list[Any], Iterable[Iterable[Any]]]:  # noqa: ANN401 - checked here
    for row in rows:
        if not isinstance(row, dict):
            raise BadInput(f"a row of the table is {row!r:.80}; give dicts, or a frame")
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return columns, ([row.get(name) for name in columns] for row in rows)


def _rows(frame: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any library's frame
    from nanoarrow.iterator import iter_py  # type: ignore[import-untyped]  # noqa: PLC0415 - frames only

    from whence.record.frames import stream_of  # noqa: PLC0415 - as above

    try:
        source = stream_of(frame)
    except (TypeError, NotImplementedError) as error:
        raise BadInput(f"{type(frame).__name__} is no table that is known here: {error}") from error
    return source if isinstance(source, list) else list(iter_py(source))
