"""A server in this process, until it is told to stop."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import uvicorn

from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from starlette.types import ASGIApp

__all__ = ["listen", "run"]

BACKLOG = 2048
"""Connections that may wait to be taken."""

GRACE = 5
"""Seconds that requests at hand have when the server is told to stop."""


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket, so that who is told of the address can connect at once.

    Raises
    ------
    BadInput
        If the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen on {host} port {port}: {error}; give another --port, "
            "or 0 for any that is free"
        ) from error
    # Else an answer waits for the client's delayed acknowledgement, 40 ms on Linux.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def run(
    app: ASGIApp, bound: socket.socket, ready: Callable[[], None], ending: Callable[[], None]
) -> None:
    """Serve until SIGTERM or SIGINT; requests at hand have `GRACE` seconds to finish.

    Parameters
    ----------
    ready
        Called once the application has started.
    ending
        Called when it is told to stop, to end what would go on for ever.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    # The library raises the signal again once it has shut down, which would end us with it.
    before = {kind: signal.signal(kind, _ended) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        _told(uvicorn.Server(config), ready, ending).run(sockets=[bound])
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def _ended(_: int, __: FrameType | None) -> None:
    """Do nothing: the server has seen the signal and is down."""


def _told(
    server: uvicorn.Server, ready: Callable[[], None], ending: Callable[[], None]
) -> uvicorn.Server:
    """Have `ready` and `ending` called by a server that has no hooks for them."""
    startup, shutdown = server.startup, server.shutdown

    async def start_and_tell(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        if server.started:
            ready()

    async def tell_and_stop(sockets: list[socket.socket] | None = None) -> None:
        ending()
        await shutdown(sockets)

    server.startup = start_and_tell  # type: ignore[method-assign] # as said
    server.shutdown = tell_and_stop  # type: ignore[method-assign] # as said
    return server
