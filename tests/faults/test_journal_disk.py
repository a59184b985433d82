"""Disks that are full, limited or not to be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import whence.errors
from whence import record
from whence.errors import Unwritable
from whence.journal import journals, read
from whence.record import writers
from whence.types.records import Rows

DISK_BYTES = 2 * 2**20


@pytest.fixture(autouse=True)
def _own_writers(monkeypatch):
    monkeypatch.setattr(writers, "_writers", {})


@pytest.fixture
def disk(make_disk):
    """A file system of 2 MB."""
    return make_disk(DISK_BYTES)


def numbers(store):
    """The numbers that were logged, and the kinds of gaps between them."""
    found, kinds = [], []
    for path in journals(store / "journals"):
        reading = read(path)
        for frame in reading:
            said = record.decode(frame.payload)
            if isinstance(said, Rows):
                found += [number for number, _ in said.rows]
        kinds += [gap.kind for gap in reading.gaps]
    return found, kinds


def fill(store, first, size):
    """Log until the disk is full; return the numbers that were acknowledged, and the error."""
    number = first
    while True:
        try:
            record.predictions(store, "m", {"number": number, "padding": "x" * size})
        except Unwritable as error:
            return list(range(first, number)), error
        number += 1


def test_a_full_disk_is_said_and_logging_goes_on_once_there_is_room(disk):
    store = disk / "store"
    filler = disk / "filler"
    record.predictions(store, "m", {"number": 0, "padding": ""})
    filler.write_bytes(b"x" * (DISK_BYTES // 2))

    promised, error = fill(store, 1, 5000)
    assert len(promised) > 100
    assert str(journals(store / "journals")[0]) in str(error)
    assert "free space" in str(error)
    # While it is full each call says so, and leaves no litter.
    for _ in range(3):
        with pytest.raises(Unwritable, match="free space"):
            record.predictions(store, "m", {"number": -1, "padding": "x" * 50_000})
    assert len(list((store / "journals").iterdir())) <= 2

    filler.unlink()
    later = [10_000, 10_001]
    for number in later:
        record.predictions(store, "m", {"number": number, "padding": "x" * 5000})

    found, kinds = numbers(store)
    assert found == [0, *promised, *later]
    assert kinds in ([], ["torn"])
    assert len(journals(store / "journals")) == 2
    record.flush(store)


def test_a_store_cannot_begin_on_a_read_only_disk(disk):
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # noqa: S607 - the system's mount

    with pytest.raises(Unwritable, match=r"Read-only file system; mount its disk writable"):
        record.predictions(disk / "store", "m", {"x": 1})
    with pytest.raises(Unwritable, match=r"Read-only file system"):
        record.event(disk / "store", "x", at=record_time())


def test_a_journal_cannot_begin_on_a_disk_that_became_read_only(disk):
    store = disk / "store"
    record.predictions(store, "m", {"number": 0, "padding": ""})
    writers.writer(store).close()  # a disk with a file open for writing cannot be remounted
    writers._writers.clear()  # noqa: SLF001 - as a new process would begin
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)  # noqa: S607 - the system's mount

    with pytest.raises(Unwritable, match=r"\.wj: Read-only file system; mount its disk writable"):
        record.predictions(store, "m", {"number": 1, "padding": ""})
    assert numbers(store) == ([0], [])


def record_time():
    from datetime import UTC, datetime  # noqa: PLC0415 - used by one test

    return datetime(2026, 1, 1, tzinfo=UTC)


LIMITED = """
import os, resource, sys
from pathlib import Path
from whence import record
from whence.errors import Unwritable

store = Path(sys.argv[1])
record.predictions(store, "m", {"number": 0, "padding": ""})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
number = 1
try:
    while True:
        record.predictions(store, "m", {"number": number, "padding": "x" * 3000})
        number += 1
except Unwritable as error:
    print(number, str(error).replace("\\n", " "), flush=True)
for later in range(1000, 1005):
    record.predictions(store, "m", {"number": later, "padding": "x" * 3000})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_after_a_write_that_was_cut_short_a_new_journal_takes_over(tmp_path):
    source = str(Path(whence.errors.__file__).parents[1])
    said = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    ).stdout
    failed, message = said.split(" ", 1)

    found, kinds = numbers(tmp_path)
    assert found == [*range(int(failed)), *range(1000, 1005)]
    assert kinds == ["torn"]
    first, second = journals(tmp_path / "journals")
    assert (first.name[:32], second.name[:32]) == (first.name[:32],) * 2
    assert f"cannot write {first}: " in message
    assert "bytes were taken" in message


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_missing_rights_are_said(tmp_path):
    store = tmp_path / "store"
    record.predictions(store, "m", {"x": 1})
    writers._writers.clear()  # noqa: SLF001 - as a new process would begin
    (store / "journals").chmod(0o500)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        message = b"it was written"
        try:
            if os.geteuid() == 0:
                os.seteuid(65534)  # root may write anywhere
            record.predictions(store, "m", {"x": 2})
        except Unwritable as error:
            message = str(error).encode()
        finally:
            os.write(writing, message)
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    message = os.read(reading, 4096).decode()
    os.close(reading)
    (store / "journals").chmod(0o700)

    assert "Permission denied; give this user the right to write there" in message
    assert str(store) in message
