"""What the spans of a trace used and cost together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Node", "total"]


class Node(NamedTuple):
    """A span in its tree, and what it counted; None if nothing."""

    id: str
    parent: str | None
    counted: Mapping[str, float] | None


def total(nodes: Sequence[Node], always: Sequence[str]) -> dict[str, float] | None:
    """Return the sums over a tree of spans; None if no span counted anything.

    Frameworks write onto a span what all spans below it used too, so of a branch only the span
    nearest to the root counts.

    Parameters
    ----------
    always
        What every sum has, be it 0; anything else is summed where it was counted.
    """
    known = {node.id for node in nodes}
    below: dict[str | None, list[Node]] = {}
    for node in nodes:
        parent = node.parent if node.parent in known else None
        below.setdefault(parent, []).append(node)
    sums: dict[str, float] = dict.fromkeys(always, 0)
    found = False
    # A list instead of recursion: traces are deeper than Python's stack.
    open_ = below.pop(None, [])
    while open_:
        node = open_.pop()
        if node.counted is None:
            open_ += below.pop(node.id, [])
            continue
        found = True
        for name, number in node.counted.items():
            sums[name] = sums.get(name, 0) + number
    return sums if found else None
