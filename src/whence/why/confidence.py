"""How often verdicts of this kind and margin were right on faults put into real data: measured."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from typing import TypedDict, cast

import numpy as np

__all__ = ["confidence"]


class Curve(TypedDict):
    """Margins (standard errors, rising) and the hit rate measured from each on."""

    margin: list[float]
    hit: list[float]


class _Calibration(TypedDict):
    causes: dict[str, Curve]


@cache
def _load() -> _Calibration:
    text = files("whence.why").joinpath("confidence.json").read_text("utf-8")
    return cast("_Calibration", json.loads(text))


def confidence(cause: str, margin: float) -> float | None:
    """Return the measured chance in [0, 1] that a verdict is right, or None outside the suite.

    `margin` is the ranking's distance to another verdict in standard errors. The curve is an
    isotonic fit of hits on margins over ``bench/incidents``'s incidents, no value above
    (hits + 1) / (n + 2); below the smallest margin seen nothing was measured.
    """
    curve = _load()["causes"].get(cause)
    if curve is None or not curve["margin"] or math.isnan(margin):
        return None
    at = int(np.searchsorted(curve["margin"], margin, side="right")) - 1
    return None if at < 0 else float(curve["hit"][at])
