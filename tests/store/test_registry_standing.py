"""What a server asks to learn whether an open page of the registry is out of date."""

import pytest

from whence.store import aliases, registered_versions, registry
from whence.store.folder import StoreFolder


@pytest.fixture
def metadata(tmp_path):
    store = StoreFolder(tmp_path / "store")
    yield store.metadata
    store.metadata.close()


def add(metadata):
    origin = registered_versions.Origin("s3://elsewhere", "s3://elsewhere")
    registered_versions.create(metadata, "shop", origin)


DEEDS = {
    "a version": add,
    "an alias": lambda metadata: aliases.set_alias(metadata, "shop", "production", 1),
    "the alias moves": lambda metadata: aliases.set_alias(metadata, "shop", "production", 2),
    "the alias goes": lambda metadata: aliases.remove(metadata, "shop", "production"),
    "a tag": lambda metadata: registry.set_tag(metadata, "shop", "by", "Ada"),
    "another value": lambda metadata: registry.set_tag(metadata, "shop", "by", "Eve"),
    "a tag of a version": lambda metadata: registered_versions.set_tag(
        metadata, "shop", 1, "by", "Ada"
    ),
    "a description": lambda metadata: registry.describe(metadata, "shop", "What to show"),
    "of a version": lambda metadata: registered_versions.describe(metadata, "shop", 2, "Better"),
    "a stage": lambda metadata: registered_versions.set_stage(metadata, "shop", 2, "Production"),
    "a version goes": lambda metadata: registered_versions.delete(metadata, "shop", 2),
    "another name": lambda metadata: registry.rename(metadata, "shop", "till"),
    "it goes": lambda metadata: registry.delete(metadata, "till"),
}


def test_every_deed_is_seen_and_nothing_else(metadata):
    assert registry.standing(metadata) == 0
    registry.create(metadata, "shop")
    add(metadata)
    before = registry.standing(metadata)
    for what, deed in DEEDS.items():
        deed(metadata)
        found = registry.standing(metadata)
        assert found != before, what
        assert found == registry.standing(metadata)
        before = found
    assert before == 0
