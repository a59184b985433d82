"""What neptune-exporter wrote: what comes of it, and what is told of the rest.

The files are written here with the columns that its documentation names; none of its own was at
hand.
"""

import os
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import whence as library

START = datetime(2025, 3, 1, 12, tzinfo=UTC)
SCHEMA = pa.schema(
    {
        "project_id": pa.string(), "run_id": pa.string(), "attribute_path": pa.string(),
        "attribute_type": pa.string(), "step": pa.decimal128(18, 6),
        "timestamp": pa.timestamp("ms", "UTC"), "int_value": pa.int64(),
        "float_value": pa.float64(), "string_value": pa.string(), "bool_value": pa.bool_(),
        "datetime_value": pa.timestamp("ms", "UTC"), "string_set_value": pa.list_(pa.string()),
        "file_value": pa.struct({"path": pa.string()}),
        "histogram_value": pa.struct({"type": pa.string(), "edges": pa.list_(pa.float64()),
                                      "values": pa.list_(pa.float64())}),
    }
)  # fmt: skip


def value(path, kind, given):
    return {"attribute_path": path, "attribute_type": kind, f"{kind}_value": given}


def point(path, step, given, kind="float_series", second=0):
    column = "float_value" if kind == "float_series" else "string_value"
    return {
        "attribute_path": path, "attribute_type": kind, "step": Decimal(str(step)),
        "timestamp": START.replace(second=second), column: given,
    }  # fmt: skip


def file(path, place, **more):
    return {"attribute_path": path, "attribute_type": "file", "file_value": {"path": place}, **more}


SYS = [
    value("sys/creation_time", "datetime", START),
    value("sys/owner", "string", "ann"),
    value("sys/name", "string", "my run"),
    value("sys/tags", "string_set", ["a", "b"]),
    value("sys/failed", "bool", given=False),
    value("sys/state", "string", "idle"),
]


@pytest.fixture
def part(tmp_path):
    """Write a part of a run."""

    def write(rows, run="SAN-1", number=0, without=()):
        folder = tmp_path / "exports/data/ws-digits-0a1b"
        folder.mkdir(parents=True, exist_ok=True)
        known = [{"project_id": "ws/digits", "run_id": run, **row} for row in rows]
        table = pa.Table.from_pylist(known, schema=SCHEMA)
        table = table.drop_columns([*without])
        pq.write_table(table, folder / f"{run}_part_{number}.parquet", compression="snappy")

    return write


def bring(whence, tmp_path, *arguments, source="exports"):
    done = whence("import-runs", source, "--store", "s", *arguments)
    return done, library.open(tmp_path / "s")


def test_a_run_comes_with_all_its_parts(whence, tmp_path, part):
    part([
        *SYS, value("params/lr", "float", 0.1), value("layers", "int", 3),
        value("when", "datetime", START), value("kinds", "string_set", ["x"]),
        point("loss", 0, 1.0), point("loss", 1, 0.5, second=1),
    ])  # fmt: skip
    part([
        point("loss", 2, 0.25, second=2),
        point("monitoring/1/stdout", 0, "one\n", "string_series"),
        point("monitoring/1/stderr", 0, "two", "string_series", 1),
    ], number=1)  # fmt: skip
    done, store = bring(whence, tmp_path)
    assert "1 run, 3 points, 0 artifacts" in done.stdout
    run = store.run("SAN-1")
    assert (run.project, run.status, run.started, run.user) == (
        "ws/digits", "finished", START, "ann"
    )  # fmt: skip
    assert run.params == {
        "params/lr": 0.1, "layers": 3, "when": "2025-03-01T12:00:00+00:00", "kinds": ["x"]
    }  # fmt: skip
    assert run.tags["neptune.name"] == "my run"
    assert run.tags["neptune.tags"] == "a, b"
    assert run.metric("loss").to_pylist() == [
        {"step": step, "time": START.replace(second=step), "value": 1 / 2**step}
        for step in range(3)
    ]
    assert run.output() == "one\ntwo\n"
    again = bring(whence, tmp_path, source="exports/data")[0]
    assert "nothing to do; 1 run imported before" in again.stdout


