"""Records as bytes."""

from __future__ import annotations

import time

import msgspec

__all__ = ["MOST_BYTES", "encode", "now"]

MOST_BYTES = 8 * 2**20
"""The most that one record holds, so that no reader needs much memory for one."""

encode = msgspec.msgpack.Encoder().encode
"""Return anything that msgspec knows as MessagePack."""


def now() -> int:
    """Return microseconds since 1970 UTC."""
    return time.time_ns() // 1000
