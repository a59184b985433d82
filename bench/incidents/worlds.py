"""Worlds that incidents happen in: real rows, their truth, and a model that answers for them.

Of each dataset one part trains the served model, and the rest is the population that
predictions are drawn from, with replacement. The rows are real; their order in time is not: they
are permuted into pseudo-days. Columns that a service would log beside the inputs are added:
`device` and `region` say nothing about the label, `os` holds the same rows as `device`, `source`
goes with how hard a row is, and `battery` drifts without meaning.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import simulated
from sklearn import datasets
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from collections.abc import Callable

    from whence.types.task import Task

__all__ = ["DEVICES", "NAMES", "REGIONS", "World", "load"]

DATA = Path(__file__).resolve().parents[2] / "../shared/data"
DEVICES = ("X1", "X5", "X10", "X20")
OSES = ("old", "new", "newest", "other")
REGIONS = ("north", "east", "south", "west", "hills")
SOURCES = ("app", "web", "partner")
TRAINING = 0.4
MOST_TRAINING = 8000
SIMULATED_ROWS = 40_000
MOST_LEVELS = 25
BINARY = 2

Inputs = dict[str, np.ndarray]
Answers = tuple[np.ndarray, np.ndarray]


class Estimator(Protocol):
    """What scikit-learn's estimators share."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> Estimator:
        """Fit."""

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Predict."""


@dataclass
class World:
    """A population of labelled rows, and a model that is served.

    `levels` names the codes of category inputs. `important` lists the inputs from the one
    whose loss would hurt the model most.
    """

    name: str
    task: Task
    classes: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    x: Inputs
    y: np.ndarray
    answer: Callable[[Inputs], Answers]
    loss: np.ndarray
    source: np.ndarray
    important: list[str]

    @property
    def numbers(self) -> list[str]:
        """The numeric inputs."""
        return [name for name in self.x if name not in self.levels]

    def losses(self, answers: Answers, y: np.ndarray) -> np.ndarray:
        """Return the loss of each row in the metric's unit."""
        predicted, proba = answers
        if self.task == "regression":
            return np.abs(predicted - y)
        if self.task == "probability":
            return (proba - y) ** 2
        return (predicted != y).astype(float)


def _employment() -> tuple[Inputs, np.ndarray, dict[str, tuple[str, ...]]]:
    table = pq.read_table(DATA / "employment-ma/employment_MA_reference.parquet")
    x: Inputs = {}
    levels = {}
    for name in table.column_names:
        column = table[name]
        if name in {"id", "employed", "year", "prediction", "predicted_probability"}:
            continue
        if name == "AGEP":
            x[name] = column.to_numpy().astype(float)
            continue
        coded = column.combine_chunks()
        names = tuple(coded.dictionary.to_pylist())
        if len(names) <= MOST_LEVELS:
            x[name] = coded.indices.to_numpy(zero_copy_only=False).astype(float)
            levels[name] = names
    return x, table["employed"].to_numpy().astype(np.int32), levels


def _nba() -> tuple[Inputs, np.ndarray, dict[str, tuple[str, ...]]]:
    """Return games with what was known before each: the forecast, form, rest and month."""
    games = pyarrow.csv.read_csv(DATA / "nba/nba_games.csv").sort_by("date").to_pylist()
    form: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    rows = []
    for game in games:
        day = game["date"].toordinal()
        known = []
        for team in (game["team1"], game["team2"]):
            past = form.setdefault(team, [])[-20:]
            rest = min(day - last.get(team, day - 7), 7)
            known += [np.mean(past) if past else 0.5, np.mean(past[-5:]) if past else 0.5, rest]
            last[team] = day
        rows.append([game["prob1"], *known, game["date"].month, game["prob1_outcome"]])
        form[game["team1"]].append(game["prob1_outcome"])
        form[game["team2"]].append(game["prob2_outcome"])
    table = np.array(rows, float)
    names = ("forecast", "form1", "short1", "rest1", "form2", "short2", "rest2", "month")
    x = {name: table[:, at] for at, name in enumerate(names)}
    return x, table[:, -1].astype(np.int32), {}


def _bundled(name: str) -> tuple[Inputs, np.ndarray, dict[str, tuple[str, ...]]]:
    bunch = getattr(datasets, f"load_{name}")()
    names = [str(one).replace(" ", "_") for one in bunch.feature_names]
    x = {one: bunch.data[:, at].astype(float) for at, one in enumerate(names)}
    y = bunch.target if name == "diabetes" else bunch.target.astype(np.int32)
    return x, y, {}


