"""What the causes predict: the label as one of a few classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.rows import Rows

__all__ = ["MOST_CLASSES", "Target"]

MOST_CLASSES = 20
"""With more classes than this, too few rows remain for each: right or wrong is predicted."""

_QUINTILES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Target:
    """A coding of the label into `size` classes, fixed by the reference.

    `kind` is "label" (the classes themselves), "correct" (1 where the loss is 0; for many
    classes) or "quintile" (regression: the reference's fifths, between `edges`).
    """

    kind: Literal["label", "correct", "quintile"]
    size: int
    edges: NDArray[np.float64]

    @classmethod
    def of(cls, before: Rows) -> Target:
        """Choose the coding from labelled reference rows."""
        none = np.empty(0)
        if before.task == "regression":
            edges = np.unique(np.quantile(before.label, _QUINTILES)) if len(before) else none
            return cls("quintile", len(edges) + 1, edges)
        if len(before.classes) > MOST_CLASSES:
            return cls("correct", 2, none)
        return cls("label", len(before.classes), none)

    def code(self, rows: Rows) -> NDArray[np.intp]:
        """Return the class (n,) of labelled rows, each in [0, size)."""
        if self.kind == "quintile":
            code: NDArray[np.intp] = np.searchsorted(self.edges, rows.label)
            return code
        if self.kind == "correct":
            return np.asarray(rows.loss == 0, np.intp)
        return rows.label.astype(np.intp)
