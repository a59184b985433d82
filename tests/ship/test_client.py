"""A program that records for a server, as its user sees it."""

import json
import os
import subprocess
import sys

import pytest

import whence
from whence.api.location import locate
from whence.errors import StoreError, Unwritable
from whence.journal import journals
from whence.record import writers
from whence.ship.start import is_shipped
from whence.store.folder import StoreFolder
from whence.store.tokens import Tokens
from whence.work.fold import fold

ROLES = {"id": "id", "time": "ts", "prediction": "pred"}


def log(model, *names):
    for name in names:
        row = {"id": name, "ts": "2023-09-01T08:00:00Z", "pred": 1}
        assert model.log(row, **ROLES) == 1


def stored(server):
    """Take in what the server's journals hold, and return the ids it stores."""
    store = StoreFolder(server.store)
    with store.lease():
        fold(store)
    return sorted(store.predictions("m").read(["_id"])["_id"].to_pylist()) if store.models() else []


def run(code, url, **env):
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "WHENCE_STORE": url, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


PROGRAM = """
import whence
m = whence.model("m")
m.log([{"id": "a", "ts": "2023-09-01T08:00:00Z", "pred": 1}],
      id="id", time="ts", prediction="pred")
m.label({"id": "a", "y": 0}, id="id", label="y")
m.reference("2023-09-01", "2023-09-02")
whence.event("deploy", at="2023-09-01")
"""


def test_everything_a_program_says_is_at_the_server_after_flush(server):
    run(PROGRAM + "whence.flush()", server.url)
    assert stored(server) == ["a"]
    store = StoreFolder(server.store)
    assert store.labels("m").read(["_id"])["_id"].to_pylist() == ["a"]
    assert store.metadata.one("SELECT name FROM events") == ("deploy",)
    assert store.metadata.one("SELECT model FROM reference_periods") == ("m",)


def test_a_program_that_ends_leaves_its_records_to_the_process_it_started(server, spools, until):
    run(PROGRAM, server.url)
    (spool,) = spools.iterdir()
    until(lambda: not journals(spool / "journals"))
    assert stored(server) == ["a"]


def test_the_process_it_started_is_nobodys_child_and_in_no_session_of_his(server, spool):
    code = (
        "import os, sys, whence\n" + PROGRAM + "whence.flush()\n"
        "try: print(os.waitpid(-1, os.WNOHANG))\n"
        "except ChildProcessError: print('no child')\n"
        "print(os.getsid(0))\n"
    )
    child, session = run(code, server.url).split("\n")[:2]
    assert child == "no child"
    if is_shipped(spool):
        assert os.getsid(int(spool.lock.read_text())) != int(session)


def test_a_server_that_is_away_keeps_nobody_waiting_and_gets_everything_later(server, monkeypatch):
    server.kill()
    model = whence.model("m", store=server.url)
    log(model, "a", "b")
    monkeypatch.setattr("whence.ship.spooled.FLUSH_SECONDS", 0.2)
    with pytest.raises(
        StoreError, match=r"does not answer: .*; after 0\.2 seconds not all"
    ) as caught:
        whence.flush(server.url)
    assert str(locate(server.url)) in str(caught.value)
    log(model, "c")
    server.start()
    monkeypatch.setattr("whence.ship.spooled.FLUSH_SECONDS", 60)
    whence.flush(server.url)
    assert stored(server) == ["a", "b", "c"]


def test_flush_says_that_the_token_is_missing(server, monkeypatch):
    token = Tokens(server.store).create("write", "sdk")
    log(whence.model("m", store=server.url), "a")
    with pytest.raises(StoreError, match="whence token create --scope"):
        whence.flush(server.url)
    monkeypatch.setenv("WHENCE_TOKEN", token)
    whence.flush(server.url)
    assert stored(server) == ["a"]


def test_flush_waits_for_this_process_alone(server, spool, not_started):
    other = spool.journals / "018f3c2a5b6c7d8e9f00112233445566-000000.wj"
    other.write_bytes(b"what another process records")
    log(whence.model("m", store=server.url), "a")
    whence.flush(server.url)
    whence.flush(server.url)
    assert stored(server) == ["a"]
    assert not_started == [spool]


def test_flush_without_a_record_asks_nobody():
    whence.flush("http://127.0.0.1:9")


def test_who_is_killed_is_missed_at_the_next_look(server, spool, stop_shipping, until):
    model = whence.model("m", store=server.url)
    log(model, "a")
    whence.flush(server.url)
    writer = writers.writer(locate(server.url))
    until(lambda: is_shipped(spool))
    assert stop_shipping(spool)
    log(model, "b")
    assert not is_shipped(spool)  # it has just looked
    writer._look_at = 0.0  # noqa: SLF001 - the next look is half a minute away
    log(model, "c")
    until(lambda: is_shipped(spool))
    whence.flush(server.url)
    assert stored(server) == ["a", "b", "c"]


def test_each_new_journal_looks(server, spool, not_started):
    model = whence.model("m", store=server.url)
    log(model, "a", "b")
    assert not_started == [spool]
    writers.writer(locate(server.url)).segment().room = 0
    log(model, "c", "d")
    assert not_started == [spool, spool]
    whence.flush(server.url)
    assert stored(server) == ["a", "b", "c", "d"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_records_and_flushes_for_itself(server):
    code = PROGRAM + (
        "import os, sys\n"
        "child = os.fork()\n"
        "m.log({'id': 'parent' if child else 'child', 'ts': '2023-09-01T08:00:00Z', 'pred': 1},"
        " id='id', time='ts', prediction='pred')\n"
        "whence.flush()\n"
        "if not child: os._exit(0)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    run(code, server.url)
    assert stored(server) == ["a", "child", "parent"]


def test_a_process_that_cannot_be_started_fails_no_record(server, spool, monkeypatch, caplog):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    log(whence.model("m", store=server.url), "a")
    assert f"cannot start the process that sends {spool.folder}" in caplog.text
    whence.flush(server.url)
    assert stored(server) == ["a"]


def test_a_full_disk_is_said_as_for_a_folder(server, monkeypatch, not_started):
    model = whence.model("m", store=server.url)
    log(model, "a")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("whence.journal.segment.os.write", full)
        with pytest.raises(Unwritable, match="free space on its disk"):
            log(model, "b")
    log(model, "c")
    whence.flush(server.url)
    assert stored(server) == ["a", "c"]
    assert len(not_started) == 2


def test_recording_for_a_folder_loads_nothing_of_this(tmp_path):
    code = PROGRAM + "import json, sys\nprint(json.dumps(list(sys.modules)))\n"
    found = json.loads(run(code, str(tmp_path / "folder")))
    assert not {name for name in found if name.startswith(("whence.ship", "http", "subprocess"))}
