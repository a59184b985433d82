"""The packages of an extra, asked for before the work begins."""

from __future__ import annotations

from importlib.util import find_spec

from whence.errors import MissingDependency

__all__ = ["require"]

_PACKAGES = {
    "app": ("numpy", "pyarrow", "deltalake", "scipy", "sklearn", "rich"),
    "images": ("PIL",),
    "notify": ("apprise",),
    "server": ("duckdb", "starlette", "uvicorn"),
}


def require(extra: str) -> None:
    """Do nothing if an extra is installed.

    Raises
    ------
    MissingDependency
        Naming the first of its packages that is not.
    """
    for package in _PACKAGES[extra]:
        if find_spec(package) is None:
            raise MissingDependency(package, extra)
