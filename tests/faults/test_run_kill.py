"""SIGKILL in the middle of sixteen processes that log points: what was acknowledged is there."""

import os
import random
import selectors
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import whence

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

WRITERS = 16

# Each call is acknowledged through a pipe after it has returned.
WRITER = """
import os, sys, whence
run = whence.start_run(store=sys.argv[1], name=sys.argv[2])
step = 0
while True:
    run.log({"loss": 1 / (step + 1), "step": step}, step=step)
    os.write(1, b"%d\\n" % step)
    step += 1
"""


def start(store, name):
    source = str(Path(whence.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, store, name],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    )


def test_no_acknowledged_point_is_lost_or_doubled(tmp_path):
    chance = random.Random(20261123)  # noqa: S311 - says when to kill
    running = {f"run-{i}": start(tmp_path, f"run-{i}") for i in range(WRITERS)}
    after = {name: chance.randint(1, 2000) for name in running}
    heard = dict.fromkeys(running, b"")
    with selectors.DefaultSelector() as selector:
        for name, process in running.items():
            selector.register(process.stdout, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select():
                name, said = key.data, os.read(key.fd, 65536)
                heard[name] += said
                if not said:
                    selector.unregister(key.fileobj)
                elif heard[name].count(b"\n") >= after[name]:
                    running[name].send_signal(signal.SIGKILL)
    for process in running.values():
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL

    store = whence.open(tmp_path)
    assert {run.status for run in store.runs()} == {"killed"}
    for name, said in heard.items():
        promised = [int(line) for line in said.split()]
        assert promised == list(range(len(promised)))
        run = store.run(name)
        for metric in ("loss", "step"):
            steps = run.metric(metric)["step"].to_pylist()
            # The call that was running may have been written and not acknowledged.
            assert steps in (promised, [*promised, len(promised)])
        assert run.metrics["step"] == steps[-1]
