"""From trials to the tables that a reader checks: every rate with its n and Wilson interval."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from trials import CALM, SIZES, Trial

from whence.watch.proportion import wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["rate", "scorecard"]

UNSURE = CALM | {"unexplained"}
FEW = 5


def rate(hits: int, n: int) -> str:
    """Return ``31 of 36 (.71-.94)``."""
    if not n:
        return "none"
    low, high = wilson(hits, n)
    return f"{hits} of {n} ({low:.2f}-{high:.2f})"


def scorecard(trials: Sequence[Trial], pairs: Sequence[Trial]) -> Iterator[str]:
    """Yield the lines of a Markdown section."""
    faults = [one for one in trials if one.kinds != ("none",)]
    calm = [one for one in trials if one.kinds == ("none",)]
    yield from _summary(faults, calm, pairs)
    yield from _by("fault", faults, lambda one: one.kinds[0])
    yield from _by("dataset", faults, lambda one: one.world)
    yield from _by("size of the fault", faults, lambda one: one.size, SIZES)
    yield from _confusion(trials)
    yield from _pairs(pairs)


def _summary(
    faults: Sequence[Trial], calm: Sequence[Trial], pairs: Sequence[Trial]
) -> Iterator[str]:
    placed = [one.jaccard for one in faults if not np.isnan(one.jaccard)]
    planted = [one for one in faults if one.planted is not None]
    unplanted = [one for one in faults if one.planted is None]
    spoken = [one for one in faults if one.cause not in UNSURE]
    yield "| what | goal | measured |"
    yield "|---|---|---|"
    yield f"| cause named first | at least .90 | {_hits(faults)} |"
    yield f"| where a cause is named at all | | {_hits(spoken)} |"
    near = sum(one.near for one in faults)
    yield f"| cause among the first three | | {rate(near, len(faults))} |"
    yield f"| no cause named (abstained) | | {rate(len(faults) - len(spoken), len(faults))} |"
    if placed:
        low, middle = np.quantile(placed, [0.25, 0.5])
        yield (
            f"| slice: Jaccard on rows, {len(placed)} placed faults | median at least .8 | "
            f"median {middle:.2f}, lower quartile {low:.2f} |"
        )
    right = sum(one.trigger == one.planted for one in planted)
    yield f"| trigger right where one was planted | | {rate(right, len(planted))} |"
    null = sum(one.trigger is None for one in unplanted)
    yield f"| trigger null where none was | | {rate(null, len(unplanted))} |"
    yield f"| no fault: no cause named | | {_hits(calm)} |"
    yield f"| pairs: the first cause is one of the two | | {_hits(pairs)} |"
    both = sum(one.all_named for one in pairs)
    yield f"| pairs: both named | | {rate(both, len(pairs))} |"
    seconds = np.array([one.seconds for one in (*faults, *calm, *pairs)])
    middle, worst = np.median(seconds), seconds.max()
    yield f"| CPU seconds a verdict | | median {middle:.1f}, worst {worst:.1f} |"
    yield ""


def _hits(trials: Sequence[Trial]) -> str:
    return rate(sum(one.hit for one in trials), len(trials))


def _by(
    title: str,
    trials: Sequence[Trial],
    key: Callable[[Trial], str],
    order: Iterable[str] | None = None,
) -> Iterator[str]:
    yield f"| {title} | first | among three | abstained | slice (median Jaccard) |"
    yield "|---|---|---|---|---|"
    for name in order or sorted({key(one) for one in trials}):
        mine = [one for one in trials if key(one) == name]
        placed = [one.jaccard for one in mine if not np.isnan(one.jaccard)]
        abstained = sum(one.cause in UNSURE for one in mine)
        yield (
            f"| {name} | {_hits(mine)} | {rate(sum(one.near for one in mine), len(mine))} | "
            f"{abstained} | {f'{np.median(placed):.2f}' if len(placed) >= FEW else ''} |"
        )
    yield ""


def _confusion(trials: Sequence[Trial]) -> Iterator[str]:
    kinds = sorted({one.kinds[0] for one in trials})
    said = sorted({one.cause for one in trials})
    yield "| put in \\ said | " + " | ".join(said) + " |"
    yield "|---" * (len(said) + 1) + "|"
    for kind in kinds:
        counts = Counter(one.cause for one in trials if one.kinds[0] == kind)
        cells = [str(counts[name] or "") for name in said]
        yield f"| **{kind}** | " + " | ".join(cells) + " |"
    yield ""


def _pairs(trials: Sequence[Trial]) -> Iterator[str]:
    yield "| two faults at once | first is one of them | both named |"
    yield "|---|---|---|"
    for kinds in sorted({one.kinds for one in trials}):
        mine = [one for one in trials if one.kinds == kinds]
        both = sum(one.all_named for one in mine)
        yield f"| {' + '.join(kinds)} | {_hits(mine)} | {rate(both, len(mine))} |"
    yield ""
