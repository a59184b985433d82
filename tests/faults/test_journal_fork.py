"""Forks: no process writes into another's journal, and none holds another's lock."""

import multiprocessing
import os
import threading

import pytest

from whence import record
from whence.journal import alive, journals, read
from whence.record import writers
from whence.types.records import Rows

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


@pytest.fixture(autouse=True)
def _own_writers(monkeypatch):
    monkeypatch.setattr(writers, "_writers", {})


def by_journal(store):
    """Journal -> the rows in it."""
    found = {}
    for path in journals(store / "journals"):
        reading = read(path)
        said = [record.decode(frame.payload) for frame in reading]
        found[path] = [tuple(row) for one in said if isinstance(one, Rows) for row in one.rows]
        assert reading.gaps == []
        assert not reading.pending
    return found


def log(store, who, count):
    for number in range(count):
        record.predictions(store, "m", {"who": who, "number": number})


def in_child(work):
    """Run a function in a forked child and wait for it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_child_goes_on_in_a_journal_of_its_own(tmp_path):
    log(tmp_path, "parent", 3)
    in_child(lambda: log(tmp_path, "child", 2))
    log(tmp_path, "parent", 2)

    found = by_journal(tmp_path)
    assert sorted(found.values(), key=len) == [
        [("child", 0), ("child", 1)],
        [("parent", n) for n in (0, 1, 2, 0, 1)],
    ]
    own = writers.writer(tmp_path).path
    assert {path: alive(path) for path in found} == {path: path == own for path in found}


def test_a_grandchild_too(tmp_path):
    def child():
        log(tmp_path, "child", 1)
        in_child(lambda: log(tmp_path, "grandchild", 1))
        log(tmp_path, "child", 1)

    log(tmp_path, "parent", 1)
    in_child(child)

    assert sorted(by_journal(tmp_path).values()) == [
        [("child", 0), ("child", 0)],
        [("grandchild", 0)],
        [("parent", 0)],
    ]


def test_a_child_that_logs_nothing_makes_no_journal(tmp_path):
    log(tmp_path, "parent", 1)
    in_child(lambda: record.flush(tmp_path))

    assert len(journals(tmp_path / "journals")) == 1


def work_with_threads(store, who, threads, count):
    running = [
        threading.Thread(target=log, args=(store, f"{who}-{number}", count))
        for number in range(threads)
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def test_a_preloaded_server_and_its_workers(tmp_path):
    """The application logs while it loads; the workers are forked from it and use threads."""
    log(tmp_path, "loading", 5)
    fork = multiprocessing.get_context("fork")
    workers = [
        fork.Process(target=work_with_threads, args=(tmp_path, f"worker-{number}", 3, 200))
        for number in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0

    found = by_journal(tmp_path)
    assert len(found) == 4
    expected = {("loading", n) for n in range(5)} | {
        (f"worker-{w}-{t}", n) for w in range(3) for t in range(3) for n in range(200)
    }
    told = [row for rows in found.values() for row in rows]
    assert len(told) == len(expected)
    assert set(told) == expected
    for rows in found.values():
        assert len({who.rpartition("-")[0] or who for who, _ in rows}) == 1


def test_a_fork_while_another_thread_is_logging(tmp_path):
    stop = threading.Event()
    counted = []

    def log_until_told():
        number = 0
        while not stop.is_set():
            record.predictions(tmp_path, "m", {"who": "thread", "number": number})
            number += 1
        counted.append(number)

    thread = threading.Thread(target=log_until_told)
    thread.start()
    for number in range(20):
        in_child(lambda number=number: log(tmp_path, f"child-{number}", 3))
    stop.set()
    thread.join()

    told = sorted(row for rows in by_journal(tmp_path).values() for row in rows)
    assert told == sorted(
        [("thread", n) for n in range(counted[0])]
        + [(f"child-{number}", n) for number in range(20) for n in range(3)]
    )


def test_a_lock_that_a_lost_thread_held_does_not_stop_the_child(tmp_path):
    log(tmp_path, "parent", 1)
    held, done = threading.Event(), threading.Event()

    def hold():
        with writers._opening, writers.writer(tmp_path)._changing:  # noqa: SLF001 - as if opening
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        in_child(lambda: [log(tmp_path / name, "child", 1) for name in (".", "other")])
    finally:
        done.set()
        thread.join()

    assert sorted(by_journal(tmp_path).values()) == [[("child", 0)], [("parent", 0)]]
    assert list(by_journal(tmp_path / "other").values()) == [[("child", 0)]]
