"""Tokens: what lets a program or a person in, each with a scope, kept as digests.

A token's secret is 256 random bits, so its SHA-256 can be kept as it is: there is nothing to
guess from, which is what slow digests such as scrypt are for, and each request pays for one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import time
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from whence.errors import BadInput, NotFound
from whence.journal import find_folder, open_folder
from whence.store.metadata import Metadata
from whence.types.time import moment

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["SCOPES", "Scope", "Token", "Tokens"]

Scope = Literal["read", "write", "admin"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
"""From least to most: whoever may write may read, and an admin may do both."""

_SECRET_BYTES = 32
_ID_BYTES = 4
_LONGEST_NAME = 200
_TOKEN = re.compile(r"whence_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_NOBODY = bytes(hashlib.sha256().digest_size)


class Token(NamedTuple):
    """A token as it is kept; nobody can make the token itself from it."""

    id: str
    name: str
    scope: Scope
    created: datetime
    revoked: datetime | None


class Tokens:
    """The tokens of one store; any thread may ask.

    Parameters
    ----------
    store
        The store's folder, made when absent.
    reading
        Whether tokens are only looked at; see `StoreFolder`.

    Raises
    ------
    NewerStore, NotFound, Unwritable
        If the store cannot be used; its database is opened when first asked.
    """

    def __init__(self, store: Path, *, reading: bool = False) -> None:
        folder = find_folder(store) if reading else open_folder(store)
        self._path, self._reading = folder / "whence.db", reading
        self._opened = threading.local()

    @property
    def _metadata(self) -> Metadata:
        """The database as this thread has it open: a connection belongs to one thread."""
        found = getattr(self._opened, "metadata", None)
        if not isinstance(found, Metadata):
            found = self._opened.metadata = Metadata(self._path, reading=self._reading)
        return found

    def create(self, scope: Scope, name: str) -> str:
        """Make a token and return it; it is not kept and cannot be shown again.

        Raises
        ------
        BadInput
            If the scope is none, or the name is empty or long.
        """
        if scope not in SCOPES:
            raise BadInput(f"{scope!r} is no scope; give one of {', '.join(SCOPES)}")
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise BadInput(
                f"a token's name has 1 to {_LONGEST_NAME} characters, this has {len(name)}; say "
                "who or what will use it"
            )
        key = secrets.token_hex(_ID_BYTES)
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        self._metadata.run(
            "INSERT INTO tokens (id, name, scope, digest, created) VALUES (?, ?, ?, ?, ?)",
            key, name, scope, _digest(secret), time.time_ns() // 1000,
        )  # fmt: skip
        return f"whence_{key}_{secret}"

    def all(self) -> list[Token]:
        """Return all tokens, revoked ones too, the oldest first."""
        rows = self._metadata.all(
            "SELECT id, name, scope, created, revoked FROM tokens ORDER BY created, id"
        )
        return [
            Token(key, name, scope, moment(made), None if gone is None else moment(gone))
            for key, name, scope, made, gone in rows
        ]

    def revoke(self, key: str) -> Token:
        """Let a token in no more, from the next request on; return it as it is then.

        Parameters
        ----------
        key
            Its id, or its name if no other token in use has that name.

        Raises
        ------
        NotFound
            If no token in use has it.
        BadInput
            If several have that name.
        """
        found = [one for one in self.all() if one.revoked is None and key in {one.id, one.name}]
        if not found:
            raise NotFound(f"no token in use has the id or name {key!r}; see whence token list")
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            raise BadInput(f"{len(found)} tokens have the name {key!r}; name one by its id: {ids}")
        now = time.time_ns() // 1000
        self._metadata.run("UPDATE tokens SET revoked = ? WHERE id = ?", now, found[0].id)
        return found[0]._replace(revoked=moment(now))

    def any(self) -> bool:
        """Return whether there are tokens, so that requests without one are refused.

        Revoked ones count: to revoke the last one must not open the door.
        """
        return self._metadata.one("SELECT 1 FROM tokens LIMIT 1") is not None

    def scope_of(self, token: str) -> Scope | None:
        """Return what a token allows; None if it is no token in use.

        How long it takes says nothing about how much of a secret is right.
        """
        found = _TOKEN.fullmatch(token)
        if found is None:
            return None
        row = self._metadata.one(
            "SELECT scope, digest FROM tokens WHERE id = ? AND revoked IS NULL", found[1]
        )
        scope, digest = row or (None, _NOBODY)
        return scope if hmac.compare_digest(_digest(found[2]), digest) else None


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()
