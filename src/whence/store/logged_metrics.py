"""Metrics of logged models: values that runs said of a model, on a dataset."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.store.fresh import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.metadata import Metadata

__all__ = ["ModelPoint", "add", "of_models"]


class ModelPoint(NamedTuple):
    """A value that a run said of a model; name and digest of the dataset are "" without one."""

    model: str
    point: Point
    dataset: str
    digest: str


def add(metadata: Metadata, points: Iterable[ModelPoint]) -> None:
    """Keep values of models' metrics; again changes nothing; the caller's transaction."""
    metadata.run_many(
        "INSERT INTO logged_model_metrics (model, key, step, time, value, run, dataset, digest)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (model, point.key, point.step, point.time,
             None if math.isnan(point.value) else point.value, point.run, dataset, digest)
            for model, point, dataset, digest in points
        ],
    )  # fmt: skip


def of_models(metadata: Metadata, models: Sequence[str]) -> dict[str, list[ModelPoint]]:
    """Return the values of some models' metrics, in the order in which they were said."""
    found: dict[str, list[ModelPoint]] = {}
    for model, run, key, step, time, value, dataset, digest in metadata.all(
        "SELECT model, run, key, step, time, value, dataset, digest FROM logged_model_metrics"
        " WHERE model IN (SELECT value FROM json_each(?)) ORDER BY rowid",
        msgspec.json.encode(models).decode(),
    ):
        point = Point(run, key, step, time, math.nan if value is None else value)
        found.setdefault(model, []).append(ModelPoint(model, point, dataset, digest))
    return found
