"""Files that clients send: to the disk as they come, so that memory does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from whence.errors import WhenceError
from whence.server.inflate import TooLarge
from whence.store.contents import Receiver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from whence.journal.blobs import Blobs

__all__ = ["received", "refused"]

PIECE = 2**20
"""Bytes that are written at a time: a thread takes over for each."""

_MOST_READ = 16 * 2**20
"""Bytes of a refused file that are read and forgotten: a client that is still sending when its
connection is closed does not hear why."""

_GONE = 499
"""What some servers log of a client that went; nobody hears it."""


async def received(
    request: Request,
    kept: Blobs,
    finish: Callable[[Receiver], Response],
    failed: Callable[[WhenceError], Response],
) -> Response:
    """Take a request's body in as a file, and return what is said of it.

    Parameters
    ----------
    finish
        Called in a thread with the whole file, to keep it.
    failed
        Words an error, of the disk or of `finish`; then nothing is kept.
    """
    parts = request.stream()
    try:
        receiver = await run_in_threadpool(Receiver, kept)
        try:
            await _write(receiver, parts)
            return await run_in_threadpool(finish, receiver)
        finally:
            await run_in_threadpool(receiver.close)
    except WhenceError as error:
        return await _once_heard(failed(error), parts)
    except TooLarge as error:
        return _too_large(str(error))
    except ClientDisconnect:
        return Response(status_code=_GONE)


async def refused(request: Request, answer: Response) -> Response:
    """Return the answer to a file that is not taken, once its sender can hear it."""
    return await _once_heard(answer, request.stream())


async def _write(receiver: Receiver, parts: AsyncIterator[bytes]) -> None:
    waiting = bytearray()
    async for part in parts:
        waiting += part
        if len(waiting) >= PIECE:
            await run_in_threadpool(receiver.write, bytes(waiting))
            waiting.clear()
    if waiting:
        await run_in_threadpool(receiver.write, bytes(waiting))


async def _once_heard(answer: Response, parts: AsyncIterator[bytes]) -> Response:
    left = _MOST_READ
    try:
        async for part in parts:
            left -= len(part)
            if left < 0:
                answer.headers["Connection"] = "close"
                break
    except (TooLarge, ClientDisconnect):
        answer.headers["Connection"] = "close"
    return answer


def _too_large(why: str) -> Response:
    said = {"error": why, "error_code": "INVALID_PARAMETER_VALUE", "message": why}
    headers = {"Connection": "close"}
    return Response(msgspec.json.encode(said), 413, headers, media_type="application/json")
