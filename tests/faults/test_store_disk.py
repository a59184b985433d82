"""Folding and importing on disks that are full, limited or read-only: said, and nothing is lost."""

import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import whence
from whence import Unwritable
from whence.cli import main

ROLES = {"id": "id", "time": "ts", "prediction": "pred", "label": "y"}
IMPORT = ("--model", "m", "--time", "ts", "--id", "id", "--prediction", "pred", "--label", "y")


def stored(model):
    return sum(one.rows for one in model.watch().windows)


def fill(disk, leaving):
    """Leave so many bytes free on a disk, and return the file that takes the rest."""
    state = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(b"x" * max(0, state.f_bavail * state.f_frsize - leaving))
    return filler


@pytest.mark.parametrize("leaving", [0, 8_192, 60_000])
def test_a_full_disk_stops_folds_and_imports_with_its_name_and_both_go_on_later(
    make_disk, tmp_path, failing, capfd, leaving
):
    disk = make_disk(3 * 2**20)
    store, other = disk / "store", tmp_path / "other.parquet"
    model = whence.model("m", store=store)
    table = pa.table(failing)
    pq.write_table(table.slice(400), other)
    model.log(table.slice(0, 200), **ROLES)
    assert stored(model) == 200
    model.log(table.slice(200, 200), **ROLES)
    filler = fill(disk, leaving)
    with pytest.raises(Unwritable, match=rf"cannot write .*{store}.*(free space|disk)"):
        model.watch()
    assert main(["import", str(other), *IMPORT, "--store", str(store)]) == 1
    told = capfd.readouterr().err
    assert f"cannot write {store}" in told or str(store / "whence.db") in told
    assert "Traceback" not in told
    assert "panicked" not in told
    filler.unlink()
    assert main(["import", str(other), *IMPORT, "--store", str(store)]) == 0
    assert stored(model) == 800
    assert main(["doctor", "--store", str(store)]) == 0


LIMITED = """
import resource, sys
from whence.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("job", ["watch", "import"])
def test_files_that_may_not_grow_are_said_and_the_next_try_finishes(tmp_path, failing, job):
    store, file = tmp_path / "store", tmp_path / "p.parquet"
    model = whence.model("m", store=store)
    pq.write_table(pa.table(failing), file)
    given = ["watch", "m"]
    if job == "watch":
        model.log(pa.table(failing), **ROLES)
    else:
        given = ["import", str(file), *IMPORT]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "6000", *given, "--store", store],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert str(store) in done.stderr
    assert "Traceback" not in done.stderr
    assert main([*given, "--store", str(store)]) == 0
    assert stored(model) == 800


def test_a_read_only_disk_is_said_by_every_command_and_left_as_it_is(
    make_disk, read_only, tmp_path, failing, capsys
):
    disk = make_disk(8 * 2**20)
    store, file = disk / "store", tmp_path / "p.parquet"
    pq.write_table(pa.table(failing), file)
    # In a process of its own: a disk with a file open for writing cannot be remounted.
    given = [sys.executable, "-m", "whence.cli", "import", file, *IMPORT, "--store", store]
    subprocess.run(given, check=True)
    read_only(disk)
    capsys.readouterr()
    for given in (
        ["watch", "m"],
        ["why", "m"],
        ["doctor"],
        ["import", str(file), *IMPORT],
        ["reference", "m", "--from", "2023-09-01", "--to", "2023-09-20"],
        ["event", "x", "--at", "2023-09-22"],
    ):
        assert main([*given, "--store", str(store)]) == 1, given
        told = capsys.readouterr().err
        assert "Read-only file system" in told or "writable" in told
        assert str(store) in told


@pytest.mark.parametrize("kept", [0, 5000])
def test_a_damaged_database_is_named_and_no_journal_is_touched(
    model, tmp_path, failing, capsys, kept
):
    model.log(pa.table(failing), **ROLES)
    store = tmp_path / "store"
    code = "import sys, whence; whence.open(sys.argv[1]).models()"
    subprocess.run([sys.executable, "-c", code, store], check=True)
    database, (journal,) = store / "whence.db", (store / "journals").iterdir()
    whole, before = database.read_bytes(), journal.read_bytes()
    database.write_bytes(whole[:kept] + b"\xff" * (len(whole) - kept))
    assert main(["watch", "m", "--store", str(store)]) == 1
    assert f"{database} is damaged" in capsys.readouterr().err
    assert journal.read_bytes() == before
