"""Predictions with their truth: labels joined, the task recognised, a loss for every row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from whence.store.kinds import as_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whence.types.task import Task

__all__ = [
    "OUTCOME_COLUMNS",
    "Outcomes",
    "identity",
    "join",
    "losses",
    "metric_of",
    "outcomes",
    "smallest_change",
    "task_of",
]

OUTCOME_COLUMNS = [
    "_id", "_day", "_prediction", "_prediction_text", "_proba", "_label", "_label_text",
]  # fmt: skip
"""What a read of predictions must contain to be joined."""

MOST_CLASSES = 20
"""Integer labels with more distinct values than this are taken for quantities."""

SMALLEST_CHANGE = 0.01
SMALLEST_PART = 0.05

LARGEST = 1e150
"""The square of a larger error overflows: what is beyond stands for "missing" or for infinity."""


def metric_of(task: Task) -> str:
    """Return the name of the metric that monitoring judges for a task."""
    return {"classification": "accuracy", "probability": "brier", "regression": "mae"}[task]


def smallest_change(task: Task, healthy: float) -> float:
    """Return the change of the metric that matters when nobody says, in the metric's unit.

    A point of accuracy, .01 of the Brier score; of a mean absolute error, which has the label's
    unit, a twentieth of what it is while all is well (`healthy`).
    """
    return SMALLEST_PART * healthy if task == "regression" else SMALLEST_CHANGE


def join(predictions: pa.Table, labels: pa.Table) -> pa.Table:
    """Return predictions with their latest labels and the column `_delay` (seconds, or null).

    `labels` holds the labels of the same days; of several for one id the last epoch's counts.
    A label that came with its prediction has no delay.
    """
    if not labels.num_rows:
        return predictions.append_column("_delay", pa.nulls(predictions.num_rows, pa.float64()))
    latest = labels.sort_by([("_epoch", "descending")])
    return _with_labels(predictions, latest, pc.index_in(identity(predictions), identity(latest)))


def join_day(predictions: pa.Table, labels: pa.Table) -> pa.Table:
    """Return what `join` does for predictions and labels that are all of one day."""
    if not labels.num_rows:
        return join(predictions, labels)
    latest = labels.sort_by([("_epoch", "descending")])
    ids = latest["_id"].combine_chunks()
    at = pc.index_in(predictions["_id"].combine_chunks(), ids, skip_nulls=True)
    return _with_labels(predictions, latest, at)


def _with_labels(predictions: pa.Table, latest: pa.Table, at: pa.Array) -> pa.Table:
    late = latest.take(at)
    has = pc.is_valid(at)
    for name in ("_label", "_label_text"):
        merged = pc.if_else(has, late[name], predictions[name])
        predictions = predictions.set_column(predictions.column_names.index(name), name, merged)
    return predictions.append_column("_delay", late["_delay"])


def identity(table: pa.Table) -> pa.Array:
    """Return what identifies a prediction: its id and day; null without an id."""
    day = table["_day"].cast(pa.int32()).cast(pa.string())
    return pc.binary_join_element_wise(day, table["_id"], " ").combine_chunks()


def task_of(joined: pa.Table) -> Task | None:
    """Recognise the task from labelled rows, or None when none is labelled.

    Text labels, or integral labels and predictions of at most `MOST_CLASSES` values, are
    classes. A number between 0 and 1 against labels 0 and 1 is a probability. All else is a
    quantity.
    """
    label, text = joined["_label"], joined["_label_text"]
    if text.null_count < len(text):
        return "classification"
    if label.null_count == len(label):
        return None
    prediction = pc.drop_null(joined["_prediction"])
    named = joined["_prediction_text"].null_count < joined.num_rows
    values = pc.unique(pc.drop_null(label)).to_numpy()
    binary = set(values.tolist()) <= {0.0, 1.0}
    if not len(prediction) and not named:
        return "probability" if binary else None
    if named or (len(values) <= MOST_CLASSES and _integral(values) and _integral(prediction)):
        return "classification"
    in_unit = pc.all(pc.and_(pc.greater_equal(prediction, 0), pc.less_equal(prediction, 1)))
    return "probability" if binary and in_unit.as_py() else "regression"


def losses(joined: pa.Table, task: Task) -> NDArray[np.float64]:
    """Return the loss that `outcomes` gives each row, and nothing else."""
    numbers = all(
        joined[name].null_count == joined.num_rows for name in ("_label_text", "_prediction_text")
    )
    if task != "classification" or not numbers:
        return outcomes(joined, task).loss
    # Numbers are equal where their texts are, and much sooner compared.
    label, prediction = _numbers(joined["_label"]), _numbers(joined["_prediction"])
    unknown = np.isnan(label) | np.isnan(prediction)
    return np.where(unknown, np.nan, label != prediction)


def _integral(values: NDArray[np.float64] | pa.ChunkedArray) -> bool:
    array = np.asarray(values, np.float64)
    return bool((array == np.floor(array)).all())


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Prediction, truth and loss of n rows, coded as `whence.types.rows.Rows` says."""

    label: NDArray[np.int32] | NDArray[np.float64]
    prediction: NDArray[np.int32] | NDArray[np.float64]
    proba: NDArray[np.float64]
    loss: NDArray[np.float64]
    classes: tuple[str, ...]


