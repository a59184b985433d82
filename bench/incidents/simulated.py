"""Simulated incidents whose cause is known: what the verdicts are measured on.

Every seed draws another world: how many columns matter, how strongly, which device or region,
how hard the task is. In each world a served model f (a little misspecified) answers healthy rows
for eight weeks, then one thing changes for two. Three drifts that do not matter and a column
that holds the same rows as another are always present.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from whence.types.rows import Column, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.types.slice import Slice

KINDS = (
    "pipeline-break",
    "unseen-value-or-range",
    "mix-shift",
    "change-within-a-slice",
    "label-shift",
    "concept-shift",
    "none",
)
WORLDS = ("binary", "classes", "curved")

DEVICES = ("X1", "X5", "X10", "X20")
REGIONS = ("north", "east", "south", "west", "hills")
NUMBERS = ("income", "age", "hours", "balance")
NOISE = ("wind", "clicks", "depth")
BEFORE_DAYS, AFTER_DAYS = 56, 14
Inputs = dict[str, np.ndarray]
HARD_REGION = 4
BINARY = 2


@dataclass
class Case:
    """Rows before and after, and the truth: the kind, the slice, and its points where known."""

    before: Rows
    after: Rows
    kind: str
    where: Slice = field(default_factory=dict)
    points: float = float("nan")
    detail: str = ""


@dataclass
class World:
    """The relation of inputs and label, and the served model's view of it."""

    rng: np.random.Generator
    classes: int
    curved: bool
    weights: np.ndarray
    bends: np.ndarray
    offset: np.ndarray
    hard: float
    share: np.ndarray

    @classmethod
    def drawn(cls, seed: int, kind: str) -> World:
        """Draw a world of a kind: binary, classes (four) or curved."""
        rng = np.random.default_rng(seed)
        classes = 4 if kind == "classes" else 2
        weights = rng.normal(0, 1, (len(NUMBERS), classes)) * rng.uniform(0.8, 1.6)
        return cls(
            rng,
            classes,
            kind == "curved",
            weights,
            rng.normal(0, 0.7, (len(NUMBERS), classes)) * (kind == "curved"),
            rng.normal(0, 0.3, classes) + np.eye(classes)[0] * rng.uniform(1.0, 2.0),
            rng.uniform(0.45, 0.7),
            rng.dirichlet(np.full(len(REGIONS) - 1, 8.0)),
        )

    def standard(self, x: Inputs) -> np.ndarray:
        """Return the numbers that matter, standardised (n, 4)."""
        return np.column_stack(
            [
                (np.log(np.maximum(x["income"], 1e-9)) - np.log(30000)) / 0.6,
                (x["age"] - 45) / 12,
                (x["hours"] - 38) / 8,
                x["balance"] / 2,
            ]
        )

    def truth(self, x: Inputs) -> np.ndarray:
        """Return p(y | x) (n, classes)."""
        z = np.nan_to_num(self.standard(x))
        score = z @ self.weights + np.tanh(z) ** 2 @ self.bends + self.offset
        p = softmax(score)
        # In the hard region the label is often drawn anew: the model was always weak there.
        noise = np.where(x["region"] == HARD_REGION, self.hard, 0.05)[:, None]
        return (1 - noise) * p + noise / self.classes

    def served(self, x: Inputs) -> np.ndarray:
        """Return what the served model says (n, classes)."""
        z = np.clip(np.nan_to_num(self.standard(x)), -20, 20)
        bent = np.tanh(z) ** 2 @ self.bends * 0.5
        return softmax(0.9 * (z @ self.weights + bent + self.offset))

    def inputs(self, n: int, hard_share: float, drift: float) -> Inputs:
        """Draw n rows of inputs."""
        rng = self.rng
        share = np.append(self.share * (1 - hard_share), hard_share)
        device = rng.choice(3, n, p=[0.45, 0.35, 0.2])
        return {
            "income": np.exp(rng.normal(np.log(30000), 0.6, n)),
            "age": np.round(np.clip(rng.normal(45, 12, n), 18, 90)),
            "hours": rng.normal(38, 8, n),
            "balance": rng.standard_t(6, n) * 2,
            "region": rng.choice(len(REGIONS), n, p=share),
            "device": device,
            "wind": rng.normal(drift, 1, n),
            "clicks": rng.poisson(5 + 2 * drift, n).astype(float),
            "depth": rng.exponential(1 + drift, n),
        }


