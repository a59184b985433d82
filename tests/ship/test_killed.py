"""SIGKILL of programs, of the process that ships and of the server: each record arrives once."""

import random
import sys
from collections import Counter
from contextlib import closing, suppress

import pytest

import whence
from killing import kill_each_after, start
from whence.journal import journals
from whence.record import writers
from whence.ship.server import Server
from whence.ship.shipping import ship
from whence.ship.spool import spool_for
from whence.store.folder import StoreFolder
from whence.work.fold import fold

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

WRITERS, ROUNDS, MOST_ROUNDS = 3, 3, 30

# Each call is acknowledged through a pipe after it has returned. Rows have no id: the store would
# recognise a repeat by it. Some are large, so that kills fall into the middle of something.
WRITER = """
import os, sys, whence
model, who, number = whence.model("m"), sys.argv[1], 0
while True:
    size = 300_000 if number % 97 == 50 else number % 300
    row = {"who": who, "n": number, "ts": "2023-09-01T08:00:00Z", "pred": 1, "padding": "x" * size}
    model.log(row, time="ts", prediction="pred")
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def run_and_kill(server, number, chance, kill):
    """Run programs that record for a server, kill each; return how many calls each finished."""
    running = {
        f"{number}-{i}": start(WRITER, f"{number}-{i}", WHENCE_STORE=server.url)
        for i in range(WRITERS)
    }
    after = {name: chance.randint(300, 1500) for name in running}
    heard = kill_each_after(running, after, meanwhile=kill)
    return {name: len(said) for name, said in heard.items()}


def test_every_acknowledged_record_arrives_once_whoever_is_killed(server, stop_shipping):
    chance = random.Random(20260302)  # noqa: S311 - says when to kill
    spool, store = spool_for(server.url), StoreFolder(server.store)
    kills = Counter(ship=0, server=0, fold=0)

    def kill():
        what = chance.choices(["none", "ship", "server", "fold"], [60, 3, 2, 1])[0]
        if what == "ship":
            kills[what] += stop_shipping(spool)
        elif what == "server":
            server.kill()
            server.start()
            kills[what] += 1
        elif what == "fold":
            with store.lease():
                fold(store)
            kills[what] += 1

    promised = {}
    for number in range(MOST_ROUNDS):
        # A busy machine may be slower to ship than to record: then nobody was there to be killed.
        if number >= ROUNDS and min(kills.values()) >= 2:
            break
        promised |= run_and_kill(server, number, chance, kill)
    stop_shipping(spool)
    with closing(Server(spool.server)) as connection:
        assert ship(spool, connection, idle=0, tell=lambda _: None)
    assert journals(spool.journals) == []
    with store.lease():
        fold(store)

    assert min(kills.values()) >= 2
    rows = store.predictions("m").read(["who", "n"])
    found = Counter(zip(rows["who"].to_pylist(), map(int, rows["n"].to_pylist()), strict=True))
    assert set(found.values()) == {1}
    for name, count in promised.items():
        own = {n for who, n in found if who == name}
        # The call that was running may have been written and not acknowledged.
        assert set(range(count)) <= own <= set(range(count + 1))
    assert store.metadata.one("SELECT COUNT(*) FROM quarantine") == (0,)


def test_one_that_is_cut_off_after_any_of_its_requests_is_followed_by_one_that_goes_on(
    server, spool, monkeypatch, not_started
):
    model = whence.model("m", store=server.url)
    for n in range(120):
        row = {"n": n, "ts": "2023-09-01T08:00:00Z", "pred": 1, "padding": "x" * 5000}
        model.log(row, time="ts", prediction="pred")
    writers.writer(spool.folder).close()
    monkeypatch.setattr("whence.ship.deliver.PIECE", 70_000)
    ask, asked = Server._ask, []  # noqa: SLF001 - where each request passes

    class Killed(BaseException):
        """Nothing in the program catches this."""

    def cut(self, *request):
        reply = ask(self, *request)
        asked.append(request)
        if len(asked) == cut.after:
            raise Killed  # the server has done it, and nobody heard
        return reply

    monkeypatch.setattr(Server, "_ask", cut)
    cut.after = 0
    while journals(spool.journals):
        cut.after += 1
        asked.clear()
        with closing(Server(spool.server)) as connection, suppress(Killed):
            ship(spool, connection, idle=0, tell=print)
    assert cut.after >= 4
    assert not_started == [spool]
    store = StoreFolder(server.store)
    with store.lease():
        fold(store)
    numbers = store.predictions("m").read(["n"])["n"].to_pylist()
    assert sorted(map(int, numbers)) == list(range(120))
