"""From a world and its faults to the rows that a service would have logged: one case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from worlds import DEVICES, OSES, REGIONS, SOURCES, Answers, Inputs, World

from whence.types.records import Event
from whence.types.rows import Column, Rows
from whence.types.time import micros
from whence.why.calendar import Calendar

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.types.slice import Slice

__all__ = ["AFTER_DAYS", "BEFORE_DAYS", "FIRST_DAY", "Case", "Draft", "Fault", "arrange"]

BEFORE_DAYS, AFTER_DAYS = 56, 14
A_YEAR = 364
FIRST_DAY = datetime(2025, 3, 3, tzinfo=UTC)
DRIFT = (0.2, 0.8)
OBSERVED = 0.97
NEW_DEVICE = 3


@dataclass
class Draft:
    """Rows in the making, between the world and the log.

    `x` is what the service sees and logs, `meta` what it logs beside; `inside` marks the rows a
    fault with a place is in; `truth` is what happened and `label` what is said of it;
    `labelled` marks the rows that get a label.
    """

    world: World
    rng: np.random.Generator
    index: np.ndarray
    x: Inputs
    meta: Inputs
    truth: np.ndarray
    answers: Answers
    label: np.ndarray
    labelled: np.ndarray
    inside: np.ndarray | None = None
    version: np.ndarray | None = None
    kept: np.ndarray | None = None


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong: what it does at each step a row takes; None does nothing.

    `choose` gives every row of the world a weight; `relate` changes what happens, `corrupt`
    what the service sees, `serve` what it answers, `collect` which rows are logged, and
    `observe` the labels.
    """

    kind: str
    choose: np.ndarray | None = None
    relate: Callable[[Draft], None] | None = None
    corrupt: Callable[[Draft], None] | None = None
    serve: Callable[[Draft], None] | None = None
    collect: Callable[[Draft], None] | None = None
    observe: Callable[[Draft], None] | None = None
    where: Slice | None = None
    yearly: bool = False


@dataclass
class Case:
    """What the verdict gets, and what it should say."""

    before: Rows
    after: Rows
    season: tuple[Rows, Rows] | None
    events: list[Event]
    versions: dict[str, datetime]
    calendar: Calendar
    kinds: tuple[str, ...]
    inside: np.ndarray | None
    trigger: str | None
    cost: float
    metric: str = field(default="accuracy")


def arrange(
    world: World, faults: list[Fault], rows: int, rng: np.random.Generator, *, history: bool
) -> Case:
    """Draw eight healthy weeks and two failing ones, `rows` a day, and what was known beside.

    With `history` the same weeks a year before are there too; a yearly fault was in them.
    """
    drift = rng.uniform(*DRIFT)
    before = _draw(world, [], BEFORE_DAYS, rows, rng, 0.0)
    after = _draw(world, faults, AFTER_DAYS, rows, rng, drift)
    yearly = [fault for fault in faults if fault.yearly]
    earlier = None
    if history or yearly:
        quiet = _draw(world, [], BEFORE_DAYS, rows, rng, 0.0)
        past = _draw(world, yearly, AFTER_DAYS, rows, rng, 0.0)
        earlier = (
            _rows(quiet, -A_YEAR, BEFORE_DAYS),
            _rows(past, BEFORE_DAYS - A_YEAR, AFTER_DAYS),
        )
    old = _rows(before, 0, BEFORE_DAYS)
    new = _rows(after, BEFORE_DAYS, AFTER_DAYS)
    calendar = Calendar.spanning(FIRST_DAY, FIRST_DAY + timedelta(days=BEFORE_DAYS + AFTER_DAYS))
    events, trigger = _events(faults, after, rng)
    versions = {}
    if after.version is not None:
        versions["v2"] = FIRST_DAY + timedelta(days=BEFORE_DAYS)
        trigger = "v2"
    known = new.labelled
    inside = (
        after.inside if after.kept is None or after.inside is None else after.inside[after.kept]
    )
    return Case(
        old,
        new,
        earlier,
        events,
        versions,
        calendar,
        tuple(fault.kind for fault in faults) or ("none",),
        inside,
        trigger,
        float(new.loss[known].mean() - old.loss[old.labelled].mean()),
        metric={"classification": "accuracy", "probability": "brier", "regression": "mae"}[
            world.task
        ],
    )


