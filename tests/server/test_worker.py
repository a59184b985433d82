"""The process that folds beside a server: killed, or left by its parent, it costs nothing."""

import os
import select
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pytest

import whence
from whence.errors import NewerStore, NotFound
from whence.server.worker import Worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")

MODEL, ROWS, DAYS = "m", 60_000, 30
ROUNDS = 5
"""Batches that are folded until a kill falls into the middle of one."""

START = np.datetime64("2023-09-01T00:00:00", "us")


def log(store, number):
    """Log a batch of rows whose folding takes a while: they are of many days, and wide."""
    random = np.random.default_rng(number)
    times = START + np.arange(ROWS) * np.timedelta64(DAYS * 86_400 // ROWS, "s")
    frame = {
        "id": [f"{number}-{i}" for i in range(ROWS)],
        "ts": pa.array(times, pa.timestamp("us", "UTC")),
        "pred": random.integers(0, 2, ROWS),
        **{f"x{i}": random.normal(size=ROWS) for i in range(10)},
    }
    whence.model(MODEL, store=store).log(pa.table(frame), id="id", time="ts", prediction="pred")


def children(process):
    tasks = Path(f"/proc/{process.pid}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text("ascii").split()]


def child_of(process):
    """Wait for the process that folds."""
    while not (found := children(process)):
        os.sched_yield()
    (pid,) = found
    return pid


@contextmanager
def watched(pid):
    """Give a descriptor that can be read once a process has ended, whoever its parent is."""
    descriptor = os.pidfd_open(pid)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def await_end(descriptor):
    ready, _, _ = select.select([descriptor], [], [], 60)
    assert ready


def is_folding(store):
    """Whether an epoch is planned and not done: what a killed fold leaves to be done."""
    try:
        with closing(sqlite3.connect(f"file:{store / 'whence.db'}?mode=ro", uri=True)) as database:
            found = database.execute("SELECT count(*) FROM epochs WHERE state = 'planned'")
            return found.fetchone()[0] > 0
    except sqlite3.OperationalError:  # the tables are not made yet
        return False


def await_fold(store):
    while not is_folding(store):
        os.sched_yield()


@pytest.fixture
def server(tmp_path):
    """Serve a store in a session of its own; (process, client)."""
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "whence.cli", "serve", "--port", "0", "--every", "0.2",
             "--store", tmp_path / "store"],
            stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True,
        )  # fmt: skip
    address = process.stdout.readline().split()[-1]
    with httpx.Client(base_url=address, timeout=60) as client:
        yield process, client
    if process.poll() is None:
        process.kill()
    process.stdout.close()
    process.wait()


def stored(client):
    """Return how many rows of the model can be read."""
    period = {"start": "2023-09-01", "end": "2023-10-01", "limit": 1}
    answer = client.get(f"/api/v1/models/{MODEL}/rows", params=period)
    return answer.json()["total"] if answer.status_code == 200 else 0


def test_a_fold_that_was_killed_is_done_at_the_next_look(server, tmp_path):
    process, client = server
    for number in range(ROUNDS):
        log(tmp_path / "store", number)
        await_fold(tmp_path / "store")
        killed = child_of(process)
        with watched(killed) as descriptor:
            os.kill(killed, signal.SIGKILL)
            await_end(descriptor)
        if is_folding(tmp_path / "store"):
            break
    else:
        pytest.fail("no kill fell into the middle of a fold")
    while (found := stored(client)) < (number + 1) * ROWS:
        assert process.poll() is None
    assert found == (number + 1) * ROWS
    assert child_of(process) != killed
    assert "has ended (signal 9)" in (tmp_path / "said").read_text()


def test_who_is_killed_takes_the_process_along(server, tmp_path):
    process, _ = server
    log(tmp_path / "store", 0)
    await_fold(tmp_path / "store")
    with watched(child_of(process)) as descriptor:
        process.kill()
        await_end(descriptor)
    # What both left undone is done by whoever comes next.
    report = whence.model(MODEL, store=tmp_path / "store").watch()
    assert sum(one.rows for one in report.windows) == ROWS


@pytest.mark.parametrize("ctrl_c", [False, True])
def test_who_is_told_to_end_does_so_in_the_middle_of_a_fold(server, tmp_path, ctrl_c):
    process, _ = server
    log(tmp_path / "store", 0)
    await_fold(tmp_path / "store")
    with watched(child_of(process)) as descriptor:
        if ctrl_c:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        assert process.wait(60) == 0
        await_end(descriptor)
    assert (tmp_path / "said").read_text() == ""


def test_an_empty_store_needs_no_process(server):
    process, client = server
    for _ in range(20):
        assert client.get("/api/v1/models").json() == []
        assert children(process) == []


@pytest.fixture
def worker(tmp_path):
    found = Worker(tmp_path / "store")
    yield found
    found.end()


def test_errors_come_back_as_they_were(worker, tmp_path):
    with pytest.raises(NotFound, match="there is no store at"):
        worker.watch("nobody")
    assert worker.models() == []
    with pytest.raises(NotFound, match="has no predictions of model 'nobody'"):
        worker.watch("nobody")
    (tmp_path / "store" / "whence.json").write_text('{"format":9999}')
    with pytest.raises(NewerStore, match="9999"):
        worker.models()
