"""A slice: a set of rows given by conditions on columns, joined by *and*."""

from __future__ import annotations

import math

__all__ = ["Condition", "Slice", "describe"]

Condition = str | float | bool | None | tuple[float, float]
"""One value, or a closed interval ``(low, high)``; None is "missing"."""

Slice = dict[str, Condition]
"""Column -> condition. Written to JSON as ``{column: value}`` or ``{column: [low, high]}``."""


def describe(where: Slice) -> str:
    """Say a slice in words: ``device = 'X20' and age from 18 to 25``."""
    return " and ".join(_phrase(name, test) for name, test in where.items()) or "all rows"


def _phrase(name: str, test: Condition) -> str:
    if test is None:
        return f"{name} is missing"
    if not isinstance(test, tuple):
        return f"{name} = {test:g}" if isinstance(test, float) else f"{name} = {test!r}"
    low, high = test
    if math.isinf(low):
        return f"{name} up to {high:g}"
    if math.isinf(high):
        return f"{name} from {low:g}"
    return f"{name} = {low:g}" if low == high else f"{name} from {low:g} to {high:g}"
