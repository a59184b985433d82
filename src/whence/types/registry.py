"""Registered models and their versions as readers get them."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["NewAlias", "RegisteredModelPage", "RegisteredModelRow", "RegistryPage", "VersionRow"]


class NewAlias(msgspec.Struct, frozen=True, kw_only=True):
    """The version that an alias shall name; null for none."""

    alias: str
    version: int | None


class RegisteredModelRow(msgspec.Struct, frozen=True, kw_only=True):
    """One registered model.

    `latest` is the number of its last version, null if it has none; `aliases` has the number of
    the version that each alias names; `updated` is when it, or which versions it has or at which
    stage they are, last changed.
    """

    name: str
    description: str
    latest: int | None
    aliases: dict[str, int]
    tags: dict[str, str]
    created: datetime
    updated: datetime


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a registered model.

    `source` is the URI of its files: ``runs:/RUN/PATH``, ``models:/NAME/3`` of another version,
    or anywhere else; `run` and `logged_model` are ids of what made it, null if that is not known;
    `stage` is ``"None"``, ``"Staging"``, ``"Production"`` or ``"Archived"``.
    """

    model: str
    version: int
    source: str
    run: str | None
    logged_model: str | None
    description: str
    stage: str
    aliases: list[str]
    tags: dict[str, str]
    created: datetime
    updated: datetime


class RegistryPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the registered models, by name, and how many there are."""

    models: list[RegisteredModelRow]
    total: int


class RegisteredModelPage(msgspec.Struct, frozen=True, kw_only=True):
    """One registered model with all its versions, the newest first."""

    model: RegisteredModelRow
    versions: list[VersionRow]
