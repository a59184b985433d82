"""Which logged models runs used and made."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.metadata import Metadata

__all__ = ["Tie", "add", "of_runs"]

Role = Literal["input", "output"]


class Tie(NamedTuple):
    """A logged model that a run used, or that it made at a step."""

    model: str
    role: Role
    step: int


def add(metadata: Metadata, run: str, ties: Iterable[Tie]) -> None:
    """Tie models to a run; again changes nothing; the caller holds the transaction."""
    at = time.time_ns() // 1000
    metadata.run_many(
        "INSERT INTO run_models (run, model, role, step, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (run, model, role) DO NOTHING",
        [(run, *tie, at) for tie in ties],
    )


def of_runs(metadata: Metadata, runs: Sequence[str]) -> dict[str, list[Tie]]:
    """Return the models of some runs, in the order in which they were tied."""
    found: dict[str, list[Tie]] = {}
    for run, *tie in metadata.all(
        "SELECT run, model, role, step FROM run_models"
        " WHERE run IN (SELECT value FROM json_each(?)) ORDER BY at",
        msgspec.json.encode(runs).decode(),
    ):
        found.setdefault(run, []).append(Tie(*tie))
    return found
