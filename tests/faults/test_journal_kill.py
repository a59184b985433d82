"""SIGKILL in the middle of logging: what was acknowledged is there, and once."""

import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import whence.errors
from killing import kill_each_after, start
from whence import record
from whence.journal import alive, journals, read
from whence.types.records import Rows

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

WRITERS = 4
ROUNDS = 4

# Each call is acknowledged through a pipe after it has returned, so whatever the pipe holds when
# the process is dead was promised. Some rows are large, so that a kill can fall into a write.
WRITER = """
import os, sys
from pathlib import Path
from whence import record

store, name = Path(sys.argv[1]), sys.argv[2]
number = 0
while True:
    size = 1_000_000 if number % 97 == 50 else number % 300
    row = {"name": name, "number": number, "padding": "x" * size}
    record.predictions(store, "m", row)
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def kill_while_logging(store, number, chance):
    """Run writers, kill each after a number of its calls; return what each acknowledged."""
    running = {f"{number}-{i}": start(WRITER, store, f"{number}-{i}") for i in range(WRITERS)}
    after = {name: chance.randint(1, 700) for name in running}
    return kill_each_after(running, after)


def test_no_acknowledged_record_is_lost_or_doubled(tmp_path):
    chance = random.Random(20260301)  # noqa: S311 - says when to kill
    promised = {}
    for number in range(ROUNDS):
        promised |= kill_while_logging(tmp_path, number, chance)

    found = Counter()
    for path in journals(tmp_path / "journals"):
        assert alive(path) is False
        reading = read(path)
        for frame in reading:
            said = record.decode(frame.payload)
            if isinstance(said, Rows):
                found.update((name, number) for name, number, _ in said.rows)
        assert {gap.kind for gap in reading.gaps} <= {"torn"}

    assert set(found.values()) == {1}
    assert len(promised) == WRITERS * ROUNDS
    for name, numbers in promised.items():
        assert numbers == list(range(len(numbers)))
        kept = sorted(number for owner, number in found if owner == name)
        # The call that was running may have been written and not acknowledged.
        assert kept in (numbers, [*numbers, len(numbers)])


def test_a_killed_owner_is_dead_at_once_though_its_child_lives(tmp_path):
    source = str(Path(whence.errors.__file__).parents[1])
    code = (
        "import os, subprocess, sys\n"
        "from pathlib import Path\n"
        "from whence import record\n"
        "store = Path(sys.argv[1])\n"
        "record.predictions(store, 'm', {'who': 'parent'})\n"
        "subprocess.Popen(['cat'], close_fds=False)\n"
        "if os.fork() == 0:\n"
        "    record.predictions(store, 'm', {'who': 'child'})\n"
        "    os.write(1, b'ready\\n')\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert process.stdout.readline() == b"ready\n"
    owners = {
        re.search(rb"parent|child", path.read_bytes())[0]: path
        for path in journals(tmp_path / "journals")
    }
    assert alive(owners[b"parent"]) is True
    process.kill()
    process.wait()

    assert alive(owners[b"parent"]) is False
    assert alive(owners[b"child"]) is True
    process.stdin.close()  # the child and cat end by themselves
    process.stdout.read()
    process.stdout.close()
    assert alive(owners[b"child"]) is False
