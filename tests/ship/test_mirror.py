"""The server's side of a journal: appended once, whole or not at all, and read up to there."""

import json
import random
import shutil
import threading

import pytest

from whence import record
from whence.errors import BadInput
from whence.journal import Mirror, Writer, alive, frame, journals, read
from whence.journal.mirror import known
from whence.store.folder import StoreFolder
from whence.work.fold import fold

NAME = "018f3c2a5b6c7d8e9f00112233445566-000000"


def written(folder, *payloads):
    """Return the bytes of a journal with these records."""
    writer = Writer(folder)
    for payload in payloads:
        writer.append(payload)
    content = writer.path.read_bytes()
    writer.close()
    return content


@pytest.fixture
def content(tmp_path):
    return written(tmp_path / "client", *(b"record %d " % i * (i % 50) for i in range(200)))


@pytest.fixture
def server(tmp_path):
    """The folder of a server's journals; this file needs no network."""
    folder = tmp_path / "store/journals"
    folder.mkdir(parents=True)
    return folder


def test_it_is_appended_only_where_it_ends(server, content):
    mirror = Mirror(server, NAME)
    assert mirror.append(0, content[:500]) == (True, 500)
    for offset in (0, 499, 501, len(content)):
        assert mirror.append(offset, content[offset:]) == (False, 500)
    assert mirror.append(500, content[500:]) == (True, len(content))
    assert mirror.append(len(content), b"") == (True, len(content))
    assert mirror.path.read_bytes() == content


@pytest.mark.parametrize("seed", range(5))
def test_pieces_sent_again_and_out_of_order_make_the_same_bytes(server, content, seed):
    chance = random.Random(seed)  # noqa: S311 - says what to send
    mirror, length = Mirror(server, NAME), 0
    while length < len(content):
        offset = chance.choice([length, length, 0, chance.randrange(len(content))])
        piece = content[offset : offset + chance.randint(200, 900)]
        taken, length = mirror.append(offset, piece)
        assert not length or mirror.path.read_bytes()[:length] == content[:length]
        assert not taken or offset + len(piece) == length
    assert mirror.path.read_bytes() == content


