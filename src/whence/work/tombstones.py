"""Tombstones: what was forgotten stays so, though an old journal may turn up later.

Every record says when its call was made. One made before its id (or its day) was forgotten is
dropped when it is folded; one made later is new. Ids are kept as digests only, which tell
whoever has the store whether a given id was forgotten, and nothing else.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.store.metadata import Metadata

__all__ = ["EVER", "drop_forgotten", "remember"]

EVER = 2**62
"""A time later than any row's, for models of which all was forgotten."""

# Made when first needed, not with the database: stores of before have none.
_MADE = (
    "CREATE TABLE IF NOT EXISTS forgotten (model TEXT NOT NULL, at INTEGER NOT NULL,"
    " before INTEGER, digest BLOB)"
)


def remember(metadata: Metadata, model: str, at: int, ids: list[str], before: int | None) -> None:
    """Note what is forgotten as of `at`; the caller holds the transaction.

    Parameters
    ----------
    at, before
        Microseconds since 1970; rows whose own time is earlier than `before` are forgotten.
    """
    metadata.run(_MADE)
    rows: list[tuple[object, ...]] = [(model, at, None, _digest(model, one)) for one in ids]
    if before is not None:
        rows.append((model, at, before, None))
    metadata.run_many("INSERT INTO forgotten (model, at, before, digest) VALUES (?, ?, ?, ?)", rows)


def drop_forgotten(metadata: Metadata, model: str, rows: pa.Table) -> pa.Table:
    """Return rows without those recorded before they were forgotten.

    Parameters
    ----------
    rows
        With the columns `_id`, `_time` and `_logged`; those of files were not logged, and stay.
    """
    metadata.run(_MADE)
    notes = metadata.all("SELECT at, before, digest FROM forgotten WHERE model = ?", model)
    if not notes:
        return rows
    last = max(at for at, _, _ in notes)
    logged = pc.fill_null(rows["_logged"].cast(pa.int64()), last + 1).to_numpy()
    old = logged <= last
    if not old.any():
        return rows
    dropped = _by_id(model, rows, logged, old, notes) | _by_time(rows, logged, notes)
    return rows.filter(pa.array(~dropped))


def _by_id(
    model: str,
    rows: pa.Table,
    logged: NDArray[np.int64],
    old: NDArray[np.bool_],
    notes: list[tuple[int, int | None, bytes | None]],
) -> NDArray[np.bool_]:
    """Return which rows' ids were forgotten after their call."""
    forgotten: dict[bytes, int] = {}
    for at, _, digest in notes:
        if digest is not None:
            forgotten[digest] = max(at, forgotten.get(digest, at))
    dropped = np.zeros(len(logged), np.bool_)
    if forgotten:
        for i in np.flatnonzero(old):
            one = rows["_id"][int(i)].as_py()
            dropped[i] = one is not None and logged[i] <= forgotten.get(_digest(model, one), -1)
    return dropped


def _by_time(
    rows: pa.Table,
    logged: NDArray[np.int64],
    notes: list[tuple[int, int | None, bytes | None]],
) -> NDArray[np.bool_]:
    """Return which rows' times (else that of their call) were forgotten after their call."""
    times = pc.coalesce(rows["_time"], rows["_logged"]).cast(pa.int64())
    when = pc.fill_null(times, np.iinfo(np.int64).max).to_numpy()
    dropped = np.zeros(len(logged), np.bool_)
    for at, before, _ in notes:
        if before is not None:
            dropped |= (logged <= at) & (when < before)
    return dropped


def _digest(model: str, one: str) -> bytes:
    # With the length in front no two pairs of model and id give the same text.
    return hashlib.sha256(f"{len(model)} {model} {one}".encode(errors="surrogatepass")).digest()
