"""The process that ships: what it sends, removes, waits for, and when it ends."""

import os
import subprocess
import sys
import time

import pytest

from whence.journal import Writer, journals
from whence.journal.lock import is_held
from whence.ship.server import Away, Locked, Reply, Server
from whence.ship.shipping import FORGOTTEN, LAST_RETRY, Shipping, ship
from whence.store.tokens import Tokens


@pytest.fixture
def told():
    return []


@pytest.fixture
def connect():
    """Connect to servers for the length of a test."""
    made = []

    def to(url):
        made.append(Server(url))
        return made[-1]

    yield to
    for one in made:
        one.close()


@pytest.fixture
def shipping(spool, told, connect):
    return Shipping(spool, connect(spool.server), told.append)


def record(spool, *payloads, close=True):
    writer = Writer(spool.journals)
    for payload in payloads:
        writer.append(payload)
    path = writer.path
    if close:
        writer.close()
        return path
    return writer


def test_a_journal_is_sent_as_it_grows_and_goes_when_its_process_has_gone(shipping, spool, server):
    writer = record(spool, b"one", close=False)
    size = writer.path.stat().st_size
    assert shipping.once() == (size, 0, 1)
    assert shipping.once() == (0, 0, 1)
    writer.append(b"two" * 10)
    assert shipping.once() == (42, 0, 1)
    writer.close()
    assert shipping.once() == (0, 1, 0)
    assert server.payloads() == [b"one", b"two" * 10]
    assert journals(spool.journals) == []


def test_a_long_journal_goes_in_pieces(shipping, spool, server, monkeypatch):
    monkeypatch.setattr("whence.ship.deliver.PIECE", 1000)
    payloads = [bytes([i]) * 300 for i in range(50)]
    path = record(spool, *payloads)
    size = path.stat().st_size
    assert shipping.once() == (size, 1, 0)
    assert server.payloads() == payloads


def test_one_that_begins_anew_goes_on_where_the_server_is(spool, server, told, connect):
    writer = record(spool, b"one", close=False)
    Shipping(spool, connect(spool.server), told.append).once()
    writer.append(b"two")
    writer.close()
    again = Shipping(spool, connect(spool.server), told.append)
    assert again.once().sent == 15
    assert server.payloads() == [b"one", b"two"]


def test_two_at_once_send_everything_once(spool, server, told, connect):
    writer = record(spool, b"one", close=False)
    pair = [Shipping(spool, connect(spool.server), told.append) for _ in range(2)]
    for number in range(10):
        writer.append(b"%d" % number)
        pair[number % 2].once()
    pair[0].once()
    writer.close()
    pair[1].once()
    pair[0].once()
    assert server.payloads() == [b"one", *(b"%d" % number for number in range(10))]
    assert told == []


def test_what_the_server_refuses_stays_and_the_others_go_on(shipping, spool, server, told):
    good = record(spool, b"good")
    bad = record(spool, b"bad")
    bad.write_bytes(b"\0" + bad.read_bytes()[1:])
    os.utime(bad, (0, 0))
    assert shipping.once().done == 1
    assert not good.exists()
    assert bad.exists()
    assert server.payloads() == [b"good"]
    assert shipping.once() == (0, 0, 0)
    (line,) = told
    assert bad.name in line
    assert "does not begin with the header" in line


def test_the_first_bytes_of_a_journal_that_nobody_will_finish_go(shipping, spool, server):
    whole = record(spool, b"x").read_bytes()
    empty, torn = spool.journals / "a.wj", spool.journals / "b.wj"
    empty.write_bytes(b"")
    torn.write_bytes(whole[:20])
    shipping.once()
    assert empty.exists()  # it may be about to be written
    for path in (empty, torn):
        old = time.time() - FORGOTTEN - 1
        os.utime(path, (old, old))
    assert shipping.once().left == 0
    assert journals(spool.journals) == []
    assert server.payloads() == [b"x"]


def test_a_journal_that_lost_its_end_here_is_delivered_when_the_server_has_it(
    shipping, spool, server
):
    writer = record(spool, b"one", b"two", close=False)
    shipping.once()
    path = writer.path
    path.write_bytes(path.read_bytes()[:-5])  # a loss of power here
    writer.close()
    assert shipping.once().done == 1
    assert server.payloads() == [b"one", b"two"]


