"""Programs that acknowledge what they record through a pipe, and are killed in the middle of it."""

import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path

import whence

SOURCE = str(Path(whence.__file__).parents[1])


def start(program, *arguments, **environment):
    """Start a program, given as text, that prints a number after each call that has returned."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SOURCE, **environment},
    )


def kill_each_after(running, after, meanwhile=lambda: None):
    """Kill each program after so many of its lines; return the numbers each said, by name.

    What the pipe holds when the program is dead was promised. `meanwhile` is called at each word.
    """
    heard = dict.fromkeys(running, b"")
    with selectors.DefaultSelector() as selector:
        for name, process in running.items():
            selector.register(process.stdout, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select():
                name, said = key.data, os.read(key.fd, 4096)
                heard[name] += said
                meanwhile()
                if not said:
                    selector.unregister(key.fileobj)
                elif heard[name].count(b"\n") >= after[name]:
                    running[name].send_signal(signal.SIGKILL)
    for process in running.values():
        process.stdout.close()
        assert process.wait() == -signal.SIGKILL
    return {name: [int(line) for line in said.split()] for name, said in heard.items()}
