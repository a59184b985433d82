"""Weights & Biases, offline: a log that its server takes later, and nothing here that reads it.

The log has LevelDB's format: a header of seven bytes, then blocks of 32 KiB with pieces of
records, each with a checksum (4 bytes), a length (2) and a kind (1: whole, 2: first, 3: middle,
4: last).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import wandb
from wandb.proto import wandb_internal_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK, _HEADER, _BEGIN = 32_768, 7, 7
_WHOLE, _LAST = 1, 4


def start(place: str, name: str) -> wandb.Run:
    """Begin a run."""
    Path(place).mkdir(parents=True, exist_ok=True)
    return wandb.init(project="bench", name=name, dir=place, mode="offline", reinit="create_new")


def one(run: wandb.Run, value: float, step: int) -> None:
    """Log a scalar."""
    run.log({"loss": value}, step=step)


def fifty(run: wandb.Run, values: dict[str, float], step: int) -> None:
    """Log many."""
    run.log(values, step=step)


def finish(run: wandb.Run) -> None:
    """Wait for what is queued and end the run."""
    run.finish()


def read(place: str) -> int:
    """Count the points in the logs."""
    found = 0
    for path in Path(place).glob("wandb/offline-run-*/*.wandb"):
        for text in _records(path.read_bytes()):
            record = wandb_internal_pb2.Record.FromString(text)
            names = [item.key or ".".join(item.nested_key) for item in record.history.item]
            found += "loss" in names
    return found


def _records(log: bytes) -> Iterator[bytes]:
    at, parts = _BEGIN, b""
    while at + _HEADER <= len(log):
        left = _BLOCK - at % _BLOCK
        length, kind = int.from_bytes(log[at + 4 : at + 6], "little"), log[at + 6]
        if left < _HEADER or kind == 0:  # the rest of a block is padding
            at += left
            continue
        piece = log[at + _HEADER : at + _HEADER + length]
        if len(piece) < length:  # cut off by the kill
            return
        parts += piece
        at += _HEADER + length
        if kind in (_WHOLE, _LAST):
            yield parts
            parts = b""
