"""Artifacts put into an export: as hard links where that can be, else as copies."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from whence.store.artifacts import under
from whence.store.contents import file_of
from whence.types.paths import safe_path
from whence.types.time import moment
from whence.work.exporting.layout import ExportedArtifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whence.store.folder import StoreFolder

__all__ = ["export_files", "put"]


def put(content: Path, file: Path) -> None:
    """Put a content there; the caller has checked that it lies in the export."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(content, file)
    except OSError:  # another disk, or one without links
        shutil.copyfile(content, file)


def export_files(
    store: StoreFolder, folder: Path, own: str | None, into: str
) -> Iterator[ExportedArtifact]:
    """Put all files below a folder of the store's artifacts there, and yield what they are.

    Parameters
    ----------
    folder
        The export.
    own
        The folder of artifacts; None for what keeps none in the store.
    into
        Below which path of the export.
    """
    if own is None:
        return
    for one in under(store.metadata, own):
        path = one.path[len(own) + 1 :]
        name = safe_path(f"{into}/{path}")
        put(file_of(store, one.path)[1], folder / name)
        yield ExportedArtifact(
            path=path, file=name, size=one.size, sha256=one.digest, logged=moment(one.made)
        )
