"""Small files merged and deleted: readers at work see exact rows, and a kill harms nothing."""

import os
import select
import signal
import subprocess
import sys
import time
from datetime import timedelta

import numpy as np
import pyarrow.compute as pc
import pytest

from whence import model
from whence import open as open_store
from whence.store.folder import StoreFolder
from whence.store.history import History
from whence.work import compact as compacting

DAYS, A_DAY = 4, 3
ROWS = DAYS * A_DAY
"""Rows of one fold."""

TURNS, MOST_TURNS = 12, 100
"""Folds beside a reader."""

READER = """
import sys
from pathlib import Path
from whence.store.folder import StoreFolder
from whence.store.history import History

store, stop, rows = StoreFolder(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
vanished = False
print("ready", flush=True)
while not stop.exists():
    history, table = History(store, "m"), store.predictions("m")
    # The same snapshot again and again, while its files are replaced and deleted.
    for _ in range(8):
        found = history.read(1_693_526_400_000_000, 1_696_118_400_000_000)
        assert found.num_rows == rows * history.epochs[0], (found.num_rows, history.epochs)
        assert len(set(found["_id"].to_pylist())) == found.num_rows
        late = found.filter(found["_delay"].is_valid()).num_rows
        assert late == rows * history.epochs[1], (late, history.epochs)
        if table.missing_files() and not vanished:
            vanished = True
            print("vanished", flush=True)
        assert table.read(["x"]).num_rows == rows * table.epoch
"""

COMPACT = """
import sys
from datetime import timedelta
from whence import open as open_store
from whence.work import compact

print("ready", flush=True)
open_store(sys.argv[1]).compact(keep=timedelta(0))
"""


def log(store, turn):
    rows = [
        {"id": f"{turn}-{i}", "ts": f"2023-09-{1 + i % DAYS:02d}T00:00:00Z", "x": i, "p": i % 2}
        for i in range(ROWS)
    ]
    logged = model("m", store=store)
    logged.log(rows, id="id", time="ts", prediction="p")
    logged.label(
        [{"id": row["id"], "y": 1, "at": "2023-09-20T00:00:00Z"} for row in rows],
        id="id", label="y", time="at",
    )  # fmt: skip


def fold(store, turn):
    """Record the rows of one turn and take them in, as an epoch of their own."""
    log(store, turn)
    assert open_store(store).models() == ["m"]


def files(store):
    folder = StoreFolder(store)
    return [table.files_of_days() for table in (folder.predictions("m"), folder.labels("m"))]


def exact(store, turns):
    folder = StoreFolder(store)
    for table in (folder.predictions("m"), folder.labels("m")):
        ids = table.read(["_id"])["_id"]
        assert len(ids) == pc.count_distinct(ids).as_py() == turns * ROWS
        assert table.epoch == turns
    assert not any(table.missing_files() for table in (folder.predictions("m"), folder.labels("m")))


def test_readers_see_exact_rows_while_files_are_merged_and_deleted(tmp_path):
    store, stop = tmp_path / "store", tmp_path / "stop"
    for turn in range(3):
        fold(store, turn)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(store), str(stop), str(ROWS)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert reader.stdout.readline() == "ready\n"
    handle = open_store(store)
    met, turn = [], 3
    # A busy machine may leave the reader little time: go on until it has met a vanished file.
    while reader.poll() is None and (turn < TURNS or not met) and turn < MOST_TURNS:
        fold(store, turn)
        handle.compact(keep=timedelta(0))
        met, _, _ = select.select([reader.stdout], [], [], 0)
        turn += 1
    stop.touch()
    told, complaint = reader.communicate()
    assert reader.returncode == 0, complaint
    assert told == "vanished\n", "the reader never met a vanished file; the test shows nothing"
    exact(store, turn)


