"""Simulated incidents, from the benchmark that shares them."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from whence.types.rows import Column, Rows

BENCH = Path(__file__).parents[2] / "bench" / "incidents" / "simulated.py"
SIZE = {"before": 8000, "after": 4000}


@pytest.fixture(scope="session")
def incidents():
    spec = importlib.util.spec_from_file_location("incidents", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["incidents"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def simulated(incidents):
    """Return the incident of a kind and seed; drawn once."""
    drawn = {}

    def draw(kind, seed, world="binary"):
        key = (kind, seed, world)
        if key not in drawn:
            drawn[key] = incidents.simulate(kind, seed, world=world, **SIZE)
        return drawn[key]

    return draw


@pytest.fixture
def flip():
    """Return rows of one number `x` and one category `c` with a given chance of an error."""

    def make(rng, n, chance, *, first=0, windows=28, proba=True):
        x = rng.normal(0, 1, n)
        c = rng.integers(0, 3, n).astype(np.int32)
        wrong = rng.random(n) < chance(x, c)
        prediction = (x + rng.normal(0, 0.3, n) > 0).astype(np.int32)
        label = np.where(wrong, 1 - prediction, prediction).astype(np.int32)
        window = np.sort(rng.integers(first, first + windows, n)).astype(np.int32)
        confident = np.where(prediction == 1, 0.85, 0.15) if proba else np.full(n, np.nan)
        return Rows(
            "classification",
            window,
            (window % 7).astype(np.int8),
            (Column("x", "number", x), Column("c", "category", c, ("a", "b", "d"))),
            wrong.astype(np.float64),
            label,
            prediction,
            confident,
            ("0", "1"),
        )

    return make
