"""Starting the process that ships a spool, so that it outlives whoever starts it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from whence.journal import lock

if TYPE_CHECKING:
    from whence.ship.spool import Spool

__all__ = ["is_shipped", "start"]

_MOST_LOG = 2**20
"""Bytes of the log after which it begins anew."""

# A child of a child belongs to nobody who records: no program finds a process among its children
# that it did not start. The one between is a bare Python that ends at once.
_DETACH = "import os, sys; os.fork() and os._exit(0); os.execv(sys.argv[1], sys.argv[1:])"


def is_shipped(spool: Spool) -> bool:
    """Return whether some process ships a spool."""
    try:
        return lock.is_held(spool.lock)
    except FileNotFoundError:
        return False


def start(spool: Spool) -> None:
    """Start a process that ships a spool; where that fails, say so and go on.

    What is recorded waits in the spool, so no call that records fails for this; it is tried again
    soon.
    """
    # -P: what lies in the folder it stands in is no part of the program.
    wanted = [sys.executable, "-P", "-m", "whence.ship", str(spool.folder)]
    if hasattr(os, "fork"):
        wanted = [sys.executable, "-I", "-S", "-c", _DETACH, *wanted]
    try:
        with spool.log.open("ab") as log:
            if log.tell() > _MOST_LOG:
                log.truncate(0)
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                wanted,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=spool.folder,
                start_new_session=True,
            )
            if hasattr(os, "fork"):
                process.wait()
    except OSError as error:
        logging.getLogger("whence").warning(
            "cannot start the process that sends %s to %s: %s; what is recorded stays there, and "
            "whence ship --spool %s sends it",
            spool.folder, spool.server, error, spool.folder,
        )  # fmt: skip
