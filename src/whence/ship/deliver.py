"""One journal to its server, byte for byte, from wherever the server's mirror ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.ship.server import Away

if TYPE_CHECKING:
    from pathlib import Path

    from whence.ship.server import Server

__all__ = ["PIECE", "deliver"]

PIECE = 4 * 2**20
"""Bytes sent at a time: a quarter of the longest body that a server takes."""


def deliver(server: Server, path: Path, length: int, end: int | None = None) -> int:
    """Send what a journal holds beyond the server's length; return its length then.

    It is sent up to `end`, or what it holds now if that is None.

    The server may already have more than was asked for: another process sends the same journal,
    or this one lost an answer.

    Raises
    ------
    FileNotFoundError
        If the journal is not there (any more).
    Away, Locked, Refused
        If the server takes it not.
    """
    with path.open("rb") as journal:
        end = journal.seek(0, 2) if end is None else end
        while length < end:
            journal.seek(length)
            content = journal.read(min(PIECE, end - length))
            reply = server.append(path.stem, length, content)
            if not reply.taken and reply.length == length:
                raise Away(f"{server.address} does not take {path.name} where it says it ends")
            length = reply.length
    return length
