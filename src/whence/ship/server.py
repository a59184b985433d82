"""The server as a client sees it: how long its mirrors are, and bytes appended to them."""

from __future__ import annotations

import http.client
import json
import os
from typing import NamedTuple
from urllib.parse import urlsplit

from whence import __version__

__all__ = ["Away", "Locked", "Refused", "Reply", "Server"]

_SECONDS = 30.0
"""How long an answer may take: the server waits for its disk."""

_MOST_ANSWER = 65536
"""More bytes than an answer of a Whence server has."""

_OK, _BAD, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 200, 400, 401, 403, 404, 409
_TOO_LARGE = 413
_SERVER_FAILED = 500


class Away(Exception):
    """The server cannot be reached, or cannot take anything now; try again later."""


class Locked(Exception):
    """The server lets this client do nothing; trying again changes nothing."""


class Refused(Exception):
    """The server will never take this journal."""


class Reply(NamedTuple):
    """Whether an append was taken, and how long the mirror is."""

    taken: bool
    length: int


class Server:
    """A connection to a server, opened when needed; for one thread.

    Parameters
    ----------
    address
        ``http://host:port``.
    token
        What lets this client in; ``WHENCE_TOKEN`` if None.
    seconds
        How long to wait for the server at each step.
    """

    def __init__(
        self, address: str, token: str | None = None, *, seconds: float = _SECONDS
    ) -> None:
        self.address = address
        parts = urlsplit(address)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._connection = kind(parts.hostname or "", parts.port, timeout=seconds)
        self._path = f"{parts.path}/api/v1/journals"
        self._headers = {
            "User-Agent": f"whence/{__version__}",
            "Content-Type": "application/octet-stream",
        }
        token = (os.environ.get("WHENCE_TOKEN") or "").strip() if token is None else token
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def length(self, name: str) -> int:
        """Return how many bytes of a journal the server has.

        Raises
        ------
        Away, Locked, Refused
            If it does not say.
        """
        return self._ask("GET", f"{self._path}/{name}", b"").length

    def append(self, name: str, offset: int, content: bytes, *, ended: bool = False) -> Reply:
        """Append bytes of a journal where the server's mirror ends; elsewhere it takes none.

        Raises
        ------
        Away, Locked, Refused
            If it did not, as far as this client knows.
        """
        query = f"?offset={offset}{'&ended=1' if ended else ''}"
        return self._ask("PUT", f"{self._path}/{name}{query}", content)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def _ask(self, method: str, path: str, content: bytes) -> Reply:
        kept = self._connection.sock is not None
        try:
            return self._ask_once(method, path, content)
        except Away:
            if not kept:
                raise
            # The server may have closed a connection that was idle; nothing is appended twice.
            return self._ask_once(method, path, content)

    def _ask_once(self, method: str, path: str, content: bytes) -> Reply:
        try:
            self._connection.request(method, path, content or None, self._headers)
            answer = self._connection.getresponse()
            said = answer.read(_MOST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Away(
                f"{self.address} does not answer: {error or type(error).__name__}"
            ) from error
        if not answer.isclosed():  # more than any answer of ours: what comes next would be its rest
            self._connection.close()
        return self._understand(answer.status, said)

    def _understand(self, status: int, said: bytes) -> Reply:
        try:
            told = json.loads(said)
        except ValueError:
            told = None
        told = told if isinstance(told, dict) else {}
        length = told.get("length")
        if status in {_OK, _CONFLICT} and isinstance(length, int):
            return Reply(status == _OK, length)
        why = str(told.get("error") or f"status {status}")
        if status in {_BAD, _TOO_LARGE}:
            raise Refused(why)
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            raise Locked(f"{self.address} lets nobody in without the right token: {why}")
        if status >= _SERVER_FAILED:
            raise Away(f"{self.address} cannot take anything now: {why}")
        raise Locked(f"{self.address} does not answer as a Whence server does: {why}")
