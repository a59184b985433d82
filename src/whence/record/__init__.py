"""What a program says, as journal records.

Importing this costs next to nothing: msgspec and nanoarrow are loaded at the first record.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whence.record.artifacts import ArtifactRecords, files_of
    from whence.record.datasets import say_dataset
    from whence.record.decoding import Unknown, decode
    from whence.record.events import event
    from whence.record.label import labels
    from whence.record.prediction import predictions
    from whence.record.references import reference
    from whence.record.runs import RunRecords, start_run
    from whence.record.tables import table_as_json
    from whence.record.writers import flush

__all__ = [
    "ArtifactRecords",
    "RunRecords",
    "Unknown",
    "decode",
    "event",
    "files_of",
    "flush",
    "labels",
    "predictions",
    "reference",
    "say_dataset",
    "start_run",
    "table_as_json",
]

_HOME = {
    "ArtifactRecords": "artifacts",
    "files_of": "artifacts",
    "say_dataset": "datasets",
    "Unknown": "decoding",
    "decode": "decoding",
    "event": "events",
    "flush": "writers",
    "labels": "label",
    "predictions": "prediction",
    "reference": "references",
    "RunRecords": "runs",
    "start_run": "runs",
    "table_as_json": "tables",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attributes have any type
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
