"""Whether the server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from whence import __version__

if TYPE_CHECKING:
    from whence.server.native.endpoint import Nothing
    from whence.server.shared import Shared

__all__ = ["Health", "health"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/health`` answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


def health(_: Shared | None = None, __: Nothing | None = None, ___: None = None) -> Health:
    """Whether the server answers."""
    return Health()
