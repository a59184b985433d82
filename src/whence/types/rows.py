"""Rows in memory, as the statistics want them: numpy columns and a loss per row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from whence.types.task import Task

__all__ = ["Column", "Rows"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of n rows.

    ``kind == "number"``: `values` is float64, NaN where missing.
    ``kind == "category"``: `values` is int32 codes into `levels`, -1 where missing.
    `derived` marks a column that `inputs` computed from a raw input (``photo.width``).
    """

    name: str
    kind: Literal["number", "category"]
    values: NDArray[np.float64] | NDArray[np.int32]
    levels: tuple[str, ...] = ()
    derived: bool = False

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Column:
        """Return this column for some rows (a mask or positions)."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, slots=True)
class Rows:
    """n predictions of one model in one period.

    Attributes
    ----------
    window
        int32 (n,): the ordinal of each row's window, counted from any fixed origin; two
        `Rows` of one diagnosis share that origin, and category columns share their levels.
    weekday
        int8 (n,): 0 Monday to 6 Sunday, UTC.
    columns
        The inputs (logged, then derived); the model version is among them when logged.
    loss
        float64 (n,): the loss per row in the metric's unit, NaN where there is no label.
    label
        classification and probability: int32 codes into `classes`, -1 without label;
        regression: float64, NaN without label.
    prediction
        In the label's coding; -1 or NaN where none.
    proba
        float64 (n,): P(label = 1) for the classes 0/1 (or false/true), else the probability of
        the predicted class; NaN where none.
    """

    task: Task
    window: NDArray[np.int32]
    weekday: NDArray[np.int8]
    columns: tuple[Column, ...]
    loss: NDArray[np.float64]
    label: NDArray[np.int32] | NDArray[np.float64]
    prediction: NDArray[np.int32] | NDArray[np.float64]
    proba: NDArray[np.float64]
    classes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.window)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Rows:
        """Return some of the rows (a mask or positions), in order; themselves if a mask is full."""
        if rows.dtype == np.bool_ and rows.all():
            return self
        return replace(
            self,
            window=self.window[rows],
            weekday=self.weekday[rows],
            columns=tuple(column.take(rows) for column in self.columns),
            loss=self.loss[rows],
            label=self.label[rows],
            prediction=self.prediction[rows],
            proba=self.proba[rows],
        )

    def only(self, names: Sequence[str]) -> Rows:
        """Return the same rows with these columns alone; KeyError if one is missing."""
        return replace(self, columns=tuple(self.column(name) for name in names))

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Mask (n,): rows whose loss is known."""
        return ~np.isnan(self.loss)
