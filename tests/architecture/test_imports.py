"""The dependency rule: a part imports only from parts above it; a package belongs to one room."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src/whence"

HOUSE = [
    "errors", "types", "inputs", "journal", "record", "ship", "profile", "store", "watch",
    "causes", "why", "work", "view", "notify", "api", "demo", "server", "cli",
]  # fmt: skip
"""From the top down; `__init__` (lazy names) is exempt."""

STRANGERS = [{"watch", "causes", "inputs"}]
"""Parts that never import each other, whatever their order."""

ROOMS = {
    "PIL": {"inputs", "demo"},
    "apprise": {"notify"},
    "deltalake": {"store"},
    "duckdb": {"view"},
    "starlette": {"server"},
    "uvicorn": {"server"},
    "rich": {"cli"},
    "sklearn": {"causes", "why", "demo"},
    "nanoarrow": {"record"},
    "msgspec": {
        "types",
        "journal",
        "ship",
        "record",
        "profile",
        "store",
        "why",
        "work",
        "view",
        "server",
        "cli",
    },
    "pyarrow": {"record", "profile", "store", "work", "why", "view"},
    "scipy": {"watch", "causes", "why"},
}
"""Third-party package -> the rooms that may import it."""


def modules():
    return sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


def imports(path):
    """Yield (module, whether only type checkers see it) of every import, nested ones too."""
    tree = ast.parse(path.read_text("utf-8"))
    for_types = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and getattr(test.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in for_types
        elif isinstance(node, ast.ImportFrom):
            if node.module == "whence":
                for alias in node.names:
                    yield f"whence.{alias.name}", id(node) in for_types
            else:
                yield node.module, id(node) in for_types


def part(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_up(path):
    here = part(path)
    for module, _ in imports(path):
        names = module.split(".")
        if names[0] != "whence" or len(names) == 1 or names[1] == "__version__":
            continue
        there = names[1]
        assert there in HOUSE, f"{path} imports whence.{there}, which is no part of the house"
        assert HOUSE.index(there) <= HOUSE.index(here), f"{here} must not import {there}"
        for strangers in STRANGERS:
            assert here == there or not {here, there} <= strangers, f"{here} imports {there}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_packages_stay_in_their_rooms(path):
    for module, only_types in imports(path):
        package = module.split(".")[0]
        if package in ROOMS and not only_types:
            assert part(path) in ROOMS[package], f"{part(path)} must not import {package}"


def test_every_part_is_in_the_house():
    parts = {part(path) for path in modules()}
    assert parts == set(HOUSE)
