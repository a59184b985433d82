"""What came from what: the nodes and edges of the lineage of a store.

A node is named by its kind and what it is: ``dataset:NAME@DIGEST``, ``run:ID``,
``model:NAME@VERSION`` (a registered version), ``predictions:NAME@VERSION`` and
``predictions:NAME`` (what a model answered in production), ``labels:NAME`` (the truth of them).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import msgspec

from whence.errors import BadInput

__all__ = ["Edge", "Kind", "Lineage", "Node", "Ref"]

Kind = Literal["dataset", "run", "model", "predictions", "labels"]

_MODEL_NEEDS_VERSION = "model"


class Ref(NamedTuple):
    """The name of a node; `part` is a digest or a version, "" where none is said."""

    kind: Kind
    name: str
    part: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}@{self.part}" if self.part else f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Return what a text names.

        Raises
        ------
        BadInput
            If it names nothing.
        """
        kind, colon, rest = text.partition(":")
        name, _, part = rest.rpartition("@") if "@" in rest else (rest, "", "")
        for known in get_args(Kind):
            if colon and kind == known and name:
                if known == _MODEL_NEEDS_VERSION and not part:
                    break
                return cls(known, name, part)
        raise BadInput(
            f"{text!r:.200} names nothing in a lineage; write dataset:NAME@DIGEST, run:ID, "
            "model:NAME@VERSION, predictions:NAME@VERSION, predictions:NAME or labels:NAME"
        )


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One thing; `title` in words, `depth` its edges from what was asked for (negative: before)."""

    ref: str
    kind: Kind
    title: str
    depth: int


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """`after` came from `before`; `how` in words: "trained on", "made"..."""

    before: str
    after: str
    how: str


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """What something came from, and all that came from it.

    `loops` are models whose training data hold what an earlier version of them answered:
    from version to version, as references. `cut` says that there is more than is shown.
    """

    of: str
    nodes: list[Node]
    edges: list[Edge]
    loops: list[list[str]]
    cut: bool
