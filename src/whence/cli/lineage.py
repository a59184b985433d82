"""whence lineage: what something came from, and all that came from it.

WHAT is a model's name (what it answered in production), or dataset:NAME, dataset:NAME@DIGEST,
run:ID, model:NAME@VERSION, predictions:NAME@VERSION, labels:NAME.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from whence.api.dependencies import require
from whence.api.location import locate

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from whence.types.lineage import Lineage

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("of", metavar="WHAT", help="a model's name, or a reference: see above")
    parser.add_argument("--json", action="store_true", help="nodes and edges as JSON")


def run(given: argparse.Namespace) -> None:
    """Print two trees: what it came from, what came from it."""
    require("app")
    from whence.api.jobs import lineage  # noqa: PLC0415 - needs the extra `app`

    found = lineage(locate(given.store), given.of)
    if given.json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    titles = {node.ref: node.title for node in found.nodes}
    print(f"{titles[found.of]}   [{found.of}]")
    for heading, tree in (
        ("came from", _tree(found, before=True)),
        ("led to", _tree(found, before=False)),
    ):
        lines = list(tree)
        print(f"\n{heading}" + ("" if lines else ": nothing that the store knows of"))
        for line in lines:
            print(line)
    for before, after in found.loops:
        print(
            f"\nA loop: {titles[after]} was trained on data that come from {titles[before]}. "
            "Such data hold only what the model chose to show or to ask for."
        )
    if found.cut:
        print("\nThere is more than is shown here.")


def _tree(found: Lineage, *, before: bool) -> Iterator[str]:
    """Yield the lines of one direction; what was shown already is not opened again."""
    next_to: dict[str, list[tuple[str, str]]] = {}
    for edge in found.edges:
        here, there = (edge.after, edge.before) if before else (edge.before, edge.after)
        next_to.setdefault(here, []).append((there, edge.how))
    titles = {node.ref: node.title for node in found.nodes}
    stack = [(ref, how, 1) for ref, how in reversed(next_to.get(found.of, []))]
    shown = {found.of}
    while stack:
        ref, how, depth = stack.pop()
        again = ref in shown
        yield f"{'  ' * depth}{titles[ref]} ({how})   [{ref}]" + ("  as above" if again else "")
        if not again:
            shown.add(ref)
            stack += [(one, how, depth + 1) for one, how in reversed(next_to.get(ref, []))]
