"""Aliases: names of a registered model's versions that move from one to another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.store import registered_versions, registry

if TYPE_CHECKING:
    from whence.store.metadata import Metadata

__all__ = ["ALIAS", "LONGEST", "RESERVED", "remove", "set_alias"]

ALIAS = re.compile(r"[\w-]+")
"""What an alias may be: letters, digits, underscores and dashes."""

RESERVED = re.compile(r"latest|v[0-9]+", re.IGNORECASE)
"""Aliases that would be read as a version."""

LONGEST = 255
"""Characters of an alias."""


def set_alias(metadata: Metadata, model: str, alias: str, version: int) -> None:
    """Let an alias name a version of a model, and no longer the one it named before.

    Raises
    ------
    BadInput
        If that cannot be an alias.
    NotFound
        If there is no such model or version.
    """
    if not ALIAS.fullmatch(alias) or RESERVED.fullmatch(alias) or len(alias) > LONGEST:
        raise BadInput(
            f"the alias is {alias!r:.80}; give letters, digits, dashes and underscores, at most "
            f"{LONGEST}, and neither 'latest' nor a version such as 'v3'"
        )
    with metadata.transaction():
        registered_versions.known(metadata, model, version)
        metadata.run(
            "INSERT INTO aliases (model, alias, version) VALUES (?, ?, ?)"
            " ON CONFLICT (model, alias) DO UPDATE SET version = excluded.version",
            *(model, alias, version),
        )


def remove(metadata: Metadata, model: str, alias: str) -> None:
    """Remove an alias of a model, if it is there.

    Raises
    ------
    NotFound
        If there is no model of that name.
    """
    with metadata.transaction():
        registry.known(metadata, model)
        metadata.run("DELETE FROM aliases WHERE model = ? AND alias = ?", model, alias)
