"""The files of a folder, as a source gives them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from whence.work.importing.sources.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["below", "is_within"]

_NANOSECONDS = 1000
"""Of a microsecond."""


def is_within(place: Path, root: Path) -> bool:
    """Return whether a place lies in a folder however it is reached: a link can lead elsewhere."""
    return place.resolve().is_relative_to(root.resolve())


def below(folder: Path, root: Path) -> Iterator[SourceFile]:
    """Yield the files in a folder and all below it, in order; links are not followed.

    Parameters
    ----------
    root
        What the folder must lie in, which whoever imports named: of one that a link leads to
        elsewhere nothing is yielded.
    """
    if not is_within(folder, root):
        return
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            place = Path(where) / name
            if place.is_file() and not place.is_symlink():
                path = place.relative_to(folder).as_posix()
                yield SourceFile(path, place, place.stat().st_mtime_ns // _NANOSECONDS)
