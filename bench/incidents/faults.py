"""The faults: each kind a function (world, rng, strength in [0, 1]) -> Fault.

Strength 0 is the least that is worth finding, 1 a disaster. Where a fault has a place, its rows
are marked; that mark is what the verdict's slice is compared with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from arrange import NEW_DEVICE, Draft, Fault
from sklearn.linear_model import LogisticRegression
from worlds import DEVICES, SOURCES, Inputs, World

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KINDS", "PAIRS", "make"]

Rng = np.random.Generator
BINARY = 2
SHIFTED_SD = 1.5
SHARE = (0.05, 0.25)
"""The share of rows a slice holds."""
FEW_ROWS = 20
WORST = 3
"""Faults hit one of the inputs that matter most to the model."""


def between(low: float, high: float, strength: float) -> float:
    """Return the point at that part of the way."""
    return low + (high - low) * strength


def other(world: World, y: np.ndarray, rng: Rng) -> np.ndarray:
    """Return another truth for each row: the next class, or a value far off."""
    if world.task == "regression":
        return y + SHIFTED_SD * world.y.std()
    return ((y + rng.integers(1, len(world.classes), len(y))) % len(world.classes)).astype(np.int32)


def change(draft: Draft, rows: np.ndarray, chance: float) -> None:
    """Let something else happen in some of these rows."""
    hit = rows & (draft.rng.random(len(rows)) < chance)
    draft.truth[hit] = other(draft.world, draft.truth[hit], draft.rng)


def column(world: World, rng: Rng) -> str:
    """Return one of the inputs that matter most."""
    return str(rng.choice(world.important[:WORST]))


def pipeline_break(world: World, rng: Rng, strength: float) -> Fault:
    """Let an input arrive in another unit, shifted, turned, missing, stuck, or as another."""
    name = column(world, rng)
    how = str(rng.choice(["unit", "offset", "sign", "missing", "stuck", "part", "swap", "output"]))
    spread = float(world.x[name].std())
    middle = float(np.quantile(world.x[name], 0.9))
    factor = float(rng.choice([1000.0, 0.001, 100.0, 2.54]))
    others = [one for one in world.important[:6] if one != name]
    if how == "swap" and not others:
        how = "unit"
    second = str(rng.choice(others or [name]))

    def corrupt(draft: Draft) -> None:
        values = draft.x[name]
        part = draft.rng.random(len(values)) < between(0.3, 0.8, strength)
        if how == "swap":
            draft.x[name], draft.x[second] = draft.x[second], values
            return
        draft.x[name] = {
            "unit": values * factor,
            "offset": values + between(1.0, 3.0, strength) * spread,
            "sign": -values,
            "missing": np.where(part, np.nan, values),
            "stuck": np.full(len(values), middle),
            "part": np.where(part, values * 1000.0, values),
        }[how]

    def serve(draft: Draft) -> None:
        seen = {**draft.x}
        for one in world.important[:4]:
            seen[one] = draft.rng.permutation(seen[one])
        draft.answers = world.answer(seen)

    if how == "output":
        return Fault("pipeline-break", serve=serve)
    return Fault("pipeline-break", corrupt=corrupt)


def unseen(_: World, rng: Rng, strength: float) -> Fault:
    """Bring a device that nobody had before; on it the inputs mean something else."""
    share = rng.uniform(0.12, 0.4)

    def relate(draft: Draft) -> None:
        new = draft.rng.random(len(draft.truth)) < share
        draft.meta["device"][new] = NEW_DEVICE
        draft.inside = new
        change(draft, new, between(0.35, 0.95, strength))

    return Fault("unseen-value-or-range", relate=relate, where={"device": DEVICES[NEW_DEVICE]})


def mix_shift(world: World, _: Rng, strength: float) -> Fault:
    """Make rows frequent that lie in the hardest fifth of some input, or come from one source."""
    parts = [world.source == SOURCES.index("partner")]
    for name in world.important[:WORST]:
        values = world.x[name]
        edges = np.unique(np.quantile(values, [0.2, 0.4, 0.6, 0.8]))
        fifth = np.searchsorted(edges, values, side="right")
        parts += [fifth == k for k in range(len(edges) + 1)]
    hard = max(parts, key=lambda part: world.loss[part].mean() if part.sum() > FEW_ROWS else 0)
    share = hard.mean()
    target = between(0.45, 0.85, strength)
    weight = np.where(hard, target / share, (1 - target) / (1 - share))
    return Fault("mix-shift", choose=weight)


def label_shift(world: World, _: Rng, strength: float) -> Fault:
    """Make the class frequent that the model knows least."""
    y = _fifth(world) if world.task == "regression" else world.y
    sizes = np.bincount(y)
    wrong = np.array([world.loss[y == k].mean() if sizes[k] else 0 for k in range(len(sizes))])
    worst = int(wrong.argmax())
    share = (y == worst).mean()
    target = share + (0.95 - share) * between(0.4, 0.9, strength)
    return Fault(
        "label-shift", choose=np.where(y == worst, target / share, (1 - target) / (1 - share))
    )


def _fifth(world: World) -> np.ndarray:
    return np.searchsorted(np.quantile(world.y, [0.2, 0.4, 0.6, 0.8]), world.y)


def a_slice(world: World, rng: Rng, strength: float) -> Fault:
    """Change what happens in a slice of one or two columns."""
    for _ in range(100):
        where, test = _place(world, rng)
        index = rng.integers(0, len(world.y), 4000)
        x = {k: v[index] for k, v in world.x.items()}
        meta = {"device": rng.choice(3, 4000, p=[0.45, 0.35, 0.2]), "source": world.source[index]}
        if SHARE[0] <= test(x, meta).mean() <= SHARE[1]:
            break

    def relate(draft: Draft) -> None:
        draft.inside = test(draft.x, draft.meta)
        change(draft, draft.inside, between(0.4, 1.0, strength))

    return Fault("change-within-a-slice", relate=relate, where=where)


def _place(world: World, rng: Rng) -> tuple[dict[str, str], Callable[[Inputs, Inputs], np.ndarray]]:
    device = int(rng.integers(0, 3))
    name = str(rng.choice(world.important[:6]))
    low, high = np.sort(rng.choice([-np.inf, 0.25, 0.5, 0.75, np.inf], 2, replace=False))
    low = float(np.quantile(world.x[name], low)) if np.isfinite(low) else -np.inf
    high = float(np.quantile(world.x[name], high)) if np.isfinite(high) else np.inf
    alone = rng.random() < 0.3  # noqa: PLR2004 -- a coin

    def test(x: Inputs, meta: Inputs) -> np.ndarray:
        inside = (x[name] >= low) & (x[name] <= high)
        return inside if alone else inside & (meta["device"] == device)

    return {} if alone else {"device": DEVICES[device]}, test


def _standard(world: World, x: Inputs) -> np.ndarray:
    names = world.numbers
    return np.column_stack(
        [(x[n] - world.x[n].mean()) / max(float(world.x[n].std()), 1e-9) for n in names]
    )


def concept_shift(world: World, rng: Rng, strength: float) -> Fault:
    """Let the inputs mean something else: less, or the opposite for the one that matters most."""
    name = world.important[0]
    turned = rng.random() < 0.5  # noqa: PLR2004 -- a coin

    def relate(draft: Draft) -> None:
        rows = len(draft.truth)
        z = (draft.x[name] - world.x[name].mean()) / world.x[name].std()
        if world.task == "regression":
            effect = (
                np.cov(world.x[name], world.y)[0, 1] / world.x[name].var() * world.x[name].std()
            )
            draft.truth = draft.truth - between(1.0, 3.0, strength) * effect * z
            return
        model = _relations(world)
        x = _standard(world, draft.x)
        weights = model.coef_.copy()
        if turned:
            weights[:, world.numbers.index(name)] *= -between(1.0, 3.0, strength)
        else:
            weights *= between(0.2, -0.5, strength)
        score = x @ weights.T + model.intercept_
        if score.shape[1] == 1:
            score = np.column_stack([np.zeros(rows), score[:, 0]])
        p = np.exp(score - score.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        drawn = (p.cumsum(axis=1) < draft.rng.random(rows)[:, None]).sum(axis=1)
        draft.truth = drawn.clip(0, p.shape[1] - 1).astype(np.int32)

    return Fault("concept-shift", relate=relate)


_FITTED: dict[str, LogisticRegression] = {}


def _relations(world: World) -> LogisticRegression:
    if world.name not in _FITTED:
        model = LogisticRegression(max_iter=2000, C=0.3)
        _FITTED[world.name] = model.fit(_standard(world, world.x), world.y)
    return _FITTED[world.name]


def label_quality(world: World, rng: Rng, strength: float) -> Fault:
    """Make labels wrong: at random, or one class written down as another."""
    share = between(0.1, 0.35, strength)
    one_sided = world.task != "regression" and rng.random() < 0.4  # noqa: PLR2004 -- a coin
    victim = int(rng.integers(0, max(len(world.classes), 1)))

    def observe(draft: Draft) -> None:
        n = len(draft.label)
        if world.task == "regression":
            hit = draft.rng.random(n) < between(0.2, 0.48, strength)
            draft.label[hit] = draft.rng.permutation(draft.label[hit])
        elif one_sided:
            hit = (draft.label == victim) & (draft.rng.random(n) < between(0.25, 0.48, strength))
            draft.label[hit] = (victim + 1) % len(world.classes)
        else:
            hit = draft.rng.random(n) < share
            draft.label[hit] = other(world, draft.label[hit], draft.rng)

    return Fault("label-quality", observe=observe)


def label_delay(world: World, rng: Rng, strength: float) -> Fault:
    """Let labels come first for what went wrong, or for one class; the others are still out."""
    late = between(0.5, 0.1, strength)
    how = str(rng.choice(["complaints", "class"]))

    def observe(draft: Draft) -> None:
        loss = world.losses(draft.answers, draft.truth)
        if how == "complaints" or world.task == "regression":
            early = loss > np.quantile(loss, 0.5) if world.task != "classification" else loss > 0
        else:
            rate = [
                loss[draft.truth == k].mean() if (draft.truth == k).any() else 0.0
                for k in range(len(world.classes))
            ]
            early = draft.truth == int(np.argmax(rate))
        chance = np.where(early, 0.97, late)
        draft.labelled &= draft.rng.random(len(chance)) < chance

    return Fault("label-delay", observe=observe)


def version_change(world: World, rng: Rng, strength: float) -> Fault:
    """Let a new version serve some or all rows that has lost inputs which mattered."""
    share = float(rng.choice([0.3, 0.5, 1.0]))
    lost = world.important[: 1 + round(3 * strength)]

    def serve(draft: Draft) -> None:
        new = draft.rng.random(len(draft.truth)) < share
        blind = {**draft.x}
        for name in lost:
            blind[name] = np.full(len(new), world.x[name].mean())
        worse = world.answer(blind)
        draft.answers = tuple(
            np.where(new, b, a) for a, b in zip(draft.answers, worse, strict=True)
        )
        draft.version = new.astype(np.int32)
        draft.inside = new if share < 1 else None

    return Fault("version-change", serve=serve, where={"version": "v2"} if share < 1 else None)


def data_collection(world: World, rng: Rng, strength: float) -> Fault:
    """Let a source go quiet, a filter take easy rows out, or only doubtful rows be logged."""
    how = str(rng.choice(["source", "filter", "doubtful"]))
    left = between(0.15, 0.0, strength)

    def collect(draft: Draft) -> None:
        loss = world.losses(draft.answers, draft.truth)
        if how == "source":
            by = draft.meta["source"]
            easiest = min(
                range(len(SOURCES)), key=lambda k: loss[by == k].mean() if (by == k).any() else 9e9
            )
            gone = by == easiest
        elif how == "filter":
            values = draft.x[world.important[0]]
            cut = np.median(values)
            sides = [values <= cut, values > cut]
            gone = min(sides, key=lambda side: loss[side].mean() if side.any() else 9e9)
        else:
            proba = draft.answers[1]
            sure = np.abs(proba - 0.5) if len(world.classes) == BINARY else proba
            values = draft.x[world.important[0]]
            sure = -np.abs(values - values.mean()) if np.isnan(sure).any() else sure
            gone = sure > np.quantile(sure, 0.4)
        draft.kept = ~gone | (draft.rng.random(len(gone)) < left)

    return Fault("data-collection-change", collect=collect)


def seasonality(world: World, rng: Rng, strength: float) -> Fault:
    """Let the same have happened in the same weeks a year ago."""
    chosen = rng.choice(3)
    of = (mix_shift, concept_shift, a_slice)[chosen](world, rng, strength)

    def relate(draft: Draft) -> None:
        if of.relate is not None:
            of.relate(draft)
        draft.inside = None  # a season is in all rows

    return Fault("seasonality", of.choose, relate, yearly=True)


KINDS: dict[str, Callable[[World, Rng, float], Fault]] = {
    "pipeline-break": pipeline_break,
    "unseen-value-or-range": unseen,
    "version-change": version_change,
    "label-delay": label_delay,
    "label-shift": label_shift,
    "label-quality": label_quality,
    "change-within-a-slice": a_slice,
    "concept-shift": concept_shift,
    "mix-shift": mix_shift,
    "data-collection-change": data_collection,
    "seasonality": seasonality,
}

PAIRS = (
    ("unseen-value-or-range", "mix-shift"),
    ("change-within-a-slice", "mix-shift"),
    ("unseen-value-or-range", "concept-shift"),
    ("change-within-a-slice", "label-quality"),
    ("pipeline-break", "mix-shift"),
    ("version-change", "mix-shift"),
    ("unseen-value-or-range", "label-quality"),
    ("concept-shift", "data-collection-change"),
    ("pipeline-break", "unseen-value-or-range"),
)


def make(world: World, kind: str, rng: Rng, strength: float) -> Fault:
    """Return a fault of a kind."""
    return KINDS[kind](world, rng, strength)
