"""The write path: one append-only file per process, the only thing a program waits for."""

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
