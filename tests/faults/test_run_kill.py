"""SIGKILL in the middle of sixteen processes that log points: what was acknowledged is there."""

import random
import sys

import pytest

import whence
from killing import kill_each_after, start

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


def test_no_acknowledged_point_is_lost_or_doubled(tmp_path):
    chance = random.Random(20261123)  # noqa: S311 - says when to kill
    running = {f"run-{i}": start(WRITER, tmp_path, f"run-{i}") for i in range(WRITERS)}
    after = {name: chance.randint(1, 2000) for name in running}
    heard = kill_each_after(running, after)

    store = whence.open(tmp_path)
    assert {run.status for run in store.runs()} == {"killed"}
    for name, promised in heard.items():
        assert promised == list(range(len(promised)))
        run = store.run(name)
        for metric in ("loss", "step"):
            steps = run.metric(metric)["step"].to_pylist()
            # The call that was running may have been written and not acknowledged.
            assert steps in (promised, [*promised, len(promised)])
        assert run.metrics["step"] == steps[-1]
