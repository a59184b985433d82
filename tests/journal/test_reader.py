import json

import pytest

from whence.errors import NewerStore
from whence.journal import Gap, Writer, alive, frame, journals, read
from whence.journal.identity import this_host


def write(folder, *said, close=True):
    writer = Writer(folder)
    for payload in said:
        writer.append(payload)
    path = writer.path
    if close:
        writer.close()
    return path, writer


def header(path):
    first = frame.decode(memoryview(path.read_bytes()), 0)
    return json.loads(bytes(first.payload)), first.end


def rewrite_header(path, **changes):
    content, end = header(path)
    rest = path.read_bytes()[end:]
    path.write_bytes(frame.encode(json.dumps({**content, **changes}).encode()) + rest)


def test_reading_goes_on_where_it_ended(tmp_path):
    path, writer = write(tmp_path, b"one", b"two", close=False)
    first = read(path)
    assert [bytes(found.payload) for found in first] == [b"one", b"two"]
    assert first.end == path.stat().st_size

    writer.append(b"three")
    again = read(path, first.end)
    assert [bytes(found.payload) for found in again] == [b"three"]
    assert again.end == path.stat().st_size


def test_a_reading_can_be_repeated_up_to_an_offset(tmp_path):
    path, _ = write(tmp_path, b"one", b"two", b"three")
    ends = [found.end for found in read(path)]

    assert [bytes(found.payload) for found in read(path, 0, ends[1])] == [b"one", b"two"]
    assert [bytes(found.payload) for found in read(path, ends[0], ends[1])] == [b"two"]
    assert list(read(path, ends[2], ends[1])) == []


@pytest.mark.parametrize("victim", [0, 1, 2])
@pytest.mark.parametrize("part", ["magic", "length", "checksum", "payload"])
def test_a_damaged_frame_is_skipped_and_reported(tmp_path, victim, part):
    said = [b"first", b"second", b"third", b"fourth"]
    path, _ = write(tmp_path, *said)
    starts = [header(path)[1]] + [found.end for found in read(path)]
    data = bytearray(path.read_bytes())
    data[starts[victim] + {"magic": 0, "length": 6, "checksum": 9, "payload": 13}[part]] ^= 0xFF
    path.write_bytes(data)

    reading = read(path)
    assert [bytes(found.payload) for found in reading] == said[:victim] + said[victim + 1 :]
    assert reading.gaps == [Gap(starts[victim], starts[victim + 1], "damaged")]
    assert reading.end == len(data)


def test_a_damaged_header_costs_no_record(tmp_path):
    path, _ = write(tmp_path, b"one", b"two")
    _, end = header(path)
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)

    reading = read(path)
    assert [bytes(found.payload) for found in reading] == [b"one", b"two"]
    assert reading.gaps == [Gap(0, end, "damaged")]
    assert alive(path) is None


@pytest.mark.parametrize("cut", [1, 12, 13, 20])
def test_the_torn_end_of_a_dead_journal_is_lost_and_said_so(tmp_path, cut):
    path, _ = write(tmp_path, b"whole", b"a record that is torn")
    whole = next(read(path)).end
    path.write_bytes(path.read_bytes()[:-cut])

    reading = read(path)
    assert [bytes(found.payload) for found in reading] == [b"whole"]
    assert reading.gaps == [Gap(whole, path.stat().st_size, "torn")]
    assert not reading.pending
    assert reading.end == path.stat().st_size


def test_the_unfinished_end_of_a_live_journal_is_waited_for(tmp_path):
    path, writer = write(tmp_path, b"whole", close=False)
    whole = path.stat().st_size
    late = frame.encode(b"late")
    with path.open("ab") as file:
        file.write(late[:-2])
    reading = read(path)
    assert [bytes(found.payload) for found in reading] == [b"whole"]
    assert reading.pending
    assert (reading.gaps, reading.end) == ([], whole)

    with path.open("ab") as file:
        file.write(late[-2:])
    assert [bytes(found.payload) for found in read(path, reading.end)] == [b"late"]
    writer.close()


def test_the_end_of_a_journal_of_another_host_is_waited_for(tmp_path):
    path, _ = write(tmp_path, b"whole", b"torn")
    rewrite_header(path, name="elsewhere", machine="0" * 32, boot="another boot")
    path.write_bytes(path.read_bytes()[:-1])

    reading = read(path)
    assert [bytes(found.payload) for found in reading] == [b"whole"]
    assert reading.pending
    assert alive(path) is None


@pytest.mark.skipif(not this_host().machine, reason="this system has no /etc/machine-id")
def test_a_journal_from_before_a_restart_is_dead(tmp_path):
    path, _ = write(tmp_path, b"x")
    rewrite_header(path, boot="the boot before")

    assert alive(path) is False


def test_a_journal_without_a_header_yet_is_no_dead_one(tmp_path):
    path = tmp_path / "00-000000.wj"
    path.write_bytes(b"")

    reading = read(path)
    assert list(reading) == []
    assert (reading.end, reading.gaps, alive(path)) == (0, [], None)


def test_a_journal_of_a_newer_format_is_refused(tmp_path):
    path, _ = write(tmp_path, b"x")
    rewrite_header(path, format=2)
    content = path.read_bytes()

    with pytest.raises(NewerStore, match=r"\.wj has format 2"):
        read(path)
    assert path.read_bytes() == content


def test_the_header_says_who_wrote_it(tmp_path):
    path, _ = write(tmp_path, b"x")

    content, _ = header(path)
    assert content["format"] == 1
    assert (content["name"], content["machine"], content["boot"]) == this_host()
    assert content["created"] > 1_700_000_000_000_000


def test_a_missing_folder_has_no_journals(tmp_path):
    assert journals(tmp_path / "absent") == []


def test_two_who_ask_do_not_take_each_other_for_the_owner(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    path, _ = write(tmp_path, b"x")
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert alive(path) is False
