from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from whence import record
from whence.errors import BadInput, MissingColumn, NaiveTime
from whence.journal import frames_from
from whence.record import cutting, frames, label
from whence.types.records import LabelBatch, LabelRows

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def records(store):
    return [record.decode(frame.payload) for _, frame in frames_from(store / "journals")]


def test_rows_become_pairs_and_other_columns_stay_out(tmp_path):
    given_rows = [{"id": "a", "y": True, "secret": 1}, {"y": np.int64(0), "id": 2**70}]
    assert record.labels(tmp_path, "m", given_rows, id="id", label="y") == 2
    assert record.labels(tmp_path, "m", {"id": "c", "y": None}, id="id", label="y") == 1

    first, second = records(tmp_path)
    assert (first.ids, first.labels, first.times) == (["a", str(2**70)], [True, 0], None)
    assert (second.ids, second.labels) == (["c"], [None])


def test_times_take_the_zone_that_tz_names(tmp_path):
    times = [
        WHEN,
        datetime(2026, 3, 1, 12),  # noqa: DTZ001 - naive on purpose
        "2026-03-01T12:00:00",
        "2026-03-01",
        np.datetime64("2026-03-01T12:00:00"),
        None,
    ]
    rows = [{"id": i, "y": 1, "t": when} for i, when in enumerate(times)]
    record.labels(tmp_path, "m", rows, id="id", label="y", time="t", tz="Europe/Berlin")

    eleven = WHEN - timedelta(hours=1)
    midnight = datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert records(tmp_path)[0].times == [WHEN, eleven, eleven, midnight, eleven, None]


def test_a_time_without_zone_is_refused(tmp_path):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - naive on purpose
    frame = [{"id": 1, "y": 1, "t": WHEN}, {"id": 2, "y": 1, "t": naive}]
    for form in (frame, pd.DataFrame({"id": [1], "y": [1], "t": [naive]})):
        with pytest.raises(NaiveTime, match=r"column 't' has .*without zone|no zone"):
            record.labels(tmp_path, "m", form, id="id", label="y", time="t")

    assert records(tmp_path) == []


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame, pl.DataFrame])
def test_a_frame_keeps_only_the_named_columns(tmp_path, make):
    frame = make({"secret": [1, 2], "y": [0.5, 1.5], "id": ["a", "b"], "t": [WHEN, WHEN]})
    assert record.labels(tmp_path, "m", frame, id="id", label="y", time="t", tz="UTC") == 2

    (said,) = records(tmp_path)
    assert isinstance(said, LabelBatch)
    assert (said.model, said.id, said.label, said.time, said.zone) == ("m", "id", "y", "t", "UTC")
    table = pa.ipc.open_stream(said.ipc).read_all()
    assert table.select(["id", "y", "t"]).to_pylist() == [
        {"id": "a", "y": 0.5, "t": WHEN},
        {"id": "b", "y": 1.5, "t": WHEN},
    ]
    assert "secret" not in table.column_names


def test_many_labels_are_cut_into_records_that_fit(tmp_path, monkeypatch):
    for module in (label, frames, cutting):
        monkeypatch.setattr(module, "MOST_BYTES", 2000)
    rows = [{"id": f"id {i}", "y": i, "t": WHEN} for i in range(1000)]
    record.labels(tmp_path, "m", rows, id="id", label="y", time="t")
    record.labels(tmp_path, "m", pa.Table.from_pylist(rows), id="id", label="y", time="t")

    found = records(tmp_path)
    by_rows = [said for said in found if isinstance(said, LabelRows)]
    by_frame = [said for said in found if isinstance(said, LabelBatch)]
    assert [x for said in by_rows for x in said.ids] == [row["id"] for row in rows]
    assert [x for said in by_rows for x in said.labels] == list(range(1000))
    assert {x for said in by_rows for x in said.times} == {WHEN}
    assert [
        row for said in by_frame for row in pa.ipc.open_stream(said.ipc).read_all().to_pylist()
    ] == rows
    assert all(len(frame.payload) < 2200 for _, frame in frames_from(tmp_path / "journals"))
    assert len(by_rows) > 5
    assert len(by_frame) > 5


def test_a_label_larger_than_a_record_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(label, "MOST_BYTES", 2000)
    with pytest.raises(BadInput, match=r"a label has .* bytes, a record holds 2,000"):
        record.labels(tmp_path, "m", {"id": "x", "y": "y" * 3000}, id="id", label="y")


@pytest.mark.parametrize("make", [lambda rows: rows, pa.Table.from_pylist, pd.DataFrame])
def test_a_missing_column_is_named(tmp_path, make):
    with pytest.raises(MissingColumn, match=r"no column 'truth'; its columns are 'id', 'y'"):
        record.labels(tmp_path, "m", make([{"id": 1, "y": 2}]), id="id", label="truth")

    assert records(tmp_path) == []


def test_bad_arguments_are_named(tmp_path):
    row = {"id": 1, "y": 1}
    with pytest.raises(BadInput, match="model is ''"):
        record.labels(tmp_path, "", row, id="id", label="y")
    with pytest.raises(BadInput, match="column is None"):
        record.labels(tmp_path, "m", row, id=None, label="y")
    with pytest.raises(BadInput, match="tz is 'Nowhere'"):
        record.labels(tmp_path, "m", row, id="id", label="y", tz="Nowhere")
    with pytest.raises(BadInput, match=r"cannot record a builtins\.int"):
        record.labels(tmp_path, "m", 5, id="id", label="y")
    with pytest.raises(BadInput, match=r"column 'y' holds a value of type builtins\.object"):
        record.labels(tmp_path, "m", {"id": 1, "y": object()}, id="id", label="y")
    assert record.labels(tmp_path, "m", [], id="id", label="y") == 0

    assert records(tmp_path) == []
