"""Raw inputs to derived columns, as predictions are folded: that is when the files are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whence.inputs import images

__all__ = ["derive"]


def derive(paths: list[str | None]) -> dict[str, list[Any]]:
    """Return what each file shows (fact -> one value per path), as `inputs.images` names it.

    A path is relative to the directory in which the fold runs; a file that is missing or broken
    gives the reason in the fact ``error`` and never an exception.
    """
    return images.derive(paths, root=Path.cwd())
