"""Commands that only read: they make nothing, and a store that cannot be written is read."""

import datetime as dt
import gc
import shutil
import subprocess
import sys

import pyarrow as pa
import pytest

import whence
from whence.cli import main

START = dt.datetime(2023, 9, 11, tzinfo=dt.UTC)
READING = (
    ["runs"],
    ["review", "--week", "2023-09-20"],
    ["notify", "list"],
    ["notify", "log"],
    ["notify", "silences"],
    ["token", "list"],
)
CHANGING = (
    ["watch", "m"],
    ["why", "m"],
    ["doctor"],
    ["compact"],
    ["forget", "m", "--all", "--yes"],
    ["notify", "silence", "m", "--for", "1h"],
    ["token", "create", "--scope", "read", "--name", "x"],
)
NAMING = (["notify", "remove", "x"], ["notify", "end", "1"], ["token", "revoke", "x"])
"""They change what they name, which must be there."""

KILLED = """
import os, sqlite3, sys
opened = sqlite3.connect(sys.argv[1] + "/whence.db", isolation_level=None)
opened.execute("UPDATE runs SET name = 'changed'")
os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make a store with a watched model and a run, and one more run that was not taken in yet."""
    store = tmp_path_factory.mktemp("made") / "store"
    model = whence.model("m", store=store)
    stamps = [START + dt.timedelta(hours=hour) for hour in range(24 * 14)]
    columns = {"ts": pa.array(stamps, pa.timestamp("us", "UTC")), "pred": [0, 1] * 168}
    model.log(pa.table({**columns, "y": columns["pred"]}), time="ts", prediction="pred", label="y")
    with whence.start_run(name="baseline", store=store) as run:
        run.log({"loss": 0.5}, step=0)
    model.watch()
    whence.start_run(name="later", store=store).finish()
    gc.collect()  # closes the database, so that all of it is in its file
    return store


@pytest.fixture
def frozen(made, make_disk, read_only):
    """Return a copy of that store on a disk that is read-only."""

    def make(change=None):
        disk = make_disk(8 * 2**20)
        store = shutil.copytree(made, disk / "store")
        if change is not None:
            subprocess.run([sys.executable, "-c", change, store], check=False)
        read_only(disk)
        return store

    return make


@pytest.mark.parametrize("given", [*READING, *CHANGING[:-1], *NAMING], ids=" ".join)
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_without_a_store_is_named_and_left_as_it_is(tmp_path, capsys, given, there):
    folder = tmp_path / "folder"
    if there:
        folder.mkdir()
    assert main([*given, "--store", str(folder)]) == 2
    said = "the folder has no whence.json" if there else "there is no such folder"
    assert f"there is no store at {folder}: {said}" in capsys.readouterr().err
    assert list(tmp_path.rglob("*")) == ([folder] if there else [])


def test_a_store_that_cannot_be_written_is_read(frozen, capsys):
    store = frozen()
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    for given in READING:
        assert main([*given, "--store", str(store)]) == 0, given
        told = capsys.readouterr()
        if given[0] in {"runs", "review"}:
            assert ("baseline" if given == ["runs"] else "# m") in told.out
            assert "later" not in told.out
            assert f"the store {store} is read without what was recorded since" in told.err
            assert "Read-only file system" in told.err
        else:
            assert told.err == ""
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before


def test_a_program_that_reads_such_a_store_is_warned(frozen):
    store = whence.open(frozen())
    with pytest.warns(UserWarning, match="read without what was recorded since") as warned:
        (run,) = store.runs()
    assert warned[0].filename == __file__
    assert run.name == "baseline"
    with pytest.warns(UserWarning, match="Read-only file system") as warned:
        assert store.run("baseline").metric("loss")["value"].to_pylist() == [0.5]
    assert {one.filename for one in warned} == {__file__}


def test_what_a_killed_process_left_beside_the_database_is_read_too(frozen, capsys):
    store = frozen(KILLED)
    assert (store / "whence.db-wal").stat().st_size > 0
    assert main(["runs", "--store", str(store)]) == 0
    assert "changed" in capsys.readouterr().out


def test_whatever_changes_a_store_names_what_cannot_be_written(frozen, capsys):
    store = frozen()
    for given in CHANGING:
        assert main([*given, "--store", str(store)]) == 1, given
        told = capsys.readouterr().err
        assert str(store) in told
        assert "Read-only file system" in told or "writable" in told
