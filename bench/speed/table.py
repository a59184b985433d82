"""The table that is read: 40 numbers with nulls, 10 categories, 30 days, zstd Parquet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CATEGORIES", "DAYS", "NUMBERS", "START", "write_table"]

START = datetime(2023, 9, 1, tzinfo=UTC)
DAYS = 30
NUMBERS = [f"number_{k}" for k in range(40)]
LEVELS = (2, 5, 10, 20, 50, 100, 200, 400, 700, 1000)
CATEGORIES = [f"category_{k}" for k in range(len(LEVELS))]
NULLS = 0.05
_A_DAY = 86_400_000_000
_PIECE = 131_072


def write_table(path: Path, rows: int, seed: int) -> None:
    """Write rows in the order of their times, with ids, predictions and labels.

    Numbers are normal with all their digits, which is the hard case: nothing to compress.
    """
    chance = np.random.default_rng(seed)
    writer = None
    for first in range(0, rows, _PIECE):
        piece = _piece(chance, first, min(_PIECE, rows - first), rows)
        writer = writer or pq.ParquetWriter(path, piece.schema, compression="zstd")
        writer.write_table(piece)
    if writer is not None:
        writer.close()


def _piece(chance: np.random.Generator, first: int, n: int, rows: int) -> pa.Table:
    begin = int(START.timestamp()) * 1_000_000
    at = begin + np.arange(first, first + n, dtype=np.int64) * (DAYS * _A_DAY // rows)
    columns: dict[str, pa.Array] = {
        "id": pa.array([f"r{number}" for number in range(first, first + n)]),
        "ts": pa.array(at).cast(pa.timestamp("us", "UTC")),
    }
    for k, name in enumerate(NUMBERS):
        columns[name] = pa.array(chance.normal(k, 1 + k, n), mask=chance.random(n) < NULLS)
    for name, levels in zip(CATEGORIES, LEVELS, strict=True):
        codes = np.minimum(chance.geometric(min(0.5, 3 / levels), n) - 1, levels - 1)
        names = pa.array([f"level {k}" for k in range(levels)])
        columns[name] = names.take(pa.array(codes))
    score = chance.random(n)
    columns["pred"] = pa.array((score > 0.5).astype(np.int64))  # noqa: PLR2004 - even odds
    columns["label"] = pa.array((chance.random(n) < score).astype(np.int64))
    return pa.table(columns)
