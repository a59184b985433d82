"""What a model does."""

from __future__ import annotations

from typing import Literal

__all__ = ["Task"]

Task = Literal["classification", "probability", "regression"]
"""classification: loss is 0/1; probability (a probability and no decision): Brier, (p - y)^2;
regression: absolute error."""
