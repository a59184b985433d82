"""The guard at the door: what every request must pass, and every answer carries.

In this order, the cheap and public first: the host it is meant for, the page it comes from, the
token and its scope, the size of its body. Only then the application hears of it. A file that is
sent passes as it comes, and is cut off where it is longer than allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response

from whence.server.doors import READING, is_closed, is_file, is_mlflows, needed_scope
from whence.server.hosts import Hosts, from_elsewhere
from whence.server.inflate import (
    ENCODINGS,
    Disconnected,
    Incoming,
    TooLarge,
    Undecodable,
    read_body,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard", "Keys", "guarded"]

MOST_BYTES = 16 * 2**20
"""The longest body: a client sends its journal in pieces of 4 MB."""

MOST_FILE_BYTES = 64 * 2**30
"""The longest file that a client may send, unless the server is told otherwise."""

_RANK = {"read": 0, "write": 1, "admin": 2}

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With `no-referrer` browsers would say `Origin: null` for some of the page's own requests.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_PRIVATE = {"Cache-Control": "no-store"}
"""For answers of the API that say nothing else: they may hold people's data."""


class Keys(Protocol):
    """Who knows the tokens: `whence.store.tokens.Tokens`."""

    def any(self) -> bool:
        """Return whether there are tokens, so that one is needed."""

    def scope_of(self, token: str) -> str | None:
        """Return ``"read"``, ``"write"`` or ``"admin"``; None if it is no token in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a guard must know.

    Parameters
    ----------
    hosts
        The hosts that the server answers for, and whether it is bound to this machine alone.
    keys
        The tokens. One is needed for each request to the API as soon as there is one, and always
        on a bind that is open to others.
    most_bytes
        The longest body of a request, as it comes and decompressed.
    most_file_bytes
        The longest file that may be sent as a body.
    """

    hosts: Hosts
    keys: Keys
    most_bytes: int = MOST_BYTES
    most_file_bytes: int = MOST_FILE_BYTES


_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    413: "INVALID_PARAMETER_VALUE",
}
"""What MLflow calls the errors of a status."""


class _RefusedError(Exception):
    """A request that goes no further, and what it is told."""

    def __init__(self, status: int, error: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error)
        self._status, self._error, self._headers = status, error, headers

    def answer(self, path: str) -> Response:
        """Return what is told; MLflow's clients show what they find under names of their own."""
        said = {"error": self._error}
        if is_mlflows(path):
            said |= {"error_code": _CODES[self._status], "message": self._error}
        content = msgspec.json.encode(said)
        return Response(content, self._status, self._headers, "application/json")


def guarded(app: ASGIApp, guard: Guard) -> ASGIApp:
    """Return an application that only hears of requests that the guard lets pass.

    WebSockets are closed: nothing here uses them.
    """

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            path = _path(scope)
            answer = _with_headers(send, private=is_closed(path))
            incoming = Incoming(receive)
            try:
                _check(scope, path, guard)
                if is_file(scope["method"], path):
                    passed = scope, _counted(scope, receive, guard.most_file_bytes)
                else:
                    passed = await _passed(scope, incoming, guard.most_bytes)
            except _RefusedError as refused:
                if _length(Headers(scope=scope)) <= 2 * guard.most_bytes:
                    await incoming.discard(guard.most_bytes)
                await refused.answer(path)(scope, receive, answer)
            except Disconnected:
                return
            else:
                await app(*passed, answer)

    return door


