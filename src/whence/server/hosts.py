"""Who a request is meant for, and where it comes from: the checks that need no secret.

A page of another site can make a browser send requests to this server, in two ways. It can let
its own name point here, so that the browser takes both for one site (DNS rebinding): such a
request has that name in ``Host``. Or it can send one across (CSRF): such a request has the other
site in ``Origin``, and ``Sec-Fetch-Site`` says so.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Hosts", "from_elsewhere"]

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE)
_ORIGIN = re.compile(r"https?://([^/?#@]+)", re.IGNORECASE)
_UNNAMED_PORTS = frozenset({80, 443})
"""Ports that a URL leaves out."""

_OWN = frozenset({"same-origin", "none"})
"""What ``Sec-Fetch-Site`` says of a page's own requests, and of those that a person typed in."""


class _Named(NamedTuple):
    name: str
    port: int | None


def _parse(host: str) -> _Named | None:
    found = _HOST.fullmatch(host)
    if found is None:
        return None
    name = found[1].lower().removesuffix(".")
    return _Named(name, None if found[2] is None else int(found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """The hosts that this server answers for.

    An address cannot be rebound, so on a bind that is open to others every address will do; a
    name must be ``localhost`` or configured.

    Parameters
    ----------
    port
        The port that the server is bound to.
    loopback
        Whether it is bound to this machine alone.
    names
        Further names it is reached by, as ``name`` (any port: a proxy's) or ``name:port``.
    """

    port: int
    loopback: bool
    names: frozenset[str] = frozenset()

    def meant(self, host: str) -> bool:
        """Return whether a ``Host`` header means this server."""
        if self.named(host):
            return True
        found = _parse(host)
        if found is None:
            return False
        port = found.port
        if port != self.port and (port is not None or self.port not in _UNNAMED_PORTS):
            return False
        return found.name == "localhost" or self._own_address(found.name)

    def named(self, host: str) -> bool:
        """Return whether a host is one of the configured names."""
        found = _parse(host)
        known = {name.lower() for name in self.names}
        return found is not None and (found.name in known or f"{found.name}:{found.port}" in known)

    def _own_address(self, name: str) -> bool:
        try:
            address = ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return address.is_loopback or not self.loopback


def from_elsewhere(origin: str | None, site: str | None, host: str, hosts: Hosts) -> bool:
    """Return whether a page of another site sent a request; programs send neither header.

    Parameters
    ----------
    origin, site
        The headers ``Origin`` and ``Sec-Fetch-Site``.
    host
        The header ``Host``, which means this server.
    hosts
        What this server is called: a proxy may have put another name into ``Host``.
    """
    if site is not None and site not in _OWN:
        return True
    if origin is None:
        return False
    found = _ORIGIN.fullmatch(origin)
    return found is None or not (found[1].lower() == host.lower() or hosts.named(found[1]))
