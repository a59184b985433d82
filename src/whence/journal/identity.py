"""Who writes: a new name for each journal, and what tells this machine from others."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["Host", "this_host", "uuid7"]

_VERSION = 7 << 76
_VARIANT = 0b10 << 62
_BELOW_VERSION = (1 << 76) - 1
_BELOW_VARIANT = (1 << 62) - 1
_RANDOM_BYTES = 10


def uuid7() -> str:
    """Return a new UUID version 7 (RFC 9562, section 5.7) as 32 hexadecimal digits.

    48 bits of milliseconds since 1970 come first, so that names sort by time; 74 are random.
    Python has its own from 3.14 on.
    """
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(_RANDOM_BYTES), "big")
    high = (noise >> 64 << 64) & _BELOW_VERSION
    low = noise & _BELOW_VARIANT
    return f"{milliseconds << 80 | _VERSION | high | _VARIANT | low:032x}"


class Host(NamedTuple):
    """The machine that a journal was written on.

    `boot` is one run of one kernel, the reach of its locks; containers share it. `machine` is
    the installation. Both are empty where the system does not tell.
    """

    name: str
    machine: str
    boot: str


@cache
def this_host() -> Host:
    """Return the machine this process runs on."""
    return Host(
        _name(),
        _line(Path("/etc/machine-id")),
        _line(Path("/proc/sys/kernel/random/boot_id")),
    )


def _name() -> str:
    """Return the machine's name, "" where the system does not tell; `platform` loads slowly."""
    name = os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")
    return name.encode("utf-8", "replace").decode()  # any bytes can be a name


def _line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):  # absent outside Linux and in bare containers
        return ""