def test_many_who_send_the_same_at_once_make_the_same_bytes(server, content):
    def send():
        mirror = Mirror(server, NAME)
        length = mirror.length
        while length < len(content):
            length = mirror.append(length, content[length : length + 300]).length

    running = [threading.Thread(target=send) for _ in range(6)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert Mirror(server, NAME).path.read_bytes() == content


@pytest.mark.parametrize("left", [b"", b"garbage", bytes(5000), frame.encode(b"whole")])
def test_bytes_that_no_answer_counted_are_not_read_and_are_overwritten(server, content, left):
    mirror = Mirror(server, NAME)
    mirror.append(0, content[:3000])
    with mirror.path.open("ab") as file:
        file.write(left)  # as a server that was killed leaves it, or a loss of power
    before = [*read(mirror.path)]
    assert b"whole" not in before
    assert mirror.length == 3000
    mirror.append(3000, content[3000:])
    assert mirror.path.read_bytes() == content
    assert 0 < len(before) < len([*read(mirror.path)]) == 200


@pytest.mark.parametrize("note", [None, b"", b"{", b"[]", b'{"length": "x"}'])
def test_where_the_note_is_lost_all_is_sent_again(server, content, note):
    mirror = Mirror(server, NAME)
    mirror.append(0, content)
    path = mirror.path.with_suffix(".json")
    path.unlink()
    if note is not None:
        path.write_bytes(note)
    assert mirror.append(len(content), b"more") == (False, 0)
    assert mirror.append(0, content[:700]) == (True, 700)
    assert mirror.append(700, content[700:]) == (True, len(content))
    assert mirror.path.read_bytes() == content


def test_a_mirror_of_this_machine_is_one_of_another_host_until_it_has_ended(server, content):
    mirror = Mirror(server, NAME)
    mirror.append(0, content[:-3])
    assert alive(mirror.path) is None  # though its header names this machine, and nobody locks it
    reading = read(mirror.path)
    assert len(list(reading)) == 199
    assert reading.pending
    assert reading.gaps == []

    assert mirror.append(len(content) - 3, b"", last=True) == (True, len(content) - 3)
    assert alive(mirror.path) is False
    reading = read(mirror.path)
    assert len(list(reading)) == 199
    assert [gap.kind for gap in reading.gaps] == ["torn"]
    assert reading.end == mirror.path.stat().st_size


def test_what_has_ended_takes_nothing_more_and_may_be_ended_again(server, content):
    mirror = Mirror(server, NAME)
    mirror.append(0, content[:900])
    assert mirror.append(900, content[900:], last=True) == (True, len(content))
    assert mirror.append(len(content), b"", last=True) == (True, len(content))
    assert mirror.append(len(content), b"more") == (False, len(content))
    assert mirror.append(0, content) == (False, len(content))


def test_what_was_folded_and_removed_does_not_come_back(server, content):
    mirror = Mirror(server, NAME)
    mirror.append(0, content, last=True)
    mirror.path.unlink()  # as a fold does an hour later
    assert mirror.append(0, content) == (False, len(content))
    assert mirror.append(len(content), b"", last=True) == (True, len(content))
    assert journals(server) == []


def test_notes_of_mirrors_that_went_long_ago_go_too(server, content, monkeypatch):
    mirror, other = Mirror(server, NAME), Mirror(server, NAME.replace("-000000", "-000001"))
    mirror.append(0, content, last=True)
    mirror.path.unlink()
    monkeypatch.setattr("whence.journal.mirror.REMEMBERED", -1)
    other.append(0, content, last=True)
    assert sorted(path.name for path in server.iterdir()) == [
        other.path.with_suffix(".json").name,
        other.path.name,
    ]


def test_a_mirror_that_somebody_deleted_is_sent_again(server, content):
    mirror = Mirror(server, NAME)
    mirror.append(0, content)
    mirror.path.unlink()
    assert mirror.append(len(content), b"more") == (False, 0)
    assert mirror.append(0, content) == (True, len(content))


def test_it_must_begin_with_a_header_this_whence_knows(server, content):
    first = frame.decode(memoryview(content), 0)
    newer = frame.encode(json.dumps({**json.loads(bytes(first.payload)), "format": 2}).encode())
    for wrong in (b"", b"text", content[1:], content[:20], content[first.end :]):
        with pytest.raises(BadInput, match="does not begin with the header of a journal"):
            Mirror(server, NAME).append(0, wrong)
    with pytest.raises(Exception, match="has format 2"):
        Mirror(server, NAME).append(0, newer)
    assert list(server.iterdir()) == []


def test_it_is_no_longer_than_a_journal_can_be(server, content, monkeypatch):
    monkeypatch.setattr("whence.journal.mirror.MOST_BYTES", len(content))
    mirror = Mirror(server, NAME)
    mirror.append(0, content)
    with pytest.raises(BadInput, match="would be longer than"):
        mirror.append(len(content), b"x")
    assert known(mirror.path) == (len(content), False)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "a/b", NAME + "\n", NAME + ".wj", NAME.upper(), NAME[:-1] + "\u0660",
     "0" * 32 + "-000000", NAME.replace("7d8e", "4d8e"), NAME + "0" * 9, "\0", "~", "whence"],
)  # fmt: skip
def test_a_name_that_no_writer_makes_is_refused(server, name):
    with pytest.raises(BadInput, match="is no journal's name"):
        Mirror(server, name)


@pytest.mark.parametrize("step", [397, 1000, 5000])
def test_a_fold_between_any_two_pieces_takes_every_row_once(tmp_path, step):
    client = tmp_path / "client"
    for i in range(60):
        row = {"id": f"r{i}", "ts": "2023-09-01T08:00:00Z", "pred": i % 2, "text": "x" * i}
        record.predictions(client, "m", row, id="id", time="ts", prediction="pred")
        row = {"n": i, "ts": "2023-09-01T08:00:00Z", "pred": i % 2}
        record.predictions(client, "anonymous", row, time="ts", prediction="pred")
    (journal,) = journals(client / "journals")
    content = journal.read_bytes()
    first = frame.decode(memoryview(content), 0).end
    store = StoreFolder(tmp_path / "store")
    store.journals.mkdir()
    mirror = Mirror(store.journals, journal.stem)
    mirror.append(0, content[:first])
    for start in range(first, len(content), step):
        mirror.append(start, content[start : start + step])
        with store.lease():
            fold(store)
    ids = store.predictions("m").read(["_id"])["_id"].to_pylist()
    assert sorted(ids) == sorted(f"r{i}" for i in range(60))
    numbers = store.predictions("anonymous").read(["n"])["n"].to_pylist()
    assert sorted(numbers) == list(range(60))
    shutil.rmtree(client)
