"""What tests run as `whence` is what a shell runs; see tests/commands.py."""

import os
import sys

import pytest

import whence
from commands import run_anew

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")


@pytest.mark.parametrize(
    ("words", "status"),
    [(["--help"], 0), (["watch"], 2), (["watch", "m"], 0), (["watch", "nobody"], 2)],
    ids=["by argparse", "refused by argparse", "on a store", "refused by whence"],
)
def test_a_forked_command_ends_and_says_what_one_does_that_starts_anew(
    commands, tmp_path, words, status
):
    store = tmp_path / "store"
    rows = [{"id": f"r{i}", "ts": f"2023-09-{1 + i:02d}", "p": i % 2, "y": 1} for i in range(20)]
    whence.model("m", store=store).log(rows, id="id", time="ts", prediction="p", label="y")
    environment = {**os.environ, "WHENCE_STORE": str(store), "COLUMNS": "70"}
    ours, theirs = (run(words, tmp_path, environment) for run in (commands.run, run_anew))
    assert ours.returncode == theirs.returncode == status
    assert ours.stdout == theirs.stdout
    assert ours.stderr == theirs.stderr


@pytest.mark.parametrize("words", [["doctor"], ["watch", "m"]], ids=" ".join)
def test_a_forked_command_closes_what_it_opened(commands, tmp_path, words):
    store = tmp_path / "store"
    whence.model("m", store=store).log({"ts": "2023-09-01", "p": 1}, time="ts", prediction="p")
    environment = {**os.environ, "WHENCE_STORE": str(store)}
    assert commands.run(words, tmp_path, environment).returncode == 0
    # SQLite deletes the files beside a database when the last one closes it.
    assert [path.name for path in store.glob("whence.db*")] == ["whence.db"]
