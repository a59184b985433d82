"""The contents of artifacts on their way to a server: each once, before its records, never lost."""

import os
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

import whence
from whence.journal import journals
from whence.ship.server import Away, Refused, Server
from whence.ship.shipping import Shipping
from whence.ship.spool import spool_for
from whence.ship.uploads import Uploads
from whence.store.contents import blobs
from whence.store.folder import StoreFolder


class Whole:
    """A whole server, which can be stopped and started again on its port."""

    def __init__(self, store):
        self.store = store
        self.port = 0
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "whence.cli", "serve", "--store", self.store, "--every", "0",
             "--port", str(self.port), "--most-artifact", "0.01"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.url = self.process.stdout.readline().split()[-1].rstrip("/")
        self.port = int(self.url.rpartition(":")[2])

    def kill(self):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()


@pytest.fixture
def server(tmp_path):
    found = Whole(tmp_path / "store")
    yield found
    found.kill()


@pytest.fixture
def shipping(spool, told):
    made = []

    def begin():
        made.append(Server(spool.server))
        return Shipping(spool, made[-1], told.append)

    yield begin
    for one in made:
        one.close()


@pytest.fixture
def told():
    return []


@contextmanager
def logging(server, not_started):
    run = whence.start_run(store=server.url, name="far", capture=())
    yield run
    assert not_started  # a shipping process would have been started


def logged(server):
    run = whence.open(server.store).run("far")
    return {one.path: run.artifact(one.path).read_bytes() for one in run.artifacts()}


def waiting(spool):
    """Return all files of artifacts that are in a spool."""
    found = spool.folder.glob("artifacts/**/*")
    return [path for path in found if path.is_file() and path.name not in {".lock", ".turn"}]


def test_contents_go_before_their_records_and_then_leave_the_spool(
    server, spool, shipping, not_started
):
    with logging(server, not_started) as run:
        for number in range(20):
            run.log_text(f"{number % 7}" * 100_000, f"deep/{number}")
        run.log_text("small", "small")
    once = shipping()
    assert once.once().sent > 7 * 100_000
    assert logged(server) == {
        **{f"deep/{number}": f"{number % 7}".encode() * 100_000 for number in range(20)},
        "small": b"small",
    }
    assert waiting(spool) == []
    run.log_text("0" * 100_000, "again")
    run.log_text("small", "small again")
    assert len(waiting(spool)) == 2
    sent = once.once().sent
    assert 0 < sent < 100_000  # the server has the large one, and is asked
    assert logged(server)["again"] == b"0" * 100_000
    assert waiting(spool) == []


@pytest.fixture
def sent(monkeypatch):
    """Return what is sent, in order: the calls of the connections to servers."""
    calls = []
    for name in ("append", "send"):
        real = getattr(Server, name)

        def call(self, one, *rest, real=real, name=name, **more):
            calls.append((name, one))
            return real(self, one, *rest, **more)

        monkeypatch.setattr(Server, name, call)
    return calls


def test_nothing_is_lost_while_the_server_is_away(
    server, spool, shipping, not_started, sent, monkeypatch
):
    with logging(server, not_started) as run:
        run.log_text("first", "a")
        once = shipping()
        once.once()
        run.log_text("second", "b")
        # It goes between the content and its record.
        monkeypatch.setattr("whence.ship.shipping.deliver", away)
        with pytest.raises(Away):
            once.once()
        server.kill()
        monkeypatch.undo()
        run.log_text("third", "c")
        with pytest.raises(Away):
            once.once()
        assert len(waiting(spool)) == 2
        blobs(StoreFolder(server.store))  # its day is over, and it was collected
        for path in server.store.glob("artifacts/[0-9a-f][0-9a-f]/*"):
            if path.read_bytes() == b"second":
                path.unlink()
        server.start()
        once.once()
    assert logged(server) == {"a": b"first", "b": b"second", "c": b"third"}
    assert waiting(spool) == []
    assert [name for name, _ in sent].count("send") == 2


def away(*_):
    raise Away("gone")


def test_another_process_finishes_what_a_killed_one_began(
    server, spool, shipping, not_started, told
):
    with logging(server, not_started) as run:
        run.log_text("first", "a")
        with closing(Server(spool.server)) as connection:
            begun = Uploads(spool, connection, told.append)
            begun.send()
            begun.tidy({})  # the content is set aside, its record is not delivered
        (aside,) = waiting(spool)
        assert aside.parent.name == ".sent"
        shipping().once()
    assert logged(server) == {"a": b"first"}
    assert waiting(spool) == []


def test_what_the_server_refuses_stays_and_the_records_go_on(
    server, spool, shipping, not_started, told
):
    with logging(server, not_started) as run:
        run.log_text("x" * 10_000_001, "too long")
        run.log_text("y", "fits")
        run.log({"loss": 0.5})
        once = shipping()
        once.once()
        once.once()
    found = whence.open(server.store).run("far")
    assert found.metrics == {"loss": 0.5}
    assert found.artifact("fits").read_text() == "y"
    with pytest.raises(whence.NotFound, match="on its way"):
        found.artifact("too long")
    (line,) = told
    assert "the most that this server takes" in line
    assert [path.stat().st_size for path in waiting(spool)] == [10_000_001]


def test_a_content_that_was_changed_on_its_way_is_not_taken(server, tmp_path):
    path = tmp_path / "content"
    path.write_bytes(b"changed")
    connection = Server(server.url)
    with pytest.raises(Refused, match="changed on its way"):
        connection.send("0" * 64, path)
    assert not connection.has("0" * 64)
    with pytest.raises(Refused, match="no SHA-256"):
        connection.send("..%2Fx", path)
    connection.close()
    assert blobs(StoreFolder(server.store)).all() == []


def test_a_flush_waits_for_the_contents_too(server, not_started):
    with logging(server, not_started) as run:
        run.log_text("there", "a")
        whence.flush(server.url)
    assert logged(server) == {"a": b"there"}


PROGRAM = """
import os, sys, whence
run = whence.start_run(store=sys.argv[1], name="far", capture=())
number = 0
while True:
    run.log_text(f"{number}" * 1000, f"{number}")
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def test_whoever_is_killed_what_was_acknowledged_arrives(server, shipping, until, stop_shipping):
    """The shipping process, the server and the program are killed in turn."""
    spool = spool_for(server.url)
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, server.url], stdout=subprocess.PIPE)
    said = b""
    try:
        while said.count(b"\n") < 20:
            said += os.read(process.stdout.fileno(), 65536)
        until(lambda: stop_shipping(spool))
        server.kill()
        while said.count(b"\n") < 60:
            said += os.read(process.stdout.fileno(), 65536)
    finally:
        process.kill()
        said += process.stdout.read()
        process.stdout.close()
        process.wait()
    server.start()
    again = shipping()
    while journals(spool.journals):
        again.once()
    found = logged(server)
    for number in range(said.count(b"\n")):
        assert found[f"{number}"] == f"{number}".encode() * 1000
    assert waiting(spool) == []
