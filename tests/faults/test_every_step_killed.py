"""SIGKILL before and after every single write of a fold and of an import: rows are there once."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import whence
from whence.store.folder import StoreFolder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

# One process loads the libraries; each try is a fork of it that dies at its own step.
ZYGOTE = """
import gc, os, signal, sys
from pathlib import Path
import whence
import whence.work.files, whence.work.imports
from whence.cli import main
from whence.store import metadata, run_edits, tables
from whence.store.fresh import Point
from whence.work import fold, tick

store, job = Path(sys.argv[1]), sys.argv[2]
whence.work.files.PIECE = 150

def dying_at(step):
    calls = 0
    def watched(function):
        def call(*given, **named):
            nonlocal calls
            for after in (False, True):
                calls += 1
                if calls == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                if not after:
                    result = function(*given, **named)
            return result
        return call
    metadata.Metadata.run = watched(metadata.Metadata.run)
    metadata.Metadata.run_many = watched(metadata.Metadata.run_many)
    tables.write = watched(tables.write)

def log(turn):
    model = whence.model("m", store=store)
    for i in range(10):
        key = f"r{turn}-{i}"
        model.log({"id": key, "ts": f"2023-09-{1 + i % 3:02d}T00:00:00Z", "x": float(i), "p": 1},
                  id="id", time="ts", prediction="p")
        model.label({"id": key, "y": i % 2}, id="id", label="y")
    run.log({"loss": 1 / turn}, step=turn)
    database = metadata.Metadata(store / "whence.db")
    with database.transaction():  # as a client over HTTP does
        run_edits.add_points(database, [Point(run.id, "waited", turn, turn, float(turn))])
    database.close()

if job == "fold":
    run = whence.start_run(store=store)
gc.freeze()  # a fork then copies fewer pages
step, killed, finished = 0, 0, False
while not finished:
    step += 1
    if job == "fold":
        log(step)
    child = os.fork()
    if child == 0:
        dying_at(step)
        if job == "fold":
            status = main(["doctor", "--store", str(store)])
        else:
            status = main(["import", sys.argv[3], "--model", "m", "--time", "ts", "--id", "id",
                           "--prediction", "p", "--store", str(store)])
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
    killed += status != 0
    finished = status == 0
os.write(1, b"\\n%d killed\\n" % killed)
"""


def killed_at_every_step(*arguments):
    done = subprocess.run(
        [sys.executable, "-c", ZYGOTE, *map(str, arguments)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1].split()[0])


def ids(table):
    read = table.read(["_id"])["_id"]
    assert pc.count_distinct(read).as_py() == len(read)
    return set(read.to_pylist())


def test_a_fold_killed_at_every_step_loses_and_doubles_nothing(tmp_path):
    killed = killed_at_every_step(tmp_path / "store", "fold")
    assert killed >= 10
    store = StoreFolder(tmp_path / "store")
    expected = {f"r{turn}-{i}" for turn in range(1, killed + 2) for i in range(10)}
    assert ids(store.predictions("m")) == ids(store.labels("m")) == expected
    (run,) = whence.open(tmp_path / "store").runs()
    assert run.status == "finished"
    for metric in ("loss", "waited"):
        steps = whence.open(tmp_path / "store").run(run.id).metric(metric)["step"].to_pylist()
        assert steps == list(range(1, killed + 2))
    assert store.metadata.one("SELECT COUNT(*) FROM fresh") == (0,)


def test_an_import_killed_at_every_step_goes_on_where_it_stopped(tmp_path):
    n = 400
    table = pa.table(
        {
            "id": [f"r{i}" for i in range(n)],
            "ts": [f"2023-09-{1 + i % 9:02d}T00:00:00Z" for i in range(n)],
            "p": [i % 2 for i in range(n)],
        }
    )
    pq.write_table(table, tmp_path / "p.parquet")
    killed = killed_at_every_step(tmp_path / "store", "import", tmp_path / "p.parquet")
    assert killed >= 10
    store = StoreFolder(tmp_path / "store")
    assert ids(store.predictions("m")) == {f"r{i}" for i in range(n)}
    assert store.metadata.one("SELECT COUNT(*) FROM quarantine") == (0,)
