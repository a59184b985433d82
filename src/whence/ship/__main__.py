"""``python -m whence.ship SPOOL``: the process that a program starts to ship its spool."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from whence.errors import WhenceError
from whence.ship import spool
from whence.ship.server import Locked, Server
from whence.ship.shipping import ship

IDLE = 30.0
"""Seconds without journals after which it ends; who records later starts another one."""


def main(folder: str) -> int:
    """Ship a spool until it is empty for a while; return the exit status."""
    try:
        found = spool.at(Path(folder))
        ship(found, Server(found.server), idle=IDLE, tell=_tell)
    except (WhenceError, Locked) as error:
        _tell(str(error))
        return 1
    return 0


def _tell(what: str) -> None:
    """Write a line into the log, which is where the starting process has put this output."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
