"""Names for what is given none."""

from __future__ import annotations

import random

__all__ = ["invented_name"]

_KINDS = ("amber", "brisk", "calm", "deft", "eager", "fair", "glad", "keen", "lucid", "mild")
_ANIMALS = ("badger", "crane", "dove", "egret", "finch", "gecko", "heron", "ibis", "lynx", "otter")


def invented_name() -> str:
    """Return a name that people can say and tell from others."""
    return f"{random.choice(_KINDS)}-{random.choice(_ANIMALS)}-{random.randrange(1000)}"  # noqa: S311 - a name, no secret
