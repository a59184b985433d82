"""Years of days without and with a failure, as the watch counts them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from arrange import FIRST_DAY
from worlds import DEVICES, REGIONS, SOURCES, World

from whence.profile.spec import Spec, fit_spec
from whence.store.watches import WatchState
from whence.types.rows import Column
from whence.types.time import Window
from whence.work.judge import Judge, start_monitor, streams_of

__all__ = ["REFERENCE", "YEAR", "Days", "first_incident", "pass_days"]

REFERENCE, YEAR = 28, 365
CAP = 0.99
MEAN_ERROR_POINT = 0.05
WEEK = 7

Floats = np.ndarray
Truth = Callable[[dict[str, np.ndarray], np.ndarray, np.ndarray, np.random.Generator], np.ndarray]


@dataclass
class Days:
    """The rows of consecutive days: their day, columns, truth, answers and loss."""

    world: World
    day: np.ndarray
    columns: list[Column]
    truth: np.ndarray
    answers: tuple[np.ndarray, np.ndarray]
    loss: np.ndarray


def pass_days(
    world: World, hardness: Floats, rows: int, rng: np.random.Generator, truth: Truth | None = None
) -> Days:
    """Draw `rows` a day for len(hardness) days.

    Each day's rows are drawn with weights that rise with the model's doubt, so that some days
    are harder than others while the relation stays; `hardness` (days,) is the rise of the
    expected loss, in points (a point of a mean error is a twentieth of it). `truth` may change
    labels.
    """
    z = _doubt(world)
    hardness = hardness / _reach(world, z)
    index = np.concatenate(
        [
            rng.choice(len(z), rows, p=(w := np.exp(h * z)) / w.sum())
            if h
            else rng.integers(0, len(z), rows)
            for h in hardness
        ]
    )
    day = np.repeat(np.arange(len(hardness)), rows)
    x = {name: values[index] for name, values in world.x.items()}
    meta = {
        "device": rng.choice(3, len(index), p=[0.45, 0.35, 0.2]).astype(np.int32),
        "region": rng.integers(0, len(REGIONS), len(index)).astype(np.int32),
    }
    y = world.y[index]
    if truth is not None:
        y = truth(meta, day, y, rng)
    answers = world.answer(world.x)
    answers = (answers[0][index], answers[1][index])
    columns = [
        Column(name, "category", values.astype(np.int32), world.levels[name])
        if name in world.levels
        else Column(name, "number", values.astype(float))
        for name, values in x.items()
    ]
    columns += [
        Column("device", "category", meta["device"], DEVICES),
        Column("region", "category", meta["region"], REGIONS),
        Column("source", "category", world.source[index], SOURCES),
    ]
    return Days(world, day, columns, y, answers, world.losses(answers, y))


def _doubt(world: World) -> Floats:
    """Return how unsure the model is of each row, standardised."""
    predicted, proba = world.answer(world.x)
    if world.task == "regression":
        doubt = np.abs(predicted - predicted.mean())
    else:
        doubt = -np.abs(proba - 1 / max(len(world.classes), 2))
    return (doubt - doubt.mean()) / max(float(doubt.std()), 1e-9)


def _reach(world: World, z: Floats) -> float:
    """Return by how many points the expected loss rises per unit of doubt; it may fall (< 0)."""
    slope = float((z * world.loss).mean())
    point = MEAN_ERROR_POINT * float(world.loss.mean()) if world.task == "regression" else 0.01
    return slope / point


def first_incident(days: Days, *, slices: bool = True) -> int | None:
    """Return after how many judged days the first incident opened; None if none did.

    The product's own detectors: bins from the reference, all its streams, an incident when the
    evidence of one reaches its line. Without `slices` only all rows together are judged.
    """
    spec, counts, cap = _counted(days)
    weekday = np.arange(len(counts)) % WEEK
    reference = counts[:REFERENCE]
    state = WatchState(
        by="day",
        reference=Window(FIRST_DAY, FIRST_DAY + timedelta(days=REFERENCE)),
        declared=True,
        task=days.world.task,
        horizon=None,
        cap=cap,
        spec=spec.encode(),
    )
    state.streams = streams_of(spec, reference) if slices else [0]
    monitor = start_monitor(reference, weekday[:REFERENCE], state.streams, days.world.task)
    judge = Judge(state, spec, monitor, [], list)
    for day in range(REFERENCE, len(counts)):
        start = FIRST_DAY + timedelta(days=day)
        judge.step(Window(start, start + timedelta(days=1)), counts[day], int(weekday[day]))
        if judge.incidents:
            return day - REFERENCE + 1
    return None


def _counted(days: Days) -> tuple[Spec, Floats, float | None]:
    known = days.day < REFERENCE
    spec = fit_spec([column.take(known) for column in days.columns])
    loss, cap = days.loss, None
    if days.world.task == "regression":
        cap = float(np.quantile(loss[known], CAP))
        loss = np.minimum(loss, cap)
    named = {column.name: (column, None) for column in days.columns}
    return spec, spec.count(named, loss, days.day, int(days.day[-1]) + 1), cap
