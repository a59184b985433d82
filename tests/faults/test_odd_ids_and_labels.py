"""Ids and labels as they should not be: what counts, what is set aside, and what is told."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pyarrow as pa
import pytest

from whence import BadInput

NOON = dt.datetime(2023, 9, 1, 12, tzinfo=dt.UTC)


def log(model, ids, pred=None, day=0):
    at = NOON + dt.timedelta(days=day)
    rows = [
        {"id": one, "ts": at, "x": float(i), "pred": 1 if pred is None else pred[i]}
        for i, one in enumerate(ids)
    ]
    return model.log(rows, id="id", time="ts", prediction="pred")


def label(model, ids, truths, **columns):
    rows = [{"id": one, "y": truth} for one, truth in zip(ids, truths, strict=True)]
    return model.label(rows, id="id", label="y", **columns)


def only(model):
    (window,) = model.watch().windows
    return window


# --- ids


def test_an_id_is_the_same_however_its_type_is_written(model, command):
    log(model, [7, "8", 9.0, True, 2**70])
    label(model, ["7", 8, "9", True, str(2**70)], [1, 1, 1, 1, 1])
    window = only(model)
    assert (window.rows, window.labelled) == (5, 5)
    assert "sound" in command("doctor")


@pytest.mark.parametrize("missing", [None, float("nan"), ""], ids=repr)
def test_a_missing_id_is_no_id_and_no_repeat(model, command, missing):
    log(model, [missing] * 5)
    label(model, [missing], [1])
    window = only(model)
    assert (window.rows, window.labelled) == (5, 0)
    assert "sound" in command("doctor")


def test_nan_ids_of_a_frame_are_none_either(model):
    frame = pl.DataFrame({"id": [float("nan"), float("nan"), 1.0], "pred": [0, 1, 1]})
    model.log(frame, id="id", prediction="pred")
    assert only(model).rows == 3


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([Decimal(10**30 + i) for i in range(3)], pa.decimal128(38, 0)),
        pa.array([2**64 - 1 - i for i in range(3)], pa.uint64()),
        pa.array([2**53 + i for i in range(3)], pa.int64()),
        pa.array([0.5, 1.5, 2.5]),
        pa.array(["a" * 10_000 + str(i) for i in range(3)]),
        pa.array(["\0", "a\0b", "🙂"]),
        pa.array(["x", "y", "z"]).dictionary_encode(),
        pa.array([[1], [2], [3]]),
    ],
    ids=lambda ids: str(ids.type),
)
def test_ids_that_differ_stay_apart(model, ids):
    ts = pa.array([NOON] * 3, pa.timestamp("us", "UTC"))
    model.log(pa.table({"id": ids, "ts": ts, "p": [0, 0, 0]}), id="id", time="ts", prediction="p")
    assert only(model).rows == 3


def test_an_id_of_bytes_is_refused_by_name(model):
    with pytest.raises(BadInput, match="'id' holds bytes"):
        model.log(pa.table({"id": [b"\1"], "p": [1]}), id="id", prediction="p")


def test_duplicate_ids_repeat_or_contradict_in_one_call_in_two_and_after_a_fold(model, command):
    log(model, ["a", "a", "b"], [1, 1, 1])  # x differs: the second contradicts
    log(model, ["a", "b", "b"], [1, 1, 1])  # the first and the last repeat, one contradicts
    assert only(model).rows == 2
    log(model, ["a"], [1])
    log(model, ["a"], [0])
    assert only(model).rows == 2
    told = command("doctor", status=1)
    assert "3 records of model 'm' are in quarantine: same id and day" in told


def test_the_same_id_on_another_day_is_another_prediction(model):
    log(model, ["a"])
    log(model, ["a"], day=1)
    assert [one.rows for one in model.watch().windows] == [1, 1]


def test_a_row_that_says_less_than_the_stored_one_contradicts_it(model, command):
    row = {"id": "a", "ts": NOON, "x": 1.0, "z": 2.0, "pred": 1}
    roles = {"id": "id", "time": "ts", "prediction": "pred"}
    model.log(row, **roles)
    assert only(model).rows == 1
    model.log({key: value for key, value in row.items() if key != "z"}, **roles)
    assert only(model).rows == 1
    assert "in quarantine: same id and day" in command("doctor", status=1)


# --- labels


def test_labels_of_unknown_ids_wait_and_are_told(model, command):
    log(model, ["a"])
    label(model, ["nobody", "nobody else"], [1, 0])
    assert only(model).labelled == 0
    assert "2 labels of model 'm' name an unknown prediction, such as 'nobody'" in command("doctor")
    log(model, ["nobody"])
    assert only(model).labelled == 1


def test_repeated_labels_change_nothing(model, command):
    log(model, ["a", "b"])
    for _ in range(3):
        label(model, ["a", "b"], [1, 0])
        window = only(model)
        assert (window.labelled, window.metrics) == (2, {"accuracy": 0.5})
    assert "sound" in command("doctor")


def test_of_contradicting_labels_the_last_one_said_counts(model, command):
    log(model, ["a"])
    for truth in (1, 0, 1):
        label(model, ["a"], [truth])
        assert only(model).metrics == {"accuracy": float(truth == 1)}
    label(model, ["a", "a"], [1, 0])  # in one call
    assert only(model).metrics == {"accuracy": 0.0}
    assert "a later label of the same id came with it" in command("doctor", status=1)


@pytest.mark.parametrize("truth", [1, "1", 1.0, True])
def test_one_is_one_however_it_is_written(model, truth):
    log(model, ["a"], [1])
    label(model, ["a"], [truth])
    assert only(model).metrics == {"accuracy": 1.0}


@pytest.mark.parametrize("truth", [None, float("nan")])
def test_a_label_without_a_value_is_no_label(model, truth):
    log(model, ["a"])
    label(model, ["a"], [truth])
    assert only(model).labelled == 0


@pytest.mark.parametrize("truth", [[1, 2], {"a": [None]}, "🙂\u202e", "x" * 10_000, 2**70])
def test_a_label_of_any_value_is_a_class(model, truth):
    log(model, ["a", "b"], [truth, "another"])
    label(model, ["a", "b"], [truth, truth])
    assert only(model).metrics == {"accuracy": 0.5}


@pytest.mark.parametrize("lost", [float("inf"), float("-inf"), 1.7e308])
def test_a_quantity_without_end_is_no_quantity(model, lost):
    log(model, range(40), [i + 0.5 for i in range(40)])
    label(model, range(40), [lost, *range(1, 40)])
    model.log({"id": "z", "ts": NOON, "pred": -1.7e308}, id="id", time="ts", prediction="pred")
    label(model, ["z"], [lost])
    window = only(model)
    assert window.rows == 41
    assert 0.4 < window.metrics["mae"] < 0.6 or lost == 1.7e308


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("soon", "no readable time"),
        ("2023-09-01 10:00", "a time without a zone"),
        (5, "is not a time"),
    ],
)
def test_a_label_whose_time_is_none_is_set_aside_alone(model, command, when, reason):
    log(model, ["a", "b", "c"])
    rows = [
        {"id": "a", "y": 1, "at": "2023-09-02T10:00:00Z"},
        {"id": "b", "y": 1, "at": when},
        {"id": "c", "y": 1, "at": None},
    ]
    model.label(rows, id="id", label="y", time="at")
    assert only(model).labelled == 2
    told = command("doctor", status=1)
    assert "1 records of model 'm' are in quarantine" in told
    assert "no readable time" in told if when == 5 else reason in told


@pytest.mark.parametrize("when", ["2999-01-01T00:00:00Z", "0002-01-01T00:00:00Z"])
def test_a_label_known_centuries_from_its_prediction_stops_nothing(model, when):
    log(model, ["a"])
    model.label([{"id": "a", "y": 1, "at": when}], id="id", label="y", time="at")
    assert only(model).metrics == {"accuracy": 1.0}


@pytest.mark.parametrize("q", [1.2, -0.1, float("inf"), "0.5", [0.5, 0.5]], ids=repr)
def test_what_is_no_probability_is_set_aside_alone(model, command, q):
    rows = [{"ts": NOON, "q": one} for one in (0.5, q, 1.0000001, None)]
    model.log(rows, time="ts", proba="q")
    assert only(model).rows == 3
    assert "column 'q' holds no probability" in command("doctor", status=1)


def test_one_value_of_a_frame_does_not_take_the_rest_along(model, command):
    frame = pa.table({"ts": ["2023-09-01T10:00Z", "2023-09-01 10:00", "?"], "q": [0.5] * 3})
    model.log(frame, time="ts", proba="q")
    model.log(pa.table({"ts": [NOON] * 3, "q": [0.5, 55.0, 1.0000001]}), time="ts", proba="q")
    assert only(model).rows == 3
    told = command("doctor", status=1)
    assert "a time without a zone" in told
    assert "no readable time" in told
    assert "column 'q' holds no probability" in told


def test_a_model_all_of_whose_rows_were_set_aside_says_where_they_are(model):
    model.log({"ts": 1_693_526_400, "pred": 1}, time="ts", prediction="pred")
    with pytest.raises(BadInput, match="1 records of it in quarantine; whence doctor says why"):
        model.watch()