def softmax(score: np.ndarray) -> np.ndarray:
    """Return class probabilities (n, classes)."""
    e = np.exp(score - score.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def draw(rng: np.random.Generator, p: np.ndarray) -> np.ndarray:
    """Draw one class per row."""
    return (p.cumsum(axis=1) < rng.random(len(p))[:, None]).sum(axis=1).clip(0, p.shape[1] - 1)


def rows_of(world: World, x: Inputs, y: np.ndarray, p: np.ndarray, day: np.ndarray) -> Rows:
    """Return the rows as a service would have logged them."""
    predicted = p.argmax(axis=1)
    proba = p[:, 1] if world.classes == BINARY else p.max(axis=1)
    columns = [Column(name, "number", x[name].astype(np.float64)) for name in (*NUMBERS, *NOISE)]
    columns.insert(2, Column("region", "category", x["region"].astype(np.int32), REGIONS))
    columns.append(Column("device", "category", x["device"].astype(np.int32), DEVICES))
    pixels = np.array([100.0, 120.0, 160.0, 56.0])[x["device"]]
    columns.append(Column("photo.width", "number", pixels, derived=True))
    return Rows(
        "classification",
        day.astype(np.int32),
        (day % 7).astype(np.int8),
        tuple(columns),
        (predicted != y).astype(np.float64),
        y.astype(np.int32),
        predicted.astype(np.int32),
        proba,
        tuple(str(k) for k in range(world.classes)),
    )


def simulate(
    kind: str, seed: int, *, world: str = "binary", before: int = 16000, after: int = 8000
) -> Case:
    """Draw one incident of a kind in the world of a seed."""
    made = World.drawn(seed, world)
    rng = made.rng
    x = made.inputs(before, 0.12, 0.0)
    y = draw(rng, made.truth(x))
    reference = rows_of(made, x, y, made.served(x), np.sort(rng.integers(0, BEFORE_DAYS, before)))
    hard = rng.uniform(0.5, 0.75) if kind == "mix-shift" else 0.12
    drift = rng.uniform(0.2, 0.6)
    day = np.sort(rng.integers(BEFORE_DAYS, BEFORE_DAYS + AFTER_DAYS, after))
    x = made.inputs(after, hard, drift)
    return CHANGES[kind](made, reference, x, day)


def _none(world: World, reference: Rows, x: Inputs, day: np.ndarray) -> Case:
    y = draw(world.rng, world.truth(x))
    return Case(reference, rows_of(world, x, y, world.served(x), day), "none", points=0.0)


def _mix(world: World, reference: Rows, x: Inputs, day: np.ndarray) -> Case:
    return replace(_none(world, reference, x, day), kind="mix-shift", points=float("nan"))


def _pipeline(world: World, reference: Rows, x: Inputs, day: np.ndarray) -> Case:
    rng = world.rng
    y = draw(rng, world.truth(x))
    names = np.array(NUMBERS)
    strength = world.weights.std(axis=1)
    name = str(names[rng.choice(4, p=strength**2 / (strength**2).sum())])
    fault = str(rng.choice(["unit", "offset", "sign", "missing", "stuck", "part", "output"]))
    if name == "income" and fault == "sign":
        fault = "unit"
    broken = dict(x)
    value = x[name].copy()
    spread = {"income": 20000.0, "age": 12.0, "hours": 8.0, "balance": 2.5}[name]
    part = np.ones(len(value), bool)
    if fault == "unit":
        value *= rng.choice([1000.0, 0.001, 100.0])
    elif fault == "offset":
        value += spread * rng.choice([-2.0, 2.0])
    elif fault == "sign":
        value = -value
    elif fault == "missing":
        part = rng.random(len(value)) < rng.uniform(0.5, 1.0)
        value[part] = np.nan
    elif fault == "stuck":
        value[:] = {"income": 60000.0, "age": 60.0, "hours": 46.0, "balance": 2.0}[name]
    elif fault == "part":
        part = rng.random(len(value)) < rng.uniform(0.3, 0.6)
        value[part] *= 1000.0
    broken[name] = value
    seen = x if fault == "output" else broken
    if fault == "output":
        name = ""
        broken["age"] = x["hours"]
        broken["hours"] = x["age"]
        broken["balance"] = -x["balance"]
        broken["income"] = 1 / x["income"] * 9e8
    after = rows_of(world, seen, y, world.served(broken), day)
    return Case(reference, after, "pipeline-break", detail=f"{fault}:{name}")


def _unseen(world: World, reference: Rows, x: Inputs, day: np.ndarray) -> Case:
    rng = world.rng
    new = rng.random(len(day)) < rng.uniform(0.15, 0.4)
    x["device"] = np.where(new, 3, x["device"])
    p = world.truth(x)
    p[new] = p[new] * (1 - 0.9) + 0.9 * p[new][:, ::-1]
    y = draw(rng, p)
    after = rows_of(world, x, y, world.served(x), day)
    return Case(reference, after, "unseen-value-or-range", {"device": "X20"})


def _slice(world: World, reference: Rows, x: Inputs, day: np.ndarray) -> Case:
    rng = world.rng
    device = int(rng.integers(0, 2))
    cut = float(rng.choice([36.0, 45.0, 52.0]))
    inside = (x["device"] == device) & (x["age"] >= cut)
    p = world.truth(x)
    p[inside] = p[inside][:, ::-1]
    y = draw(rng, p)
    after = rows_of(world, x, y, world.served(x), day)
    where = {"device": DEVICES[device], "age": (cut, 90.0)}
    return Case(reference, after, "change-within-a-slice", where, detail=f"{inside.mean():.2f}")


def _label(world: World, reference: Rows, _x: Inputs, day: np.ndarray) -> Case:
    rng = world.rng
    many = world.inputs(10 * len(day), 0.12, 0.4)
    y = draw(rng, world.truth(many))
    wrong = np.array([reference.loss[reference.label == k].mean() for k in range(world.classes)])
    share = np.bincount(reference.label, minlength=world.classes) / len(reference)
    worst = int((wrong + 1e-3 * share).argmax())
    target = share * (1 - 0.75) / (1 - share[worst])
    target[worst] = 0.75
    weight = (target / share)[y]
    chosen = rng.choice(len(y), len(day), p=weight / weight.sum())
    many = {name: values[chosen] for name, values in many.items()}
    after = rows_of(world, many, y[chosen], world.served(many), day)
    return Case(reference, after, "label-shift")


def _concept(world: World, reference: Rows, x: Inputs, day: np.ndarray) -> Case:
    rng = world.rng
    p = world.truth(x)
    mixed = rng.uniform(0.5, 0.9)
    weakens = rng.random() < 0.5  # noqa: PLR2004 -- a coin
    if weakens:
        changed = replace(world, weights=world.weights * rng.uniform(-0.3, 0.3))
        p = changed.truth(x)
    else:
        p = (1 - mixed) * p + mixed * p[:, ::-1]
    y = draw(rng, p)
    return Case(reference, rows_of(world, x, y, world.served(x), day), "concept-shift")


CHANGES: dict[str, Callable[[World, Rows, Inputs, np.ndarray], Case]] = {
    "pipeline-break": _pipeline,
    "unseen-value-or-range": _unseen,
    "mix-shift": _mix,
    "change-within-a-slice": _slice,
    "label-shift": _label,
    "concept-shift": _concept,
    "none": _none,
}
