"""Where the store is: what the caller says, else ``WHENCE_STORE``, else ``./.whence``."""

from __future__ import annotations

import os
from pathlib import Path

from whence.errors import BadInput

__all__ = ["locate", "require_folder_of_own"]


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


def require_folder_of_own(store: Path) -> None:
    """Do nothing if a store can be read where this runs.

    Raises
    ------
    BadInput
        If its records go to a server, where they are to be read.
    """
    from whence.ship.spool import server_of  # noqa: PLC0415 - as above

    server = server_of(store)
    if server is not None:
        raise BadInput(
            f"the store is the server {server}, and this reads a folder; open {server} in a "
            "browser, or run it on the server's machine with its folder as --store"
        )
