"""Long work says how far it is on a terminal, and nothing anywhere else."""

import contextlib
import os
import pty
import subprocess
import sys

import pytest

COMMANDS = {
    "import": ("import", "new.parquet", "--model", "shop", "--time", "ts", "--id", "id",
               "--prediction", "pred", "--label", "label"),
    "watch": ("watch", "shop"),
    "why": ("why", "shop"),
}  # fmt: skip
SAID = {"import": "importing", "watch": "counting", "why": "counting"}


@pytest.fixture
def store(shop, whence, tmp_path):
    made = shop(days=30, rows_a_day=40)
    made.write(tmp_path / "old.parquet")
    shop(days=30, rows_a_day=40, seed=8).write(tmp_path / "new.parquet")
    whence("import", "old.parquet", *COMMANDS["import"][2:])
    return tmp_path


def on_a_terminal(arguments, folder):
    """Run the command with a terminal as its standard error; return what stood on it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "whence.cli", *arguments],
        cwd=folder,
        env={**os.environ, "WHENCE_STORE": "", "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so when the other end is closed
        while piece := os.read(ours, 4096):
            shown += piece
    os.close(ours)
    assert process.wait() == 0, shown.decode()
    return shown.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_progress_on_a_terminal(store, command):
    assert SAID[command] in on_a_terminal(COMMANDS[command], store)


@pytest.mark.parametrize("command", COMMANDS)
def test_silence_elsewhere(store, run_whence, command):
    done = run_whence(*COMMANDS[command], cwd=store)
    assert not done.stderr


def test_a_fold_of_what_was_logged_is_shown(store):
    log = (
        "import whence; whence.model('shop', store='.whence').log("
        "[{'ts': '2023-10-05T08:00:00Z', 'pred': 1}], time='ts', prediction='pred')"
    )
    subprocess.run([sys.executable, "-c", log], cwd=store, check=True)
    assert "folding" in on_a_terminal(COMMANDS["watch"], store)