def _draw(
    world: World,
    faults: list[Fault],
    days: int,
    rows: int,
    rng: np.random.Generator,
    drift: float,
) -> Draft:
    n = days * rows
    weight = np.ones(len(world.y))
    for fault in faults:
        if fault.choose is not None:
            weight *= fault.choose
    index = rng.choice(len(world.y), n, p=weight / weight.sum())
    x = {name: values[index].copy() for name, values in world.x.items()}
    device = rng.choice(3, n, p=[0.45, 0.35, 0.2]).astype(np.int32)
    meta = {
        "device": device,
        "region": rng.integers(0, len(REGIONS), n).astype(np.int32),
        "source": world.source[index],
        "battery": rng.normal(drift, 1, n),
    }
    truth = world.y[index].copy()
    draft = Draft(
        world, rng, index, x, meta, truth, world.answer(x), truth, rng.random(n) < OBSERVED
    )
    _let(faults, "relate", draft)
    _let(faults, "corrupt", draft)
    draft.answers = world.answer(draft.x)
    _let(faults, "serve", draft)
    draft.label = draft.truth.copy()
    _let(faults, "observe", draft)
    _let(faults, "collect", draft)
    return draft


def _let(faults: list[Fault], step: str, draft: Draft) -> None:
    for fault in faults:
        act = getattr(fault, step)
        if act is not None:
            act(draft)


def _rows(draft: Draft, first: int, days: int) -> Rows:
    world, n = draft.world, len(draft.truth)
    day = (first + np.arange(n) * days // n).astype(np.int32)
    device = draft.meta["device"]
    columns = []
    for name, values in draft.x.items():
        if name in world.levels:
            coded = np.where(np.isnan(values), -1, values).astype(np.int32)
            columns.append(Column(name, "category", coded, world.levels[name]))
        else:
            columns.append(Column(name, "number", values.astype(float)))
    columns += [
        Column("device", "category", device, DEVICES),
        Column("os", "category", device, OSES),
        Column("region", "category", draft.meta["region"], REGIONS),
        Column("source", "category", draft.meta["source"], SOURCES),
        Column("battery", "number", draft.meta["battery"]),
    ]
    version = draft.version if draft.version is not None else np.zeros(n, np.int32)
    columns.append(Column("version", "category", version, ("v1", "v2")))
    known = draft.labelled
    predicted, proba = draft.answers
    loss = np.where(known, world.losses(draft.answers, draft.label), np.nan)
    if world.task == "regression":
        label = np.where(known, draft.label, np.nan)
    else:
        label = np.where(known, draft.label, -1).astype(np.int32)
        predicted = (
            np.full(n, -1, np.int32) if world.task == "probability" else predicted.astype(np.int32)
        )
    made = Rows(
        world.task,
        day,
        (day % 7).astype(np.int8),
        tuple(columns),
        loss,
        label,
        predicted,
        proba,
        world.classes,
    )
    return made if draft.kept is None else made.take(draft.kept)


def _events(
    faults: list[Fault], after: Draft, rng: np.random.Generator
) -> tuple[list[Event], str | None]:
    """Return what was noted: twice in three the fault's own event, and two that mean nothing."""
    decoy = int(rng.integers(5, BEFORE_DAYS - 20))
    events = [
        _event("newsletter", decoy, {}),
        _event("office moved", decoy + 7, {"region": REGIONS[0]}),
    ]
    planted = bool(faults) and rng.random() < 2 / 3 and after.version is None
    if not planted or any(fault.yearly for fault in faults):
        return events, None
    where = next((fault.where for fault in faults if fault.where), None) or {}
    scope = {k: v for k, v in where.items() if isinstance(v, str)}
    return [*events, _event("the change", BEFORE_DAYS, scope)], "the change"


def _event(name: str, day: int, scope: dict[str, str]) -> Event:
    at = micros(FIRST_DAY + timedelta(days=day, hours=9))
    return Event(name, name, at, "external", scope, None)
