"""The body of a request, decompressed, and never more of it than is allowed."""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

__all__ = ["ENCODINGS", "Disconnected", "Incoming", "TooLarge", "Undecodable", "read_body"]


class TooLarge(Exception):
    """The body is longer than allowed, as it came or decompressed."""


class Undecodable(Exception):
    """The body is not what its ``Content-Encoding`` says."""


class Disconnected(Exception):
    """The client went before it had sent all."""


class _Stream(Protocol):
    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What came behind its end."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Return at most so many bytes."""


_GZIP_WINDOW, _ZLIB_WINDOW, _BARE_WINDOW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
"""How zlib is told which of its formats to expect."""

_HEAD, _METHOD, _DEFLATE, _CHECK = 2, 0x0F, 8, 31
"""Zlib's format begins with two bytes: the method of packing, which is always this one, in the low
half of the first, and both together a multiple of 31 (RFC 1950)."""


class _Deflate:
    """What senders mean by ``deflate``: zlib's format, or the bare stream of some (RFC 9110)."""

    def __init__(self) -> None:
        self._stream: _Stream | None = None
        self._head = b""

    @property
    def eof(self) -> bool:
        return self._stream is not None and self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return b"" if self._stream is None else self._stream.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        if self._stream is None:
            self._head += data
            if len(self._head) < _HEAD:
                return b""
            data, self._head = self._head, b""
            self._stream = zlib.decompressobj(_ZLIB_WINDOW if _is_zlib(data) else _BARE_WINDOW)
        return self._stream.decompress(data, max_length)


def _is_zlib(data: bytes) -> bool:
    is_checked = int.from_bytes(data[:_HEAD]) % _CHECK == 0
    return data[0] & _METHOD == _DEFLATE and is_checked


_STREAMS: dict[str, Callable[[], _Stream]] = {
    "gzip": lambda: zlib.decompressobj(_GZIP_WINDOW),
    "deflate": _Deflate,
}
_BROKEN: tuple[type[Exception], ...] = (zlib.error,)

if sys.version_info >= (3, 14):  # pragma: no cover
    from compression import zstd

    _WINDOW = {zstd.DecompressionParameter.window_log_max: 23}  # 8 MB, as RFC 9659 asks
    _STREAMS["zstd"] = lambda: zstd.ZstdDecompressor(options=_WINDOW)
    _BROKEN = (zlib.error, zstd.ZstdError)

ENCODINGS = tuple(_STREAMS)
"""The values of ``Content-Encoding`` that are understood."""


class Incoming:
    """The body of a request as it comes.

    Parameters
    ----------
    receive
        Gives the messages of the request (ASGI).
    """

    def __init__(self, receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
        self.receive = receive
        self.more = True

    async def next(self) -> bytes:
        """Return the next part.

        Raises
        ------
        Disconnected
            If the client goes.
        """
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.more = False
            raise Disconnected
        self.more = message.get("more_body", False)
        part: bytes = message.get("body", b"")
        return part

    async def discard(self, most: int) -> None:
        """Take what is left, at most about so much, and forget it.

        A client that is still sending when the connection is closed does not hear the answer.
        """
        try:
            while self.more and most > 0:
                most -= len(await self.next())
        except Disconnected:
            return


async def read_body(incoming: Incoming, encoding: str | None, most: int) -> bytes:
    """Return a request's body, decompressed; memory holds at most `most` bytes and one message.

    Parameters
    ----------
    incoming
        The body as it comes.
    encoding
        One of `ENCODINGS`; None for a body that is as it is.
    most
        The most bytes, before and after.

    Raises
    ------
    TooLarge
        As soon as there would be more.
    Undecodable
        If it breaks off, goes on after its end, or is of another format.
    Disconnected
        If the client goes.
    """
    stream = None if encoding is None else _STREAMS[encoding]()
    body = bytearray()
    came = 0
    while incoming.more:
        part = await incoming.next()
        came += len(part)
        body += part if stream is None else _inflate(stream, part, most - len(body))
        if max(came, len(body)) > most:
            raise TooLarge
    if stream is not None and not stream.eof:
        raise Undecodable
    return bytes(body)


def _inflate(stream: _Stream, part: bytes, room: int) -> bytes:
    """Return the bytes of a part, one more than there is room for if there are too many."""
    if not part:
        return b""
    if stream.eof:
        raise Undecodable
    try:
        found = stream.decompress(part, room + 1)
    except _BROKEN as error:
        raise Undecodable from error
    if stream.unused_data:
        raise Undecodable
    return found
