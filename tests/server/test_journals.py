"""The route of journals, over a real socket: offsets, answers, names, kills in the middle."""

import http.client
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from whence.journal import Writer, journals, read
from whence.store.tokens import Tokens

SERVING = Path(__file__).parents[1] / "ship/serving.py"
NAME = "018f3c2a5b6c7d8e9f00112233445566-000000"
MIRROR = f"{NAME}.mirror.wj"


class Served:
    """A server over a store; it keeps its port when it is started again."""

    def __init__(self, store):
        self.store, self.port = store, 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, SERVING, self.store, str(self.port)], stdout=subprocess.PIPE
        )
        self.port = int(self.process.stdout.readline())

    def kill(self):
        self.process.kill()
        self.process.stdout.close()
        self.process.wait()

    def ask(self, method, path, content=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        return answer.status, json.loads(said) if said else None

    def put(self, offset, content=b"", name=NAME, **headers):
        return self.ask("PUT", f"/api/v1/journals/{name}?offset={offset}", content, **headers)


@pytest.fixture
def served(tmp_path):
    server = Served(tmp_path / "store")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A server for what changes nothing."""
    server = Served(tmp_path_factory.mktemp("untouched") / "store")
    server.ask("GET", f"/api/v1/journals/{NAME}")  # opens the database
    yield server
    server.kill()


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    writer = Writer(tmp_path_factory.mktemp("client"))
    for i in range(2000):
        writer.append(b"record %d " % i * (i % 90))
    found = writer.path.read_bytes()
    writer.close()
    return found


def test_it_appends_where_the_mirror_ends_and_says_where_that_is(served, content):
    assert served.ask("GET", f"/api/v1/journals/{NAME}") == (200, {"length": 0})
    assert served.put(0, content[:4000]) == (200, {"length": 4000})
    assert served.put(0, content) == (409, {"length": 4000})
    assert served.put(5000, content[5000:]) == (409, {"length": 4000})
    assert served.put(4000, content[4000:]) == (200, {"length": len(content)})
    assert served.ask("GET", f"/api/v1/journals/{NAME}") == (200, {"length": len(content)})
    assert served.ask("HEAD", f"/api/v1/journals/{NAME}") == (200, None)
    assert (served.store / "journals" / MIRROR).read_bytes() == content


def test_what_has_ended_takes_nothing_more(served, content):
    served.put(0, content)
    end = f"{len(content)}&ended=1"
    assert served.put(end) == (200, {"length": len(content)})
    assert served.put(end) == (200, {"length": len(content)})
    assert served.put(len(content), b"more") == (409, {"length": len(content)})
    assert served.put(0, content) == (409, {"length": len(content)})


@pytest.mark.parametrize(
    "offset", ["", "-1", "1.0", "x", "0x0", "1e3", "٣", "9" * 13, "%201", "0&ended=2", "0&ended="]
)
def test_an_offset_that_is_none_is_refused(untouched, content, offset):
    status, said = untouched.put(offset.encode("ascii", "xmlcharrefreplace").decode(), content)
    assert status == 400
    assert "give ?offset=" in said["error"]


PLACES = [
    "..%2f..%2fevil", "%2e%2e%2fevil", "..", ".", "a%2fb", "%2fetc%2fpasswd", "..%5cevil", "C:evil",
    f"{NAME}.wj", f"{NAME}%00", f"{NAME}%0a", f"{NAME}%2f..%2fx", NAME.upper(), "whence.db", "%20",
    f"..%2fjournals%2f{NAME}", "x" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
def test_no_name_leaves_the_folder(untouched, content, place):
    around = untouched.store.parent
    before = {path.name for path in around.rglob("*")} | {"journals"}
    for method in ("PUT", "GET", "HEAD"):
        _, said = untouched.ask(method, f"/api/v1/journals/{place}?offset=0", content)
        assert "length" not in (said or {})
    assert {path.name for path in around.rglob("*")} <= before


def test_what_is_no_journal_is_refused(served, content):
    for wrong in (b"", b"text", content[7:]):
        status, said = served.put(0, wrong)
        assert status == 400
        assert "does not begin with the header" in said["error"]
    newer = content[:4096].replace(b'"format": 1', b'"format": 2')
    assert served.put(0, newer)[0] == 400
    assert list((served.store / "journals").iterdir()) == []


def test_only_a_token_that_may_write_may_send(served, content):
    tokens = Tokens(served.store)
    may, may_not = tokens.create("write", "sdk"), tokens.create("read", "page")
    assert served.put(0, content)[0] == 401
    assert served.put(0, content, Authorization=f"Bearer {may_not}")[0] == 403
    assert served.put(0, content, Origin="http://evil.example")[0] == 403
    assert list((served.store / "journals").glob("*")) == []
    assert served.put(0, content, Authorization=f"Bearer {may}")[0] == 200


def test_a_server_killed_in_the_middle_of_many_pieces_has_each_byte_once(served, content):
    chance = random.Random(20260301)  # noqa: S311 - says when to kill
    length, kills = 0, 0
    while length < len(content):
        piece = content[length : length + chance.randint(10_000, 60_000)]
        killed = kills < 12 and chance.random() < 0.5
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        try:
            connection.request("PUT", f"/api/v1/journals/{NAME}?offset={length}", piece)
            if killed:
                served.process.kill()
            acknowledged = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            acknowledged = False
        finally:
            connection.close()
        if killed:
            served.kill()
            served.start()
            kills += 1
        status, said = served.ask("GET", f"/api/v1/journals/{NAME}")
        assert status == 200
        # What was answered is there; what was not is there whole or not at all.
        assert said["length"] in (
            {length + len(piece)} if acknowledged else {length, length + len(piece)}
        )
        length = said["length"]
    assert kills >= 5
    assert (served.store / "journals" / MIRROR).read_bytes() == content
    (path,) = journals(served.store / "journals")
    assert len([*read(path)]) == 2000
