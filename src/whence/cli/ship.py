"""whence ship: send what waits in a spool to its server, and what programs go on recording.

Programs that record for a server start one by themselves; this is for a spool that was left
behind, or for a service that keeps one running. The token comes from WHENCE_TOKEN.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from whence.errors import BadInput, StoreError

if TYPE_CHECKING:
    import argparse

    from whence.ship.spool import Spool

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--spool", metavar="DIR", help="the spool's folder (default: the one for the server)"
    )
    parser.add_argument(
        "--to", metavar="URL",
        help="the server (default: the one the spool is for, else --store or WHENCE_STORE)",
    )  # fmt: skip
    parser.add_argument(
        "--once", action="store_true", help="send what is there now, and end (default: go on)"
    )


def run(given: argparse.Namespace) -> None:
    """Ship until interrupted, or once."""
    from whence.ship.server import Away, Locked, Server  # noqa: PLC0415 - start fast
    from whence.ship.shipping import Shipping, ship  # noqa: PLC0415 - as above

    spool = _spool(given)
    spool.make()
    try:
        if given.once:
            with closing(Server(spool.server)) as server:
                sent, done, left = Shipping(spool, server, _tell).once()
            print(
                f"sent {sent:,} bytes to {spool.server}; {done} journals are delivered and gone "
                f"from here, {left} of living processes go on"
            )
        elif not ship(spool, Server(spool.server), idle=None, tell=_tell):
            raise StoreError(
                f"another process ships {spool.folder}; it ends by itself when all is delivered "
                "and nobody records"
            )
    except (Away, Locked) as error:
        raise StoreError(f"{error}; what was recorded stays in {spool.folder}") from error


def _spool(given: argparse.Namespace) -> Spool:
    from whence.ship import spool  # noqa: PLC0415 - start fast

    if given.spool is not None:
        folder = Path(given.spool).absolute()
        return (
            spool.at(folder) if given.to is None else spool.Spool(folder, spool.address(given.to))
        )
    server = given.to or given.store or os.environ.get("WHENCE_STORE", "")
    if not spool.is_address(server):
        raise BadInput("say which server: --to http://host:port, or --spool with a spool's folder")
    return spool.spool_for(server)


def _tell(what: str) -> None:
    print(what, file=sys.stderr)