def test_a_token_is_sent_and_one_that_is_wrong_ends_it(spool, server, told, monkeypatch, connect):
    record(spool, b"x")
    monkeypatch.setenv("WHENCE_TOKEN", f" {Tokens(server.store).create('write', 'sdk')}\n")
    assert Shipping(spool, connect(spool.server), told.append).once().done == 1
    record(spool, b"y")
    for token in ("", "wrong", Tokens(server.store).create("read", "page")):
        monkeypatch.setenv("WHENCE_TOKEN", token)
        with pytest.raises(Locked, match="the right token"):
            ship(spool, connect(spool.server), idle=0, tell=told.append)
    assert len(journals(spool.journals)) == 1


def test_it_ends_when_nothing_was_there_for_a_while(spool, server, told, connect):
    record(spool, b"x")
    slept = []
    assert ship(spool, connect(spool.server), idle=5, tell=told.append, sleep=slept.append)
    assert server.payloads() == [b"x"]
    assert 5 <= sum(slept) < 8
    assert max(slept) <= 1


def test_it_does_not_end_while_a_process_may_record(spool, server, told, connect):
    writer = record(spool, b"one", close=False)
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 200:
            writer.append(b"two")
            writer.close()

    assert ship(spool, connect(spool.server), idle=5, tell=told.append, sleep=sleep)
    assert len(slept) > 200
    assert server.payloads() == [b"one", b"two"]


def test_who_records_while_it_ends_is_not_forgotten(spool, server, told, monkeypatch, connect):
    began = []
    waiting = Shipping.waiting

    def late(self):
        # Asked once more after the lock was let go of: by then a process has begun to record.
        if spool.lock.exists() and not began and not is_held(spool.lock):
            began.append(record(spool, b"late"))
        return waiting(self)

    monkeypatch.setattr(Shipping, "waiting", late)
    assert ship(spool, connect(spool.server), idle=1, tell=told.append, sleep=lambda _: None)
    assert began
    assert server.payloads() == [b"late"]


def test_there_is_one_for_a_spool(spool, told, connect):
    Writer(spool.journals).append(b"x")  # nobody refers to it any more: its process is gone

    def sleep(_):
        assert not ship(spool, connect(spool.server), idle=0, tell=told.append)
        assert int(spool.lock.read_text()) == os.getpid()

    assert ship(spool, connect(spool.server), idle=0.2, tell=told.append, sleep=sleep)


class Absent(Server):
    """A server that does not answer a number of times, and then takes everything."""

    def __init__(self, times):
        super().__init__("http://absent.example")
        self.times = times

    def length(self, _):
        self.times -= 1
        if self.times >= 0:
            raise Away("absent.example does not answer")
        return 0

    def append(self, _, offset, content, **__):
        return Reply(taken=True, length=offset + len(content))


def test_a_server_that_is_away_is_tried_ever_more_seldom_and_that_is_told_once(spool, told):
    record(spool, b"x")
    slept = []
    assert ship(spool, Absent(20), idle=0.2, tell=told.append, sleep=slept.append)
    assert slept[0] <= 0.5
    assert LAST_RETRY / 2 <= slept[19] <= LAST_RETRY == max(*slept, LAST_RETRY)
    assert len(set(slept[10:20])) > 5  # not all clients at the same moment
    assert told == [
        "absent.example does not answer; everything stays here until it does",
        "the server is back",
    ]


class Contrary(Server):
    """A server that says it ends where it does not take what begins there."""

    def length(self, _):
        return 0

    def append(self, *_, **__):
        return Reply(taken=False, length=0)


def test_a_server_that_contradicts_itself_is_not_asked_for_ever(spool, told):
    record(spool, b"x")
    with pytest.raises(Away, match="does not take"):
        Shipping(spool, Contrary(spool.server), told.append).once()


def test_what_answers_as_no_whence_server_does_is_said(spool, server, told, connect):
    record(spool, b"x")
    elsewhere = connect(f"{server.url}/elsewhere")
    with pytest.raises(Locked, match="does not answer as a Whence server does"):
        Shipping(spool, elsewhere, told.append).once()
    assert len(journals(spool.journals)) == 1


def test_the_process_that_is_started_needs_the_base_install_alone(spool, server):
    record(spool, b"x")
    code = (
        "import sys\nfrom whence.ship import __main__ as ship\nship.IDLE = 0.2\n"
        "status = ship.main(sys.argv[1])\n"
        "extras = {'numpy', 'pyarrow', 'msgspec', 'nanoarrow', 'sqlite3'}\n"
        "print(sorted(extras & set(sys.modules)))\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, spool.folder], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
    assert server.payloads() == [b"x"]
