"""Run `whence` again and again without paying each time for what Python loads at its start.

One process loads the libraries; every command is a fork of it, with arguments, environment,
folder and outputs of its own. A test of the command is otherwise nine tenths a test of imports.
That a shell's command does the same is what tests/cli/test_commands.py shows.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path

LOADED = (
    "apprise", "deltalake", "pandas", "rich.console", "rich.table", "sklearn.ensemble",
    "sklearn.isotonic", "whence.api.jobs", "whence.cli.import_", "whence.view.review",
    "whence.why", "whence.work.fold", "whence.work.imports",
)  # fmt: skip
"""What commands load, most of it by way of these; one that loads more loads it itself."""


def run_anew(arguments, cwd, environment):
    """Run ``whence`` as a user's shell does."""
    return subprocess.run(
        [sys.executable, "-m", "whence.cli", *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


class Commands:
    """The process that is forked, begun with the first command."""

    def __init__(self):
        self._process = None

    def run(self, arguments, cwd, environment):
        """Run a command to its end, as `subprocess.run` would."""
        with tempfile.TemporaryDirectory() as folder:
            outputs = [Path(folder) / name for name in ("stdout", "stderr")]
            asked = {
                "arguments": arguments,
                "cwd": str(cwd),
                "environment": environment,
                "outputs": [str(path) for path in outputs],
            }
            status = self._ask(json.dumps(asked))
            return subprocess.CompletedProcess(
                arguments, status, *(path.read_text() for path in outputs)
            )

    def end(self):
        """End the process, and the command that runs if there is one."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.communicate()
            self._process = None

    def _ask(self, line):
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # a group of processes that can be ended as a whole
            )
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())
        except BaseException:  # a test that is over must not leave its answer to the next one
            self.end()
            raise


def serve():
    """Do what is asked, line by line, each in a fork."""
    replies = os.fdopen(os.dup(1), "w")
    for module in LOADED:
        import_module(module)
    main = import_module("whence.cli").main
    assert threads() <= {"jemalloc_bg_thd"}, f"{threads()}: threads are lost in a fork"
    gc.freeze()  # a fork then copies fewer pages, and ends sooner
    for line in sys.stdin:
        with warnings.catch_warnings():
            # Python warns of forks beside threads; the allocator's start again by themselves.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            os.close(replies.fileno())
            finish(main, become(**json.loads(line)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        replies.write(f"{status}\n")
        replies.flush()
    return 0


def threads():
    """Return the names of the threads beside the first."""
    others = (path for path in Path("/proc/self/task").iterdir() if path.name != str(os.getpid()))
    return {(path / "comm").read_text("ascii").strip() for path in others}


def become(arguments, cwd, environment, outputs):
    """Turn a fork into the command; return its arguments."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    for descriptor, path in enumerate((os.devnull, *outputs)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.argv = ["whence", *arguments]
    return arguments


def finish(main, arguments):
    """Run the command and end as a program does, but for freeing all that it has loaded."""
    try:
        status = main(arguments)
    except SystemExit as end:  # argparse's, with a number
        status = end.code or 0
    except BaseException:  # noqa: BLE001 - whatever ends a program ends this one
        traceback.print_exc()
        status = 1
    threading._shutdown()  # noqa: SLF001 - there is no public name for what Python does here
    atexit._run_exitfuncs()  # noqa: SLF001 - the same
    gc.collect()  # what the command left open is closed, a database for one
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.exit(serve())