def outcomes(joined: pa.Table, task: Task, classes: tuple[str, ...] = ()) -> Outcomes:
    """Return what `Rows` needs of each row; NaN loss where there is no label or no prediction.

    A quantity beyond `LARGEST` is none, and neither is a label of a probability but 0 and 1.

    `classes` come first in the coding, so that two periods share it; new ones follow in order.
    """
    proba = _numbers(joined["_proba"])
    if task == "regression":
        label, prediction = _finite(joined["_label"]), _finite(joined["_prediction"])
        return Outcomes(label, prediction, proba, np.abs(label - prediction), ())
    if task == "probability":
        truth = _numbers(joined["_label"])
        truth = np.where(np.isin(truth, (0.0, 1.0)), truth, np.nan)
        chance = np.where(np.isnan(proba), _numbers(joined["_prediction"]), proba)
        coded = np.where(np.isnan(truth), -1, truth).astype(np.int32)
        none = np.full(len(truth), -1, np.int32)
        return Outcomes(coded, none, chance, (chance - truth) ** 2, ("0", "1"))
    return _classified(joined, proba, classes)


def _classified(joined: pa.Table, proba: NDArray[np.float64], classes: tuple[str, ...]) -> Outcomes:
    labels = _class_names(joined["_label"], joined["_label_text"])
    predictions = _class_names(joined["_prediction"], joined["_prediction_text"])
    seen = sorted({*pc.unique(labels).to_pylist(), *pc.unique(predictions).to_pylist()} - {None})
    classes = (*classes, *(name for name in seen if name not in set(classes)))
    label, prediction = (
        pc.fill_null(pc.index_in(names, pa.array(classes, pa.string())), -1)
        .to_numpy(zero_copy_only=False)
        .astype(np.int32)
        for names in (labels, predictions)
    )
    loss = np.where((label < 0) | (prediction < 0), np.nan, (label != prediction).astype(float))
    return Outcomes(label, prediction, proba, loss, classes)


def _class_names(number: pa.ChunkedArray, text: pa.ChunkedArray) -> pa.Array:
    names = pc.coalesce(text, as_text("number", number))
    return names.combine_chunks() if isinstance(names, pa.ChunkedArray) else names


def _finite(column: pa.ChunkedArray) -> NDArray[np.float64]:
    values = _numbers(column)
    return np.where(np.abs(values) < LARGEST, values, np.nan)


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    return column.to_numpy().astype(np.float64)  # type: ignore[no-any-return] # pyarrow is untyped
