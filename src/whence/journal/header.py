"""The first frame of a journal: its format, and the machine that writes it.

This frame keeps its layout in every format, so that an older reader can refuse a newer one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from whence import __version__
from whence.journal import frame
from whence.journal.format import FORMAT
from whence.journal.identity import Host, this_host

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Header", "new_header", "parse", "read_header"]

_LONGEST = 4096
"""More bytes than a header has: three names of at most 255, numbers and JSON."""


class Header(NamedTuple):
    """What a journal says of itself; `created` is in microseconds since 1970 UTC."""

    format: int
    host: Host
    created: int
    whence: str


def new_header() -> bytes:
    """Return the payload of a header for a journal begun now on this machine."""
    content = {
        "format": FORMAT,
        **this_host()._asdict(),
        "created": time.time_ns() // 1000,
        "whence": __version__,
    }
    import msgspec  # noqa: PLC0415 - who writes has loaded it; who delivers journals needs no more

    return msgspec.json.format(msgspec.json.encode(content), indent=0)


def parse(payload: bytes | memoryview) -> Header | None:
    """Return the header in a payload; None if the payload is something else."""
    import json  # noqa: PLC0415 - who only writes parses none

    try:
        content = json.loads(bytes(payload))
        host = Host(content["name"], content["machine"], content["boot"])
        return Header(int(content["format"]), host, int(content["created"]), content["whence"])
    except (ValueError, KeyError, TypeError):
        return None


def read_header(path: Path) -> Header | None:
    """Return a journal's header; None if it is damaged or not written yet."""
    with path.open("rb") as file:
        first = frame.decode(memoryview(file.read(_LONGEST)), 0)
    return None if first is None else parse(first.payload)
