"""What came from what: walked from anything, back to its sources and forward to its heirs."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from whence.errors import NotFound
from whence.store import lineage as kept
from whence.types.lineage import Edge, Lineage, Node, Ref
from whence.view.versions import first_seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from whence.store.folder import StoreFolder

__all__ = ["MOST_NODES", "lineage"]

MOST_NODES = 300
"""Nodes of one walk: more is no picture."""

_Step = tuple[Ref, str]


def lineage(store: StoreFolder, of: str) -> Lineage:
    """Return what something came from, and all that came from it.

    Parameters
    ----------
    of
        A reference (see `whence.types.lineage`), or a model's name: what it answered.

    Raises
    ------
    BadInput
        If it names nothing.
    NotFound
        If the store has no such thing.
    """
    graph = _Graph(store)
    start = graph.start(of)
    depths = {start: 0}
    edges: dict[tuple[Ref, Ref], str] = {}
    cut = False
    for onward, sign in ((graph.before, -1), (graph.after, 1)):
        cut |= _walk(start, onward, sign, depths, edges)
    shown = {ref for pair in edges for ref in pair} | {start}
    return Lineage(
        of=str(start),
        nodes=[
            Node(ref=str(ref), kind=ref.kind, title=graph.title(ref), depth=depth)
            for ref, depth in sorted(depths.items(), key=lambda item: (item[1], item[0]))
            if ref in shown
        ],
        edges=[
            Edge(before=str(before), after=str(after), how=how)
            for (before, after), how in sorted(edges.items())
        ],
        loops=_loops(edges),
        cut=cut,
    )


def _walk(
    start: Ref,
    onward: Callable[[Ref], Iterable[_Step]],
    sign: int,
    depths: dict[Ref, int],
    edges: dict[tuple[Ref, Ref], str],
) -> bool:
    """Add what lies in one direction, nearest first, and return whether some was left out."""
    queue, seen = deque([start]), {start}
    while queue:
        here = queue.popleft()
        for there, how in onward(here):
            if there not in seen and len(depths) >= MOST_NODES:
                return True
            edges[(here, there) if sign > 0 else (there, here)] = how
            if there not in seen:
                seen.add(there)
                queue.append(there)
                depths.setdefault(there, depths[here] + sign)
    return False


class _Graph:
    """The edges at one node, as the store's facts give them."""

    def __init__(self, store: StoreFolder) -> None:
        self._store = store
        self._metadata = store.metadata

    def start(self, of: str) -> Ref:
        """Return what is asked for, whole: a dataset without digest is its newest."""
        if of in self._store.models():
            return Ref("predictions", of)
        ref = Ref.parse(of)
        found = self._whole(ref)
        if found is None:
            raise NotFound(
                f"the store {self._store.path} has no {ref}; whence runs, whence models and "
                "whence doctor name what there is"
            )
        return found

    def _whole(self, ref: Ref) -> Ref | None:
        match ref.kind:
            case "dataset":
                return kept.newest(self._metadata, ref)
            case "run":
                return ref if kept.run_title(self._metadata, ref.name) is not None else None
            case "model":
                return ref if kept.run_of(self._metadata, ref) is not None else None
            case "predictions" if ref.part:
                return ref if ref.part in self._versions(ref.name) else None
        return ref if ref.name in self._store.models() else None

    def before(self, ref: Ref) -> list[_Step]:
        """Return what a node came from, and how."""
        metadata = self._metadata
        match ref.kind:
            case "dataset":
                return [(origin, "made from") for origin in kept.origins(metadata, ref)]
            case "run":
                return [(one, _as(context)) for one, context in kept.used(metadata, ref.name)]
            case "model":
                run = kept.run_of(metadata, ref)
                return [(Ref("run", run), "made")] if run else []
            case "labels":
                return [(Ref("predictions", ref.name), "are the truth of")]
        return self._before_answers(ref)

    def _before_answers(self, ref: Ref) -> list[_Step]:
        if not ref.part:
            return [(Ref("predictions", ref.name, version), "is part of")
                    for version in self._versions(ref.name)]  # fmt: skip
        version = Ref("model", ref.name, ref.part)
        registered = kept.run_of(self._metadata, version) is not None
        return [(version, "answered")] if registered else []

    def after(self, ref: Ref) -> list[_Step]:
        """Return what came from a node, and how."""
        made = [(dataset, "made from") for dataset in kept.made_of(self._metadata, ref)]
        return made + self._after(ref)

    def _after(self, ref: Ref) -> list[_Step]:
        metadata = self._metadata
        match ref.kind:
            case "dataset":
                return [(Ref("run", run), _as(context))
                        for run, context in kept.users(metadata, ref)]  # fmt: skip
            case "run":
                return [(model, "made") for model in kept.versions_of(metadata, ref.name)]
            case "model" if ref.part in self._versions(ref.name):
                return [(Ref("predictions", ref.name, ref.part), "answered")]
            case "predictions" if ref.part:
                return [(Ref("predictions", ref.name), "is part of")]
            case "predictions" if ref.name in self._store.models():
                return [(Ref("labels", ref.name), "are the truth of")]
        return []

    def _versions(self, model: str) -> list[str]:
        return sorted(first_seen(self._store, model)) if model in self._store.models() else []

    def title(self, ref: Ref) -> str:
        """Return a node in words."""
        match ref.kind:
            case "run":
                return f"run {kept.run_title(self._metadata, ref.name) or ref.name}"
            case "dataset":
                return f"dataset {ref.name} ({ref.part[:8]})"
            case "model":
                return f"{ref.name}, version {ref.part}"
            case "predictions":
                who = f"{ref.name}, version {ref.part}," if ref.part else ref.name
                return f"what {who} answered"
        return f"labels of {ref.name}"


def _as(context: str) -> str:
    return f"used for {context}" if context else "used"


def _loops(edges: dict[tuple[Ref, Ref], str]) -> list[list[str]]:
    """Return from which version to which a model was trained on what it answered itself."""
    heirs: dict[Ref, set[Ref]] = {}
    for before, after in edges:
        heirs.setdefault(before, set()).add(after)
    found = []
    for answered in sorted(ref for ref in heirs if ref.kind == "predictions"):
        reached, queue = set(), deque([answered])
        while queue:
            for ref in heirs.get(queue.popleft(), ()):
                if ref not in reached:
                    reached.add(ref)
                    queue.append(ref)
        found += [
            [str(answered), str(ref)]
            for ref in sorted(reached)
            if ref.kind == "model" and ref.name == answered.name
            and (answered.part or not _has_versions(heirs, answered))
        ]  # fmt: skip
    return found


def _has_versions(heirs: dict[Ref, set[Ref]], answered: Ref) -> bool:
    return any(ref.kind == "predictions" and answered in after for ref, after in heirs.items())
