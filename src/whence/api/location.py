"""Where the store is: what the caller says, else ``WHENCE_STORE``, else ``./.whence``."""

from __future__ import annotations

import os
from pathlib import Path

from whence.errors import BadInput

__all__ = ["locate"]


def locate(store: str | os.PathLike[str] | None = None) -> Path:
    """Return the store's folder, absolute, so that a later chdir does not move it.

    Raises
    ------
    BadInput
        If a server is named; this version stores into folders.
    """
    chosen = store if store is not None else os.environ.get("WHENCE_STORE") or ".whence"
    if str(chosen).startswith(("http://", "https://")):
        raise BadInput(f"the store {str(chosen)!r} is a server; this version needs a folder")
    return Path(chosen).absolute()
