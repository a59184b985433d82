"""Runs as plain files: what another tool reads there, and that they come back as they were."""

import json
import math
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import whence as library
from whence.store.folder import StoreFolder
from whence.work.correcting import correct
from whence.work.fold import fold

PARAMS = {"lr": 0.1, "layers": [1, {"a": None}], "text": "x\ny", "big": 2**60}


def record(store, project="digits", names=("one", "two")):
    """Record runs with all that a run can have; return their ids."""
    ids = []
    for name in names:
        with library.start_run(
            project=project, name=name, params=PARAMS, tags={"ü": "b"}, store=store,
            capture={"environment", "output"},
        ) as run:  # fmt: skip
            for step in range(20):
                run.log({"loss": 1 / (step + 1), "odd": math.nan if step % 2 else math.inf})
            run.log({"loss": 9.0}, step=3)
            run.log_text(f"notes of {name}", "folder/notes ü.md")
            run.log_text("the same", "same.txt")
            sys.stdout.write(f"printed by {name}\n")
            ids.append(run.id)
    return ids


def opened(path):
    store = StoreFolder(path)
    with store.lease():
        fold(store)
    return store


def lines(folder):
    return [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()]


def tree(folder):
    """Return all files of an export with their contents; what names the moment is left out."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    marker = json.loads(files.pop("export.json"))
    return files, {key: value for key, value in marker.items() if key != "made"}


def test_other_tools_read_all_of_a_run(whence, tmp_path):
    ids = record(tmp_path / "s")
    told = whence("export", "out", "--store", "s").stdout
    assert "2 runs, 82 points, 4 artifacts" in told
    out = tmp_path / "out"
    one = lines(out)[0]
    assert [row["id"] for row in lines(out)] == ids
    assert (one["project"], one["name"], one["status"]) == ("digits", "one", "finished")
    assert one["params"] == PARAMS
    assert one["tags"] == {"ü": "b"}
    assert one["metrics"] == {"loss": 0.05, "odd": None}
    assert datetime.fromisoformat(one["started"]) < datetime.fromisoformat(one["ended"])
    for artifact in one["artifacts"]:
        assert (out / artifact["file"]).stat().st_size == artifact["size"]
    assert (out / "artifacts" / ids[0] / "folder/notes ü.md").read_text() == "notes of one"
    captured = json.loads((out / one["captured"]["environment"]).read_text())
    assert "msgspec" in captured["packages"]
    points = pq.read_table(out / "points.parquet").to_pylist()
    assert points == sorted(
        points, key=lambda row: (row["run"], row["key"], row["step"], row["time"])
    )
    loss = [row for row in points if row["run"] == ids[1] and row["key"] == "loss"]
    assert [row["value"] for row in loss if row["step"] == 3] == [0.25, 9.0]
    assert loss[0]["time"].tzinfo is not None
    printed = pq.read_table(out / "output.parquet").to_pylist()
    assert [row["text"] for row in printed] == ["printed by one\n", "printed by two\n"]
    assert (out / "README.txt").is_file()


def test_what_was_exported_comes_back_exactly(whence, tmp_path):
    first, *_ = record(tmp_path / "s")
    store = opened(tmp_path / "s")
    for step, value in ((19, 0.5), (2, None), (5, math.nan), (6, -math.inf)):
        correct(store, first, "loss", step, value, reason="typo", by="me")
    library.open(tmp_path / "s").register("m", run=first, artifact="same.txt", tags={"a": "b"})
    whence("export", "a", "--store", "s")
    told = whence("import-runs", "a", "--store", "t").stdout
    assert "2 runs, 82 points, 4 artifacts; 1 version of registered models" in told
    assert (
        "nothing to do; 2 runs imported before" in whence("import-runs", "a", "--store", "t").stdout
    )
    whence("export", "b", "--store", "t")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    ask = "SELECT * FROM {} ORDER BY 1, 2"
    other = opened(tmp_path / "t")
    for table in ("latest", "output"):
        assert store.metadata.all(ask.format(table)) == other.metadata.all(ask.format(table))


def test_only_what_was_asked_for_is_exported(whence, tmp_path):
    record(tmp_path / "s")
    record(tmp_path / "s", "other", ["three"])
    assert "1 run, 41 points" in whence("export", "a", "--store", "s", "--project", "other").stdout
    whence("export", "b", "--store", "s", "--where", "name = 'two'")
    assert [row["name"] for row in lines(tmp_path / "b")] == ["two"]
    assert {row["run"] for row in pq.read_table(tmp_path / "b/points.parquet").to_pylist()} == {
        lines(tmp_path / "b")[0]["id"]
    }
    refused = whence("export", "c", "--store", "s", "--where", "name = 'none'", status=2)
    assert "no such run" in refused.stderr
    assert not (tmp_path / "c").exists()


def test_a_folder_with_something_in_it_is_refused(whence, tmp_path):
    record(tmp_path / "s", names=["one"])
    (tmp_path / "out").mkdir()
    whence("export", "out", "--store", "s")
    before = tree(tmp_path / "out")
    assert "not an empty folder" in whence("export", "out", "--store", "s", status=2).stderr
    assert tree(tmp_path / "out") == before


def test_an_export_that_broke_off_is_known_as_such(whence, tmp_path):
    record(tmp_path / "s", names=["one"])
    whence("export", "out", "--store", "s")
    (tmp_path / "out/export.json").unlink()
    assert "broke off" in whence("import-runs", "out", "--store", "t", status=2).stderr
    assert "broke off" in whence("export", "out", "--store", "s", status=2).stderr


def test_a_file_that_was_changed_is_left_out_and_told(whence, tmp_path):
    (run,) = record(tmp_path / "s", names=["one"])
    whence("export", "out", "--store", "s")
    changed = tmp_path / "out/artifacts" / run / "same.txt"
    changed.unlink()
    changed.write_text("another!")
    done = whence("import-runs", "out", "--store", "t")
    assert "same.txt" in done.stderr
    assert "1 run, 41 points, 1 artifact" in done.stdout


def test_a_run_that_goes_on_is_unknown_elsewhere(whence, tmp_path):
    run = library.start_run(store=tmp_path / "s", capture=False)
    run.log({"loss": 1.0})
    whence("export", "out", "--store", "s")
    run.finish()
    whence("import-runs", "out", "--store", "t")
    assert library.open(tmp_path / "t").run(run.id).status == "unknown"


def test_runs_that_no_import_made_stay_as_they_are(whence, tmp_path):
    (run,) = record(tmp_path / "s", names=["one"])
    whence("export", "out", "--store", "s")
    told = whence("import-runs", "out", "--store", "s").stdout
    assert "1 run left out that were here before any import" in told
    assert library.open(tmp_path / "s").run(run).metric("loss").num_rows == 21


@pytest.mark.parametrize("name", ["points.parquet", "runs.jsonl", "export.json"])
def test_a_damaged_export_is_refused_with_the_file_s_name(whence, tmp_path, name):
    record(tmp_path / "s", names=["one"])
    whence("export", "out", "--store", "s")
    (tmp_path / "out" / name).write_bytes(b"{")
    assert name in whence("import-runs", "out", "--store", "t", status=2).stderr


def test_times_are_those_of_then(whence, tmp_path):
    (run,) = record(tmp_path / "s", names=["one"])
    whence("export", "out", "--store", "s")
    whence("import-runs", "out", "--store", "t")
    then, now = (library.open(tmp_path / name).run(run) for name in "st")
    assert (then.started, then.ended) == (now.started, now.ended)
    assert then.metric("loss").equals(now.metric("loss"))
    assert [one.logged for one in then.artifacts()] == [one.logged for one in now.artifacts()]
    assert now.started.tzinfo == UTC
    assert Path(now.artifact("same.txt")).read_text() == "the same"