def start_compaction(store):
    """Start a compaction in a process of its own; its libraries are loaded on return."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMPACT, str(store)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    process.stdout.close()
    return process


def test_killed_compactions_lose_and_double_nothing(tmp_path):
    store = tmp_path / "store"
    chance = np.random.default_rng(5)
    killed, turns = 0, 6
    for turn in range(turns):
        fold(store, turn)
    process = start_compaction(store)
    began = time.monotonic()
    assert process.wait() == 0
    whole = time.monotonic() - began
    for _ in range(5):
        for _ in range(3):
            fold(store, turns)
            turns += 1
        process = start_compaction(store)
        try:
            process.wait(timeout=chance.uniform(0.0, 0.6) * whole)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        exact(store, turns)
    assert killed, "no compaction was killed; the delays do not fit this machine"
    open_store(store).compact(keep=timedelta(0))
    exact(store, turns)
    assert [set(table.values()) for table in files(store)] == [{1}, {1}]
    on_disk = len(list((store / "tables").rglob("*.parquet")))
    checkpoints = len(list((store / "tables").rglob("*.checkpoint.parquet")))
    assert on_disk - checkpoints == 2 * DAYS


@pytest.mark.parametrize("step", ["merge", "sweep"])
def test_a_compaction_killed_at_a_step_is_done_by_the_next(tmp_path, step):
    store = tmp_path / "store"
    for turn in range(3):
        fold(store, turn)
    script = f"""
import os, signal, sys
from whence.work import compact
real = compact.{step}
def die(*arguments):
    real(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
compact.{step} = die
{COMPACT.strip()}
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(store)], check=False, capture_output=True
    )
    assert done.returncode == -signal.SIGKILL
    exact(store, 3)
    open_store(store).compact(keep=timedelta(0))
    exact(store, 3)
    assert [set(table.values()) for table in files(store)] == [{1}, {1}]


def test_a_fold_compacts_when_it_is_time_and_keeps_the_files_for_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr(compacting, "EVERY", 5)
    store = tmp_path / "store"
    for turn in range(4):
        fold(store, turn)
    assert [set(table.values()) for table in files(store)] == [{4}, {4}]
    fold(store, 4)
    assert [set(table.values()) for table in files(store)] == [{1}, {1}]
    folder = store / "tables/m/predictions"
    assert len(list(folder.glob("_day=*/*.parquet"))) == 6 * DAYS
    # A day later the replaced files go, with whatever fold comes then.
    monkeypatch.setattr(compacting, "_now", lambda: time.time_ns() // 1000 + 25 * 3_600_000_000)
    monkeypatch.setattr(compacting, "KEEP", timedelta(0))
    fold(store, 5)
    assert len(list(folder.glob("_day=*/*.parquet"))) == 2 * DAYS
    exact(store, 6)


def test_watching_goes_on_over_a_compaction(tmp_path):
    store = tmp_path / "store"
    fold(store, 0)
    first = model("m", store=store).watch()
    fold(store, 1)
    open_store(store).compact(keep=timedelta(0))
    second = model("m", store=store).watch()
    assert [one.rows for one in first.windows] == [A_DAY] * DAYS
    assert [one.rows for one in second.windows] == [2 * A_DAY] * DAYS
    open_store(store).compact(keep=timedelta(0))
    third = model("m", store=store).watch()
    assert third == second
    assert not History(StoreFolder(store), "m").days_touched(2, 2)


def test_the_command_says_what_it_did(tmp_path, whence):
    for turn in range(3):
        fold(tmp_path / ".whence", turn)
    told = whence("compact", "--keep-hours", "0").stdout
    assert told == f"m: {6 * DAYS} small files became {2 * DAYS}; {6 * DAYS} old files deleted\n"
    assert whence("compact", "m").stdout == "m: nothing to merge; 0 old files deleted\n"
    assert "has no predictions of model 'n'" in whence("compact", "n", status=2).stderr
    assert "give 0 or more" in whence("compact", "--keep-hours", "-1", status=2).stderr
    exact(tmp_path / ".whence", 3)
