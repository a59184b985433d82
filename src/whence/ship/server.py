"""The server as a client sees it: its mirrors of journals, and the contents of artifacts."""

from __future__ import annotations

import http.client
import json
import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from whence import __version__

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["Away", "Locked", "Refused", "Reply", "Server"]

_SECONDS = 30.0
"""How long an answer may take: the server waits for its disk."""

_SECONDS_FOR_FILES = 600.0
"""The same of a file, which may be large: it is on the server's disk when it answers."""

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
        self._blobs = f"{parts.path}/api/v1/artifacts"
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

    def has(self, digest: str) -> bool:
        """Return whether the server has a content, which it then keeps for a day.

        Raises
        ------
        Away, Locked, Refused
            If it does not say.
        """
        status, said = self._exchange("HEAD", f"{self._blobs}/{digest}", b"")
        if status in {_OK, _NOT_FOUND}:
            return status == _OK
        raise self._unlike(status, said)

    def send(self, digest: str, path: Path) -> None:
        """Send a file as the content of that digest; on return it is on the server's disk.

        Raises
        ------
        FileNotFoundError
            If it is not there (any more).
        Away, Locked, Refused
            If the server does not take it, as far as this client knows.
        """
        status, said = self._exchange("PUT", f"{self._blobs}/{digest}", path)
        if status != _OK:
            raise self._unlike(status, said)

    def another(self) -> Server:
        """Return a further connection to the same server, for another thread."""
        token = self._headers.get("Authorization", "").removeprefix("Bearer ")
        return Server(self.address, token, seconds=_SECONDS_FOR_FILES)

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        self._connection.close()

    def _ask(self, method: str, path: str, content: bytes) -> Reply:
        return self._understand(*self._exchange(method, path, content))

    def _exchange(self, method: str, path: str, content: bytes | Path) -> tuple[int, bytes]:
        kept = self._connection.sock is not None
        try:
            return self._exchange_once(method, path, content)
        except Away:
            if not kept:
                raise
            # The server may have closed a connection that was idle; nothing is appended twice.
            return self._exchange_once(method, path, content)

    def _exchange_once(self, method: str, path: str, content: bytes | Path) -> tuple[int, bytes]:
        if isinstance(content, bytes):
            return self._send(method, path, content or None, {})
        with content.open("rb") as opened:
            size = os.fstat(opened.fileno()).st_size
            return self._send(method, path, opened, {"Content-Length": str(size)})

    def _send(
        self, method: str, path: str, body: bytes | BinaryIO | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, body, self._headers | headers)
            answer = self._connection.getresponse()
            said = answer.read(_MOST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Away(
                f"{self.address} does not answer: {error or type(error).__name__}"
            ) from error
        if not answer.isclosed():  # more than any answer of ours: what comes next would be its rest
            self._connection.close()
        return answer.status, said

    def _understand(self, status: int, said: bytes) -> Reply:
        length = _told(said).get("length")
        if status in {_OK, _CONFLICT} and isinstance(length, int):
            return Reply(status == _OK, length)
        raise self._unlike(status, said)

    def _unlike(self, status: int, said: bytes) -> Away | Locked | Refused:
        """Return the error for an answer other than what was asked for."""
        why = str(_told(said).get("error") or f"status {status}")
        if status in {_BAD, _TOO_LARGE}:
            return Refused(why)
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            return Locked(f"{self.address} lets nobody in without the right token: {why}")
        if status >= _SERVER_FAILED:
            return Away(f"{self.address} cannot take anything now: {why}")
        return Locked(f"{self.address} does not answer as a Whence server does: {why}")


def _told(said: bytes) -> dict[str, object]:
    try:
        told = json.loads(said)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
