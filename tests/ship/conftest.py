"""A real server that can be killed and started again, and a place for spools."""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from whence.journal import journals, lock, read
from whence.record import writers
from whence.ship.spool import spool_for

SERVING = Path(__file__).with_name("serving.py")


class Serving:
    """The server of `serving.py` over a store; it keeps its port when it is started again."""

    def __init__(self, store):
        self.store = store
        self.port = 0
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, SERVING, self.store, str(self.port)], stdout=subprocess.PIPE
        )
        self.port = int(self.process.stdout.readline())

    def kill(self):
        """End it as a crash would."""
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def put(self, name, offset, content=b"", *, more="", **headers):
        return self.ask("PUT", f"/api/v1/journals/{name}?offset={offset}{more}", content, **headers)

    def ask(self, method, path, content=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        return answer.status, said

    def payloads(self):
        """Return all records that the store's journals hold, in order."""
        return [
            bytes(payload)
            for path in journals(self.store / "journals")
            for payload, _ in read(path)
        ]


@pytest.fixture
def server(tmp_path):
    serving = Serving(tmp_path / "store")
    yield serving
    serving.kill()


@pytest.fixture(autouse=True)
def spools(tmp_path, monkeypatch):
    """Let spools lie in this test's folder, and end the processes that it left shipping them."""
    folder = tmp_path / "spools"
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    monkeypatch.delenv("WHENCE_TOKEN", raising=False)
    monkeypatch.delenv("WHENCE_STORE", raising=False)
    monkeypatch.setattr(writers, "_writers", {})
    monkeypatch.setattr(writers, "_makers", {})
    yield folder
    for path in folder.glob("*/ship.lock"):
        end_shipping(path)
    shutil.rmtree(folder, ignore_errors=True)  # one that has not begun yet finds nothing to do


def end_shipping(path):
    """Kill the process that ships a spool, if there is one, and return whether there was."""
    if not path.exists() or not lock.is_held(path):
        return False
    until(path.read_text)  # it may have only just taken the lock
    number = int(path.read_text())
    assert number != os.getpid()
    os.kill(number, signal.SIGKILL)
    until(lambda: not lock.is_held(path))
    return True


def until(condition):
    """Wait for another process: look again and again, leaving the processor to it meanwhile."""
    while not condition():
        time.sleep(0.005)


@pytest.fixture(name="until")
def until_fixture():
    return until


@pytest.fixture
def stop_shipping():
    return lambda spool: end_shipping(spool.lock)


@pytest.fixture
def spool(server):
    """The spool for the server, made."""
    found = spool_for(server.url)
    found.make()
    return found


@pytest.fixture
def not_started(monkeypatch):
    """Let no process be started to ship: the test ships by itself. Returns what would be."""
    wanted = []
    monkeypatch.setattr("whence.ship.spooled.start", wanted.append)
    return wanted
