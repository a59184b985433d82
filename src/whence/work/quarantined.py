"""Which quarantined records speak of given ids, or of days before one.

A record lies in quarantine because it could not be read as its roles said, so which of its
values is the id is not always known. Then any value that reads as the id counts: such a record
serves nothing but to say why it was set aside.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from whence.record import Unknown, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.store.metadata import Metadata

__all__ = ["records_before", "records_of_ids", "records_of_model"]


def records_of_ids(metadata: Metadata, model: str, ids: frozenset[str]) -> list[int]:
    """Return the rows of `quarantine` that hold one of these ids.

    Records that cannot be read at all name no model; they count for every one.
    """
    rows = metadata.all("SELECT rowid, record FROM quarantine WHERE model = ? OR model = ''", model)
    return [row for row, record in rows if _mentions(record, ids)]


def records_before(metadata: Metadata, model: str, before: datetime) -> list[int]:
    """Return the rows of `quarantine` of an earlier time: their own, else when they were set aside.

    Those that name no model are left: they may be another's.
    """
    rows = metadata.all(
        "SELECT q.rowid, q.record, e.made FROM quarantine q LEFT JOIN epochs e USING (epoch)"
        " WHERE q.model = ?",
        model,
    )
    limit = before.timestamp() * 1e6
    return [row for row, record, made in rows if _time(record, made or 0) < limit]


def records_of_model(metadata: Metadata, model: str) -> list[int]:
    """Return the rows of `quarantine` that name a model."""
    rows = metadata.all("SELECT rowid FROM quarantine WHERE model = ?", model)
    return [row for (row,) in rows]


def _time(record: bytes, made: int) -> float:
    content = _unpack(record)
    own = content.get("_time") if isinstance(content, dict) else None
    known = isinstance(own, datetime) and own.tzinfo is not None
    return own.timestamp() * 1e6 if known else made  # type: ignore[union-attr] # known


def _mentions(record: bytes, ids: frozenset[str]) -> bool:
    content = _unpack(record)
    if isinstance(content, dict) and "_id" in content:
        return content["_id"] in ids
    if isinstance(content, bytes):
        payload = decode(content)
        if isinstance(payload, Unknown):
            return any(one.encode(errors="surrogatepass") in content for one in ids)
        content = msgspec.structs.asdict(payload)
    return any(text in ids for text in _texts(content))


def _unpack(record: bytes) -> Any:  # noqa: ANN401 - whatever was set aside
    return msgspec.msgpack.decode(record)


def _texts(value: object) -> Iterator[str]:
    """Yield every value as an id column would read it."""
    if isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, bytes):
        yield from _texts_of_frame(value)
    elif isinstance(value, float) and math.isfinite(value) and value.is_integer():
        yield str(int(value))
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _texts_of_frame(ipc: bytes) -> Iterator[str]:
    try:
        table = pa.ipc.open_stream(ipc).read_all()
    except (pa.ArrowException, OSError):
        yield ipc.decode(errors="replace")
        return
    for column in table.columns:
        yield from _texts(column.to_pylist())
