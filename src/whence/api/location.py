"""Where the store is: what the caller says, else ``WHENCE_STORE``, else ``./.whence``."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["locate"]


def locate(store: str | os.PathLike[str] | None = None) -> Path:
    """Return the store's folder, absolute, so that a later chdir does not move it.

    For a server, named by its address, this is the folder where records wait until it has them.

    Raises
    ------
    BadInput
        If the address is none.
    """
    chosen = store if store is not None else os.environ.get("WHENCE_STORE") or ".whence"
    if str(chosen).lower().startswith(("http://", "https://")):
        # Loaded here: programs that record into a folder need none of it.
        from whence.ship.spooled import record_for  # noqa: PLC0415

        return record_for(str(chosen))
    return Path(chosen).absolute()
