"""What a program runs in: Python, machine, user, installed packages."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from whence.record.command import shortened
from whence.record.secrets import hide_values
from whence.record.values import text
from whence.types.captured import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["environment", "memory_bytes", "packages", "variables"]

_SUFFIXES = (".dist-info", ".egg-info")
_GPUS = Path("/proc/driver/nvidia/gpus")
_MEMORY = Path("/proc/meminfo")


def variables() -> dict[str, str]:
    """Return the environment variables, the values of secret ones hidden."""
    return {shortened(name): shortened(value) for name, value in hide_values(os.environ).items()}


def environment() -> Environment:
    """Return what this process runs in.

    The system may look up the user's name over a network: not for a thread that is waited for.
    """
    return Environment(
        python=".".join(map(str, sys.version_info[:3])),
        implementation=sys.implementation.name,
        executable=text(sys.executable or ""),
        platform=_platform(),
        host=_host(),
        user=_user(),
        processors=os.cpu_count() or 1,
        memory=memory_bytes("MemTotal"),
        gpus=_gpus(),
        packages=packages(),
    )


def packages() -> dict[str, str]:
    """Return the installed distributions, name -> version, in the order of names.

    Read from the names of their folders, which by the standard hold both (packaging.python.org,
    "Recording installed projects"): opening each one's metadata takes a hundred times as long.
    Of two of one name the first on the path is the one that is imported.
    """
    found: dict[str, str] = {}
    for name, version in _distributions():
        if name and version:
            found.setdefault(name.lower().replace("_", "-").replace(".", "-"), version)
    return dict(sorted(found.items()))


def _distributions() -> Iterator[tuple[str, str]]:
    for place in dict.fromkeys(sys.path):
        try:
            entries = sorted(entry.name for entry in os.scandir(place or "."))
        except OSError:  # zip files, and folders that are not there
            continue
        for entry in entries:
            if entry.endswith(_SUFFIXES):
                name, _, rest = entry.rpartition(".")[0].partition("-")
                yield text(name), text(rest.partition("-py")[0])


def memory_bytes(field: str) -> int | None:
    """Return a field of Linux's ``/proc/meminfo`` in bytes; None elsewhere."""
    try:
        lines = _MEMORY.read_text("ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, rest = line.partition(":")
        if name == field:
            return int(rest.split()[0]) * 1024  # the kernel's "kB" are 1,024 bytes (proc(5))
    return None


def _platform() -> str:
    if not hasattr(os, "uname"):  # pragma: no cover - Windows
        return sys.platform
    told = os.uname()
    return f"{told.sysname} {told.release} {told.machine}"


def _host() -> str:
    if not hasattr(os, "uname"):  # pragma: no cover - Windows
        return os.environ.get("COMPUTERNAME", "")
    return text(os.uname().nodename)


def _user() -> str:
    for name in ("LOGNAME", "USER", "USERNAME"):
        if os.environ.get(name):
            return text(os.environ[name])
    try:
        from pwd import getpwuid  # noqa: PLC0415 - Windows has none

        return text(getpwuid(os.getuid()).pw_name)
    except (ImportError, KeyError):  # a container's user need not have a name
        return str(os.getuid()) if hasattr(os, "getuid") else ""


def _gpus() -> list[str]:
    """Return the models of NVIDIA's GPUs as their Linux driver names them."""
    models = []
    for file in sorted(_GPUS.glob("*/information")):
        for line in file.read_text("utf-8", "replace").splitlines():
            name, _, value = line.partition(":")
            if name == "Model":
                models.append(value.strip())
    return models
