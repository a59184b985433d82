"""Artifacts as readers get them."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["ArtifactRow"]


class ArtifactRow(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a run: its path there, its bytes, their SHA-256, and when it was logged."""

    path: str
    size: int
    digest: str
    logged: datetime