def _simulated(name: str) -> tuple[Inputs, np.ndarray, dict[str, tuple[str, ...]]]:
    world = simulated.World.drawn(sum(map(ord, name)), name)
    drawn = world.inputs(SIMULATED_ROWS, 0.12, 0.0)
    y = simulated.draw(world.rng, world.truth(drawn)).astype(np.int32)
    x = {one: drawn[one] for one in (*simulated.NUMBERS, *simulated.NOISE)}
    x["area"] = drawn["region"].astype(float)
    return x, y, {"area": simulated.REGIONS}


SOURCE: dict[str, tuple[Task, Callable[[], tuple[Inputs, np.ndarray, dict[str, tuple[str, ...]]]]]]
SOURCE = {
    "employment-ma": ("classification", _employment),
    "nba": ("probability", _nba),
    "breast-cancer": ("classification", lambda: _bundled("breast_cancer")),
    "wine": ("classification", lambda: _bundled("wine")),
    "digits": ("classification", lambda: _bundled("digits")),
    "diabetes": ("regression", lambda: _bundled("diabetes")),
    "simulated-binary": ("classification", lambda: _simulated("binary")),
    "simulated-classes": ("classification", lambda: _simulated("classes")),
}
NAMES = tuple(SOURCE)


@cache
def load(name: str) -> World:
    """Return a world by name, its model trained; the same every time."""
    task, read = SOURCE[name]
    x, y, levels = read()
    rng = np.random.default_rng(sum(map(ord, name)))
    order = rng.permutation(len(y))
    cut = min(int(TRAINING * len(y)), MOST_TRAINING)
    training, rest = order[:cut], order[cut:]
    answer = _served(task, {k: v[training] for k, v in x.items()}, y[training], levels)
    x, y = {k: v[rest] for k, v in x.items()}, y[rest]
    classes = () if task == "regression" else tuple(str(k) for k in range(int(y.max()) + 1))
    world = World(name, task, classes, levels, x, y, answer, np.empty(0), np.empty(0), [])
    world.loss = world.losses(answer(x), y)
    noise = rng.normal(0, 1, len(y))
    doubt = _doubt(world)
    hard = (doubt - doubt.mean()) / max(float(doubt.std()), 1e-9)
    world.source = np.searchsorted([-0.3, 1.2], hard + noise).astype(np.int32)
    world.important = _by_importance(world, rng)
    return world


def _doubt(world: World) -> np.ndarray:
    """Return how unsure the model is of each row: known before the truth is."""
    predicted, proba = world.answer(world.x)
    if world.task == "regression":
        return np.abs(predicted - predicted.mean())
    return -np.abs(proba - 0.5) if len(world.classes) == BINARY else -proba


def _served(
    task: Task, x: Inputs, y: np.ndarray, levels: dict[str, tuple[str, ...]]
) -> Callable[[Inputs], Answers]:
    names = list(x)
    centre = {name: float(np.median(values)) for name, values in x.items()}
    coded = [at for at, name in enumerate(names) if name in levels]
    plain = [at for at, name in enumerate(names) if name not in levels]
    scale = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), coded), (StandardScaler(), plain)
    )
    large = len(y) >= MOST_TRAINING
    trees = HistGradientBoostingClassifier(max_iter=80, categorical_features=coded or None)
    linear = Ridge() if task == "regression" else LogisticRegression(max_iter=2000, C=0.3)
    model = trees if large else make_pipeline(scale, linear)
    model.fit(_matrix(x, names, centre), y)

    def answer(seen: Inputs) -> Answers:
        matrix = _matrix(seen, names, centre)
        if task == "regression":
            return model.predict(matrix), np.full(len(matrix), np.nan)
        p = model.predict_proba(matrix)
        binary = p.shape[1] == BINARY
        proba = p[:, 1] if binary else p.max(axis=1)
        return p.argmax(axis=1).astype(np.int32), proba

    return answer


def _matrix(x: Inputs, names: list[str], centre: dict[str, float]) -> np.ndarray:
    """Return the inputs as the service imputes them."""
    return np.column_stack([np.where(np.isnan(x[n]), centre[n], x[n]) for n in names])


def _by_importance(world: World, rng: np.random.Generator) -> list[str]:
    chosen = rng.choice(len(world.y), min(2000, len(world.y)), replace=False)
    x, y = {k: v[chosen] for k, v in world.x.items()}, world.y[chosen]
    worse = {}
    for name in world.numbers:
        shuffled = {**x, name: rng.permutation(x[name])}
        worse[name] = float(world.losses(world.answer(shuffled), y).mean())
    return sorted(worse, key=lambda name: -worse[name])
