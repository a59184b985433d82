"""Values that break libraries: each is stored, or set aside with its reason; nothing else stops."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import whence

DAY = dt.datetime(2023, 9, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def model(tmp_path):
    return whence.model("m", store=tmp_path / "a store, with ü")


def rows_stored(model):
    return sum(one.rows for one in model.watch().windows)


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1, 1_000_000_001], pa.duration("ns")),
        pa.array([2**62, 1], pa.duration("s")),
        pa.array([2**62, 0], pa.timestamp("s")),
        pa.array([2**31 - 1, 0], pa.date32()),
        pa.array([2**63 - 1, -5], pa.int64()),
        pa.array([[1, None], []], pa.list_(pa.int64())),
        pa.array([{"a": 1}, None]),
        pa.array([None, None], pa.null()),
        pa.array(["x", "y"]).dictionary_encode(),
    ],
    ids=str,
)
def test_an_odd_column_never_stops_the_store(model, column):
    ts = pa.array([DAY, DAY], pa.timestamp("us", "UTC"))
    model.log(pa.table({"ts": ts, "odd": column, "p": [0, 1]}), time="ts", prediction="p")
    model.log({"ts": DAY, "p": 1}, time="ts", prediction="p")
    assert rows_stored(model) in {1, 3}  # set aside as a whole, or stored as a whole


@pytest.mark.parametrize(
    "name", ["_epoch", "Größe in cm", "a,b;c={}()\t", "x" * 300, "PRED", "select", "a.b", " "]
)
def test_any_column_name_is_kept(model, name):
    frame = {"ts": [DAY, DAY], "pred": [0, 1], name: [1.5, 2.5], name.upper() + "2": ["a", "b"]}
    model.log(pd.DataFrame(frame), time="ts", prediction="pred")
    assert rows_stored(model) == 2


def test_a_thousand_columns_and_a_hundred_thousand_levels(model):
    n = 100_000
    wide = {f"c{i}": np.arange(n // 100, dtype=float) for i in range(1000)}
    ts = pa.array([DAY] * (n // 100), pa.timestamp("us", "UTC"))
    model.log(pa.table({"ts": ts, "p": [0] * (n // 100), **wide}), time="ts", prediction="p")
    ts = pa.array([DAY + dt.timedelta(days=1)] * n, pa.timestamp("us", "UTC"))
    levels = [f"level {i}" for i in range(n)]
    model.log(pa.table({"ts": ts, "p": [0] * n, "many": levels}), time="ts", prediction="p")
    assert rows_stored(model) == n + n // 100


def test_a_conflict_that_brings_a_new_kind_does_not_stop_the_watch(model):
    model.log({"id": "a", "ts": DAY, "age": 31, "p": 1}, id="id", time="ts", prediction="p")
    assert rows_stored(model) == 1
    model.log({"id": "a", "ts": DAY, "age": "n/a", "p": 1}, id="id", time="ts", prediction="p")
    assert rows_stored(model) == 1


def test_a_column_of_another_kind_raises_a_quality_alert(model):
    model.log({"id": "a", "ts": DAY, "age": 31, "p": 1}, id="id", time="ts", prediction="p")
    model.watch()
    later = DAY + dt.timedelta(days=1)
    model.log({"id": "b", "ts": later, "age": "old", "p": 1}, id="id", time="ts", prediction="p")
    (alert,) = [one for one in model.watch().alerts if one.kind == "quality"]
    assert alert.column == "age"
    assert "number" in alert.explanation


def test_labels_alone_make_no_model(model):
    model.label({"id": "a", "y": 1}, id="id", label="y")
    with pytest.raises(whence.NotFound, match="'m'"):
        model.watch()


def test_a_path_that_the_tables_cannot_have_is_refused(tmp_path):
    model = whence.model("m", store=tmp_path / "p%20q")
    model.log({"p": 1}, prediction="p")
    with pytest.raises(whence.BadInput, match="%"):
        model.watch()


def test_huge_ids_stay_apart(model):
    ids = [1e19, 2e19, 3e19]
    model.log(pd.DataFrame({"id": ids, "p": [0, 0, 0]}), id="id", prediction="p")
    assert rows_stored(model) == 3
