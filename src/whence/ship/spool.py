"""The spool: the folder on this machine where records wait for their server.

::

    <spool>/
      whence.json     the format, as in every store
      server.json     the server's address
      journals/       what processes recorded and the server may not have yet
      artifacts/      what they logged, the same
      ship.lock       held by the process that ships; its number
      ship.log        what that process had to say
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from whence.errors import BadInput, StoreError
from whence.journal import open_folder
from whence.journal.unwritable import unwritable

__all__ = ["Spool", "address", "at", "is_address", "refuse_spool", "spool_for"]

_SERVER = "server.json"
_PRIVATE = 0o700  # what programs record is nobody else's business

_meant: dict[Path, str] = {}
"""The spools that this process has named by their servers, made or not yet."""


class Spool(NamedTuple):
    """A spool and the address of its server."""

    folder: Path
    server: str

    @property
    def journals(self) -> Path:
        """The folder of journals."""
        return self.folder / "journals"

    @property
    def lock(self) -> Path:
        """The file that the shipping process holds the lock on."""
        return self.folder / "ship.lock"

    @property
    def log(self) -> Path:
        """What the shipping process had to say."""
        return self.folder / "ship.log"

    def make(self) -> None:
        """Make the folder, for this user only, and note its server.

        Raises
        ------
        NewerStore
            If a newer Whence made it.
        StoreError
            If it is a store.
        Unwritable
            If it cannot be made.
        """
        if (self.folder / "whence.db").exists():
            raise StoreError(
                f"{self.folder} is a store and no spool; name another folder with --spool"
            )
        try:
            self.folder.mkdir(_PRIVATE, parents=True, exist_ok=True)
            open_folder(self.folder)
            self.journals.mkdir(exist_ok=True)
            if _noted(self.folder) != self.server:
                draft = self.folder / f".{_SERVER}.{os.getpid()}"
                draft.write_text(json.dumps({"server": self.server}) + "\n", "utf-8")
                draft.replace(self.folder / _SERVER)
        except OSError as error:
            raise unwritable(self.folder, error) from error


def is_address(store: str) -> bool:
    """Return whether a store is named by a server's address."""
    return store.lower().startswith(("http://", "https://"))


def address(given: str) -> str:
    """Return a server's address in its one form, without a slash at its end.

    Raises
    ------
    BadInput
        If it is no address of a server, or holds a password.
    """
    try:
        parts = urlsplit(given.strip())
        port = parts.port
    except ValueError as error:
        raise _no_address(given) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise _no_address(given)
    if parts.username is not None:
        raise BadInput(
            f"the address of the server {parts.hostname!r} holds a user or password; give a token "
            "in WHENCE_TOKEN instead"
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _no_address(given: str) -> BadInput:
    return BadInput(
        f"{given[:200]!r} is no address of a server; write http://host:port or https://host"
    )


def spool_for(server: str) -> Spool:
    """Return the spool for a server: a folder below ``WHENCE_SPOOL``, else of this user's state.

    Raises
    ------
    BadInput
        If it is no address of a server.
    """
    known = address(server)
    told = os.environ.get("WHENCE_SPOOL")
    root = Path(told).absolute() if told else _state() / "whence" / "spool"
    plain = re.sub(r"[^a-z0-9.-]+", "-", known.partition("://")[2].lower())[:60].strip("-.")
    folder = root / f"{plain}-{hashlib.sha256(known.encode()).hexdigest()[:12]}"
    _meant[folder] = known
    return Spool(folder, known)


def _state() -> Path:
    """Return where this system keeps what programs must not lose."""
    if sys.platform == "win32":  # pragma: no cover - Windows is untested
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    told = os.environ.get("XDG_STATE_HOME")
    if told and Path(told).is_absolute():
        return Path(told)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise BadInput(
            "this user has no home folder, so records have nowhere to wait for the server; name a "
            "folder in WHENCE_SPOOL"
        ) from error


def at(folder: Path) -> Spool:
    """Return the spool in a folder.

    Raises
    ------
    BadInput
        If there is none.
    """
    folder = folder.absolute()
    server = _noted(folder)
    if server is None:
        raise BadInput(f"{folder} is no spool: it names no server; name one with --to http://...")
    return Spool(folder, server)


def refuse_spool(folder: Path) -> None:
    """Do nothing if a folder is no spool, so that it can be read as a store.

    Raises
    ------
    BadInput
        If its records go to a server, where they are to be read.
    """
    server = _meant.get(folder) or _noted(folder)
    if server is not None:
        raise BadInput(
            f"the store is the server {server}, and this needs a folder; open {server} in a "
            "browser, or run this on the server's machine with its folder as --store"
        )


def _noted(folder: Path) -> str | None:
    try:
        server = json.loads((folder / _SERVER).read_bytes())["server"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise unwritable(folder, error) from error
    except (ValueError, KeyError, TypeError):
        server = None
    if not isinstance(server, str):
        raise StoreError(f"{folder / _SERVER} names no server; delete it, and record again")
    return server
