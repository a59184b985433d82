"""A fold killed at any moment is finished by the next one: every row once, none lost."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.compute as pc

from whence import model
from whence.api.jobs import models
from whence.store.folder import StoreFolder

FOLD = "import sys, whence; whence.open(sys.argv[1]).models()"
ROWS_A_ROUND = 400


def log(store, start):
    writer = model("m", store=store)
    for i in range(start, start + ROWS_A_ROUND):
        writer.log(
            {"id": f"r{i}", "ts": f"2023-09-{1 + i % 9:02d}T00:00:00Z", "x": float(i), "p": i % 2},
            id="id", time="ts", prediction="p",
        )  # fmt: skip
        writer.label({"id": f"r{i}", "y": i % 3 % 2}, id="id", label="y")


def fold_and_kill(store, delay):
    """Start a fold and kill it after a while; return whether it was killed before its end."""
    process = subprocess.Popen([sys.executable, "-c", FOLD, str(store)], env=os.environ)
    try:
        process.wait(timeout=delay)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return process.returncode != 0


def stored(store):
    folder = StoreFolder(store)
    return folder.predictions("m").read(["_id", "x"]), folder.labels("m").read(["_id", "_label"])


def test_killed_folds_lose_and_double_nothing(tmp_path):
    store = tmp_path / "store"
    chance = np.random.default_rng(11)
    log(store, 0)
    began = time.monotonic()
    assert models(store) == ["m"]
    whole = time.monotonic() - began
    killed = 0
    for turn in range(1, 9):
        log(store, turn * ROWS_A_ROUND)
        # From the first import to past the end: a new process takes some time to get there.
        killed += fold_and_kill(store, chance.uniform(0.3, 1.0) * (whole + 1.5))
    models(store)
    predictions, labels = stored(store)
    expected = 9 * ROWS_A_ROUND
    assert killed, "no fold was killed; the delays do not fit this machine"
    assert predictions.num_rows == expected
    assert pc.count_distinct(predictions["_id"]).as_py() == expected
    assert labels.num_rows == expected
    assert pc.count_distinct(labels["_id"]).as_py() == expected


def test_two_processes_fold_at_once(tmp_path):
    store = tmp_path / "store"
    for turn in range(3):
        log(store, turn * ROWS_A_ROUND)
        pair = [subprocess.Popen([sys.executable, "-c", FOLD, str(store)]) for _ in range(2)]
        assert [process.wait() for process in pair] == [0, 0]
    predictions, labels = stored(store)
    assert predictions.num_rows == labels.num_rows == 3 * ROWS_A_ROUND
    assert pc.count_distinct(predictions["_id"]).as_py() == 3 * ROWS_A_ROUND
