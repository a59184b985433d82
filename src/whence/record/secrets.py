"""Values that look like secrets, by the names they have or by their own form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["HIDDEN", "address_without_secrets", "arguments_without_secrets", "hide_values"]

HIDDEN = "(hidden)"
"""Stands where a secret did."""

_SECRET = ("password", "passwd", "passphrase", "secret", "token", "credential", "credentials",
           "apikey", "authorization")  # fmt: skip
"""How a word in a secret's name ends: PGPASSWORD and HF_TOKEN do, --max-tokens does not."""

_KEYS = frozenset({"api", "access", "private", "secret", "account", "ssh"})
"""Words that make a key a secret one."""

_SIGNS = str.maketrans("-. ", "___")


def hide_values(named: Mapping[str, str]) -> dict[str, str]:
    """Return values by name, those hidden whose name says that they are secret."""
    return {
        name: HIDDEN if _is_secret(name) else address_without_secrets(value)
        for name, value in named.items()
    }


def arguments_without_secrets(arguments: Iterable[str]) -> list[str]:
    """Return a command line with the values of options such as ``--api-key`` hidden."""
    shown: list[str] = []
    hide = False
    for one in arguments:
        name, sign, _ = one.partition("=")
        if hide and not one.startswith("-"):
            shown.append(HIDDEN)
        elif sign and _is_secret(name):
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(address_without_secrets(one))
        hide = one.startswith("-") and not sign and _is_secret(name)
    return shown


def address_without_secrets(address: str) -> str:
    """Return a text, of an address (``scheme://...``) without who may ask: user and password."""
    scheme, sign, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    if not sign or "@" not in host:
        return address
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _is_secret(name: str) -> bool:
    words = [word for word in name.lower().translate(_SIGNS).split("_") if word]
    keys = "key" in words and not _KEYS.isdisjoint(words)
    return keys or any(word.endswith(_SECRET) for word in words)