def _path(scope: Scope) -> str:
    """Return the path below what the server is mounted at, as the router sees it."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _with_headers(send: Send, *, private: bool) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            for name, value in _PRIVATE.items() if private else ():
                headers.setdefault(name, value)
        await send(message)

    return answer


def _check(scope: Scope, path: str, guard: Guard) -> None:
    headers = Headers(scope=scope)
    method: str = scope["method"]
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not guard.hosts.meant(hosts[0]):
        raise _RefusedError(
            400,
            f"the host {', '.join(hosts)[:80]!r} is not this server's; open it by its address, or "
            "tell the server the name it is reached by",
        )
    if not path.startswith("/"):
        raise _RefusedError(400, f"the path {path[:80]!r} is none; it begins with /")
    if method not in READING and from_elsewhere(
        headers.get("origin"), headers.get("sec-fetch-site"), hosts[0], guard.hosts
    ):
        raise _RefusedError(
            403,
            f"a page of {headers.get('origin', 'another site')[:80]!r} may not change anything "
            "here; use this server's own page, or a program",
        )
    if method not in READING or is_closed(path):
        _check_token(headers, needed_scope(method, path), guard)


def _check_token(headers: Headers, needed: str, guard: Guard) -> None:
    given = headers.getlist("authorization")
    if guard.hosts.loopback and not guard.keys.any():
        return  # one that is sent all the same is of another time, and opens nothing more
    kind, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    scope = guard.keys.scope_of(token.strip()) if kind.lower() == "bearer" else None
    if scope is None:
        what = "the token is not known or was revoked" if given else "this needs a token"
        raise _RefusedError(
            401,
            f"{what}; make one on the server with: whence token create --scope {needed}, and send "
            "it as Authorization: Bearer ...",
            {"WWW-Authenticate": "Bearer"},
        )
    if _RANK[scope] < _RANK[needed]:
        raise _RefusedError(
            403, f"the token's scope is {scope} and this needs {needed}; use a token that has it"
        )


def _length(headers: Headers) -> int:
    """Return the length that a body is said to have; 0 where it is not said."""
    said = headers.get("content-length", "0")
    return int(said) if said.isdecimal() else 0


async def _passed(scope: Scope, incoming: Incoming, most: int) -> tuple[Scope, Receive]:
    """Return the request for the application, its body read and decompressed."""
    headers = Headers(scope=scope)
    encoding = _encoding(headers)
    if encoding not in {*ENCODINGS, "identity"}:
        raise _RefusedError(
            400,
            f"the Content-Encoding {encoding[:80]!r} is not known; "
            f"use one of {', '.join(ENCODINGS)}, or none",
        )
    too_large = _RefusedError(
        413, f"the body is longer than {most:,} bytes; send it in pieces", {"Connection": "close"}
    )
    if _length(headers) > most:
        raise too_large
    try:
        body = await read_body(incoming, None if encoding == "identity" else encoding, most)
    except TooLarge:
        raise too_large from None
    except Undecodable:
        raise _RefusedError(
            400, f"the body is not {encoding}, or not all of it; send it again"
        ) from None
    return _as_it_is(scope, len(body)), _replay(body, incoming.receive)


def _encoding(headers: Headers) -> str:
    return headers.get("content-encoding", "identity").strip().lower()


def _counted(scope: Scope, receive: Receive, most: int) -> Receive:
    """Return a receive that gives a file as it comes, and raises `TooLarge` when it is too long."""
    headers = Headers(scope=scope)
    if _encoding(headers) != "identity":
        raise _RefusedError(
            400,
            "a file is taken as it is; send it without Content-Encoding",
            {"Connection": "close"},
        )
    too_large = f"the file is longer than {most:,} bytes, which is the most that this server takes"
    if _length(headers) > most:
        raise _RefusedError(413, too_large, {"Connection": "close"})
    came = 0

    async def again() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > most:
            raise TooLarge(too_large)
        return message

    return again


def _as_it_is(scope: Scope, length: int) -> Scope:
    """Return a request's scope with the headers of its decompressed body."""
    gone = {b"content-encoding", b"content-length", b"transfer-encoding"}
    headers = [(name, value) for name, value in scope["headers"] if name not in gone]
    headers.append((b"content-length", b"%d" % length))
    return {**scope, "headers": headers}


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive that gives the body, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
