import signal
import sys
import threading

import pytest

from whence.errors import JournalClosed
from whence.journal import Writer, alive, frames_from, journals, read, segment


def payloads(folder):
    return [bytes(frame.payload) for _, frame in frames_from(folder)]


def test_what_is_appended_is_read_in_order(tmp_path):
    writer = Writer(tmp_path / "journals")
    said = [b"", b"one", b"\x00" * 100_000]
    for payload in said:
        writer.append(payload)

    assert payloads(tmp_path / "journals") == said
    assert journals(tmp_path / "journals") == [writer.path]
    assert writer.path.name.endswith("-000000.wj")


def test_no_file_is_made_before_the_first_append(tmp_path):
    writer = Writer(tmp_path / "journals")

    assert writer.path is None
    assert journals(tmp_path / "journals") == []


def test_the_owner_is_alive_until_it_closes(tmp_path):
    writer = Writer(tmp_path)
    writer.append(b"x")
    path = writer.path

    assert alive(path) is True
    writer.close()
    assert alive(path) is False
    with pytest.raises(JournalClosed, match="is closed; open a new one"):
        writer.append(b"y")


def test_it_goes_on_in_a_new_file_when_one_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 1000)
    writer = Writer(tmp_path)
    said = [bytes([i]) * 100 for i in range(50)]
    for payload in said:
        writer.append(payload)

    paths = journals(tmp_path)
    assert len(paths) > 5
    assert [path.name[-9:] for path in paths] == [f"{i:06d}.wj" for i in range(len(paths))]
    assert len({path.name[:32] for path in paths}) == 1
    assert all(path.stat().st_size < 1200 for path in paths)
    assert payloads(tmp_path) == said
    assert [alive(path) for path in paths] == [False] * (len(paths) - 1) + [True]


def test_flush_reaches_the_files_it_has_left(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 1000)
    synced = set()
    real = segment.os.fsync

    def fsync(descriptor):
        synced.add(segment.os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(segment.os, "fsync", fsync)
    writer = Writer(tmp_path)
    for _ in range(30):
        writer.append(b"x" * 100)
    journals(tmp_path)[0].unlink()  # folded and removed meanwhile
    writer.flush()

    assert {str(path) for path in journals(tmp_path)} | {str(tmp_path)} == synced


def test_flush_before_the_first_append_does_nothing(tmp_path):
    Writer(tmp_path / "journals").flush()

    assert not (tmp_path / "journals").exists()


def test_threads_append_at_once_and_over_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 20_000)
    writer = Writer(tmp_path)
    start = threading.Barrier(8)

    def work(thread):
        start.wait()
        for i in range(500):
            writer.append(b"%d %d" % (thread, i))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    said = [tuple(map(int, payload.split())) for payload in payloads(tmp_path)]
    assert sorted(said) == [(thread, i) for thread in range(8) for i in range(500)]
    assert len(journals(tmp_path)) >= 4
    assert all(read(path).gaps == [] for path in journals(tmp_path))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGUSR1")
def test_a_signal_handler_may_append_while_a_file_is_being_changed(tmp_path, monkeypatch):
    writer = Writer(tmp_path)
    real, interrupted = segment.lock.hold, []

    def hold(descriptor):
        real(descriptor)
        if not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGUSR1)

    monkeypatch.setattr(segment.lock, "hold", hold)
    before = signal.signal(signal.SIGUSR1, lambda *_: writer.append(b"handler"))
    try:
        writer.append(b"main")
        writer.append(b"main")
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert sorted(payloads(tmp_path)) == [b"handler", b"main", b"main"]
