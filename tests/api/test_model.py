"""The model from Python: what is logged is what is watched."""

import subprocess
import sys
from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import whence

DAY = datetime(2023, 9, 1, 12, tzinfo=UTC)
DATA = {"id": ["a", "b"], "ts": [DAY, DAY], "x": [1.0, 2.0], "pred": [1, 0]}
ROLES = {"id": "id", "time": "ts", "prediction": "pred"}


@pytest.fixture
def model(tmp_path):
    return whence.model("m", store=tmp_path / "store")


@pytest.mark.parametrize(
    "frame",
    [pd.DataFrame(DATA), pl.DataFrame(DATA), pa.table(DATA), pd.DataFrame(DATA).to_dict("records")],
    ids=["pandas", "polars", "pyarrow", "dicts"],
)
def test_any_frame_is_logged_and_counted(model, frame):
    assert model.log(frame, **ROLES) == 2
    (window,) = model.watch().windows
    assert window.rows == 2


def test_the_same_rows_again_are_a_repeat_also_without_a_time(model):
    rows = [{"id": "a", "x": 1.0, "pred": 1}]
    for _ in range(2):
        model.log(rows, id="id", prediction="pred")
    assert sum(one.rows for one in model.watch().windows) == 1


def test_labels_may_come_before_their_predictions(model):
    model.label([{"id": "a", "y": 1}, {"id": "b", "y": 1}], id="id", label="y")
    model.log(pa.table(DATA), **ROLES)
    (window,) = model.watch().windows
    assert (window.labelled, window.metrics) == (2, {"accuracy": 0.5})


def test_a_window_that_is_not_over_is_provisional(model):
    model.log(pa.table(DATA), label="pred", **ROLES)
    (window,) = model.watch(now=DAY).windows
    assert window.provisional


def test_an_unreadable_frame_goes_to_quarantine_and_the_rest_is_folded(model, tmp_path):
    model.log([{"id": "a", "ts": "2023-09-01T08:00:00Z", "pred": 1}], **ROLES)
    model.log([{"id": "b", "ts": "whenever", "pred": 1}], **ROLES)
    assert sum(one.rows for one in model.watch().windows) == 1
    told = subprocess.run(
        [sys.executable, "-m", "whence.cli", "doctor", "--store", tmp_path / "store"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "no readable time" in told.stdout


def test_a_store_of_a_newer_version_is_refused_and_left_alone(model, tmp_path):
    (tmp_path / "store").mkdir()
    marker = tmp_path / "store" / "whence.json"
    marker.write_text('{"format": 99}')
    with pytest.raises(whence.NewerStore, match="99"):
        model.log(pa.table(DATA), **ROLES)
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["whence.json"]
    assert marker.read_text() == '{"format": 99}'


def test_importing_loads_nothing():
    code = "import sys, whence; print(sorted(m for m in sys.modules if m.startswith('whence')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['whence']"


def test_a_server_as_store_is_not_mistaken_for_a_folder():
    with pytest.raises(whence.BadInput, match="http://localhost"):
        whence.model("m", store="http://localhost:5000").watch()
