"""The files of a folder, as a source gives them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from whence.work.importing.sources.source import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["below"]

_NANOSECONDS = 1000
"""Of a microsecond."""


def below(folder: Path) -> Iterator[SourceFile]:
    """Yield the files in a folder and all below it, in order; links are not followed."""
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            place = Path(where) / name
            if place.is_file() and not place.is_symlink():
                path = place.relative_to(folder).as_posix()
                yield SourceFile(path, place, place.stat().st_mtime_ns // _NANOSECONDS)
