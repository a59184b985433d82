"""The registered models, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.server.live import Change
from whence.server.native.endpoint import Endpoint
from whence.store import aliases
from whence.types.registry import NewAlias, RegisteredModelPage, RegistryPage
from whence.view.registry import MOST, model_page, registry_page

if TYPE_CHECKING:
    from whence.server.shared import Shared

__all__ = ["REGISTRY"]


class PageOf(msgspec.Struct, frozen=True, kw_only=True):
    """A page of registered models."""

    limit: int = MOST
    offset: int = 0


class OfName(msgspec.Struct, frozen=True, kw_only=True):
    """One registered model."""

    name: str


def list_models(shared: Shared, given: PageOf, _: None) -> RegistryPage:
    """Return the registered models, by name, at most 1,000 a page."""
    return registry_page(shared.store, limit=given.limit, offset=given.offset)


def one_model(shared: Shared, given: OfName, _: None) -> RegisteredModelPage:
    """Return a registered model with all its versions, the newest first."""
    return model_page(shared.store, given.name)


def set_alias(shared: Shared, given: OfName, said: NewAlias) -> RegisteredModelPage:
    """Let an alias name a version, or none any more; return the model as it is then."""
    metadata = shared.store.metadata
    if said.version is None:
        aliases.remove(metadata, given.name, said.alias)
    else:
        aliases.set_alias(metadata, given.name, said.alias, said.version)
    shared.live.tell(Change("", "registry"))
    return model_page(shared.store, given.name)


REGISTRY = (
    Endpoint("GET", "/registry", list_models, PageOf, gives=RegistryPage),
    Endpoint("GET", "/registry/{name}", one_model, OfName, gives=RegisteredModelPage),
    Endpoint("POST", "/registry/{name}/aliases", set_alias, OfName, NewAlias, RegisteredModelPage),
)