def test_files_are_found_beside_or_where_it_is_said(whence, tmp_path, part):
    part([
        *SYS, file("model", "ws-digits-0a1b/SAN-1/model.pt"), file("up", "../secret.txt"),
        file("plots", "ws-digits-0a1b/SAN-1/7.png", attribute_type="file_series", step=Decimal(7)),
    ])  # fmt: skip
    (tmp_path / "exports/secret.txt").write_text("not of the export")
    place = tmp_path / "exports/files/ws-digits-0a1b/SAN-1"
    place.mkdir(parents=True)
    (place / "model.pt").write_bytes(b"weights")
    (place / "7.png").write_bytes(b"a plot")
    done, store = bring(whence, tmp_path)
    assert "2 artifacts" in done.stdout
    assert "the file '../secret.txt' of 'up' is not there" in done.stderr
    run = store.run("SAN-1")
    assert sorted(one.path for one in run.artifacts()) == ["model.pt", "plots/7.png"]
    (tmp_path / "exports/files").rename(tmp_path / "elsewhere")
    assert "'model' is not there" in bring(whence, tmp_path)[0].stderr
    told = bring(whence, tmp_path, "--artifacts", "elsewhere")[0]
    assert "'model' is not there" not in told.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")
def test_a_folder_of_files_that_is_a_link_is_followed_only_where_it_is_named(
    whence, tmp_path, part
):
    part([*SYS, file("model", "model.pt")])
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/model.pt").write_bytes(b"weights")
    (tmp_path / "exports/files").symlink_to(tmp_path / "elsewhere")
    done, _ = bring(whence, tmp_path)
    assert "0 artifacts" in done.stdout
    assert "'model' is not there" in done.stderr
    bring(whence, tmp_path, "--artifacts", "exports/files")
    assert [one.path for one in bring(whence, tmp_path)[1].run("SAN-1").artifacts()] == ["model.pt"]


def test_what_has_no_place_here_is_told(whence, tmp_path, part):
    part([
        *SYS, point("odd", 0.5, 1.0), point("odd", 1.5, 2.0), point("even", 2, 1.0),
        point("notes", 0, "hello", "string_series"),
        {"attribute_path": "h", "attribute_type": "histogram_series", "step": Decimal(0)},
    ])  # fmt: skip
    done, store = bring(whence, tmp_path)
    assert "steps of 'odd' are no whole numbers" in done.stderr
    assert "left out were values: 1 of histogram_series, 1 of string_series" in done.stderr
    run = store.run("SAN-1")
    assert run.metric("odd")["step"].to_pylist() == [0, 1]
    assert run.metric("even")["step"].to_pylist() == [2]


def test_a_run_whose_export_broke_off_is_told_and_left_out(whence, tmp_path, part):
    part([*SYS, point("loss", 0, 1.0)])
    part([point("loss", 1, 1.0)], run="SAN-2", number=1)
    done, store = bring(whence, tmp_path)
    assert "SAN-2: its export broke off, part 0 is missing" in done.stderr
    assert [run.name for run in store.runs()] == ["SAN-1"]


@pytest.mark.parametrize(("failed", "state", "status"),
                         [(True, "idle", "failed"), (False, "running", "unknown")])  # fmt: skip
def test_how_it_ended_is_what_neptune_says(whence, tmp_path, part, failed, state, status):
    part([*SYS[:4], value("sys/failed", "bool", failed), value("sys/state", "string", state)])
    assert bring(whence, tmp_path)[1].run("SAN-1").status == status


def test_a_run_without_a_begin_is_told_and_the_others_come(whence, tmp_path, part):
    part([value("lr", "float", 0.1)])
    part(SYS, run="SAN-2")
    done, store = bring(whence, tmp_path)
    assert "does not say when run SAN-1 began" in done.stderr
    assert [run.name for run in store.runs()] == ["SAN-2"]


def test_a_run_without_a_column_is_told_and_the_others_come(whence, tmp_path, part):
    part(SYS, without=["bool_value", "int_value"])
    part(SYS, run="SAN-2")
    done, store = bring(whence, tmp_path)
    assert "SAN-1_part_0.parquet lacks the columns bool_value, int_value" in done.stderr
    assert [run.name for run in store.runs()] == ["SAN-2"]
