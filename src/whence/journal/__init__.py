"""The write path: one append-only file per process, the only thing a program waits for.

A program that writes loads nothing of what reads.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from whence.journal.format import FORMAT, find_folder, open_folder
    from whence.journal.frame import Frame
    from whence.journal.identity import uuid7
    from whence.journal.mirror import Mirror
    from whence.journal.reader import Gap, Reading, alive, frames_from, journals, read
    from whence.journal.segment import Segment
    from whence.journal.writer import Writer

__all__ = [
    "FORMAT",
    "Frame",
    "Gap",
    "Mirror",
    "Reading",
    "Segment",
    "Writer",
    "alive",
    "find_folder",
    "frames_from",
    "journals",
    "open_folder",
    "read",
    "uuid7",
]

_HOME = {
    "FORMAT": "format",
    "Frame": "frame",
    "Gap": "reader",
    "Mirror": "mirror",
    "Reading": "reader",
    "Segment": "segment",
    "Writer": "writer",
    "alive": "reader",
    "find_folder": "format",
    "frames_from": "reader",
    "journals": "reader",
    "open_folder": "format",
    "read": "reader",
    "uuid7": "identity",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attributes have any type
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found
