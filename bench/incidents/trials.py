"""One incident after the other through the verdict: what it was, what was said."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from arrange import Case, Fault, arrange
from worlds import World, load

from faults import KINDS, PAIRS, make
from whence.causes.membership import members
from whence.why.diagnosis import diagnose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whence.types.reports import WhyReport

__all__ = ["CALM", "SIZES", "Task", "Trial", "ask", "draw", "run", "tasks"]

LEAST_DROP = 0.02
"""A cheaper incident is drawn again: no watch would have opened it."""
LEAST_PART = 0.05
"""Of a regression's mean error, and of a Brier score, which have other units."""
EVIDENT = 4.0
"""Standard errors by which the failing rows must be worse."""

SMALLER_PART = 0.4
"""Of two faults the smaller costs at least this part of what the larger does."""

MOST_DRAWS = 20
HARDER = 0.05
"""Strength added with every draw, so that a world in which little can go wrong has incidents."""

STRENGTHS = (0.15, 0.5, 0.9)
SIZES = ("small", "middle", "large")
ROWS = (100, 300, 600)
"""Rows a day."""
CALM = frozenset({"nothing-wrong", "cannot-tell-yet", "cannot-know"})


@dataclass
class Trial:
    """One incident: what it was and what was said."""

    world: str
    kinds: tuple[str, ...]
    size: str
    rows: int
    seed: int
    cost: float
    cause: str
    named: tuple[str, ...]
    ranked: tuple[str, ...]
    confidence: float | None
    margin: float
    jaccard: float
    trigger: str | None
    planted: str | None
    seconds: float

    @property
    def hit(self) -> bool:
        """Whether the first cause named is (one of) the faults put in."""
        if self.kinds == ("none",):
            return self.cause in CALM
        return self.cause in self.kinds

    @property
    def near(self) -> bool:
        """Whether a fault put in is among the first three."""
        return self.hit or bool(set(self.kinds) & set(self.ranked[:3]))

    def line(self) -> str:
        """Return it in one line, to be followed while the bench runs."""
        return (
            f"{self.world:18s} {' + '.join(self.kinds):45s} {self.size:6s} {self.rows:4d} a day, "
            f"seed {self.seed}: {self.cost:+.3f} -> {', '.join(self.named)}"
            f"{'' if self.hit else '  MISS'}"
        )

    @property
    def all_named(self) -> bool:
        """Whether every fault put in was named."""
        return set(self.kinds) <= set(self.named)


def draw(name: str, kinds: tuple[str, ...], size: int, seed: int) -> tuple[World, Case, int] | None:
    """Draw until an incident costs so much that a watch would have opened it; None if none does."""
    world = load(name)
    least = LEAST_DROP if world.task == "classification" else LEAST_PART * float(world.loss.mean())
    for attempt in range(MOST_DRAWS):
        rng = np.random.default_rng([seed, attempt])
        strength = min(1.0, STRENGTHS[size] + HARDER * attempt)
        faults = [make(world, kind, rng, strength) for kind in kinds if kind != "none"]
        rows = ROWS[int(rng.integers(0, len(ROWS)))]
        case = arrange(world, faults, rows, rng, history=bool(rng.random() < 0.5))  # noqa: PLR2004 -- a coin
        if kinds == ("none",):
            return world, case, rows
        seen = case.cost >= least * len(kinds) and _evident(case)
        if seen and (len(kinds) == 1 or _balanced(world, faults, rows, seed, least)):
            return world, case, rows
    return None


def _evident(case: Case) -> bool:
    """Whether the labelled rows of both periods differ enough to open an incident."""
    old, new = (period.loss[period.labelled] for period in (case.before, case.after))
    return case.cost >= EVIDENT * np.hypot(old.std() / len(old) ** 0.5, new.std() / len(new) ** 0.5)


def _balanced(world: World, faults: list[Fault], rows: int, seed: int, least: float) -> bool:
    """Whether each of two faults alone costs enough, and neither dwarfs the other."""
    rng = np.random.default_rng(seed)
    alone = [arrange(world, [fault], rows, rng, history=False).cost for fault in faults]
    return min(alone) >= max(least, SMALLER_PART * max(alone))


Task = tuple[str, tuple[str, ...], int, int]
"""World, kinds of fault, size and seed of one incident."""


def tasks(seeds: range, worlds: tuple[str, ...], *, pairs: bool) -> Iterator[Task]:
    """Yield every kind in every world, once per seed; sizes take turns."""
    chosen = [*PAIRS] if pairs else [*((kind,) for kind in KINDS), ("none",), ("none",)]
    for seed in seeds:
        for name in worlds:
            for number, kinds in enumerate(chosen):
                yield name, kinds, (seed + number) % len(STRENGTHS), 1000 * seed + number


def run(task: Task) -> Trial | None:
    """Diagnose one incident; None where this world has none of the kind."""
    name, kinds, size, seed = task
    drawn = draw(name, kinds, size, seed)
    if drawn is None:
        return None
    world, case, rows = drawn
    started = time.process_time()
    report = ask(world, case)
    seconds = time.process_time() - started
    verdict = report.verdict
    return Trial(
        name,
        kinds,
        SIZES[size],
        rows,
        seed,
        case.cost,
        verdict.cause,
        tuple(dict.fromkeys([verdict.cause, *(one.cause for one in verdict.causes)])),
        _ranked(report),
        verdict.confidence,
        verdict.margin,
        _jaccard(case, report),
        verdict.trigger.name if verdict.trigger is not None else None,
        case.trigger,
        seconds,
    )


def ask(world: World, case: Case) -> WhyReport:
    """Return the report on a case."""
    delta = 0.01 if world.task != "regression" else 0.05 * float(np.nanmean(case.before.loss))
    return diagnose(
        world.name,
        case.before,
        case.after,
        events=case.events,
        versions=case.versions,
        calendar=case.calendar,
        season=case.season,
        delta=delta,
        metric=case.metric,
    )


def _ranked(report: WhyReport) -> tuple[str, ...]:
    """Return the causes from the first on: the verdict, then parts by points, then by gain."""
    parts = [one.cause for one in report.findings if one.points > 0]
    gains = sorted(report.checked, key=lambda one: -(one.gain or 0.0))
    return tuple(
        dict.fromkeys([report.verdict.cause, *parts, *(one.cause for one in gains if one.gain)])
    )


def _jaccard(case: Case, report: WhyReport) -> float:
    if case.inside is None or not len(case.inside):
        return np.nan
    said = members(case.after, report.verdict.where)
    either = (said | case.inside).sum()
    return float((said & case.inside).sum() / either) if either else np.nan
