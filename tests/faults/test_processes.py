"""Many processes and threads that log, fold and import at the same time, seen from the outside."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import whence
from whence.cli import main
from whence.store.folder import StoreFolder

ROLES = {"id": "id", "time": "ts", "prediction": "pred"}
FOLD = "import sys, whence; whence.open(sys.argv[1]).models()"

WRITER = """
import os, sys, whence
model = whence.model("m", store=sys.argv[1])
for number in range(600):
    row = {"id": f"{sys.argv[2]}-{number}", "ts": "2023-09-01T08:00:00Z", "pred": number % 2}
    model.log(row, id="id", time="ts", prediction="pred")
    model.label({"id": row["id"], "y": 1}, id="id", label="y")
    os.write(1, b"%d\\n" % number)
sys.stdin.read()
"""


def log(store, who, count=20):
    model = whence.model("m", store=store)
    for i in range(count):
        row = {"id": f"{who}-{i}", "ts": "2023-09-01T08:00:00Z", "pred": i % 2}
        model.log(row, **ROLES)


def stored(store):
    return sorted(StoreFolder(store).predictions("m").read(["_id"])["_id"].to_pylist())


def expected(names, count=20):
    return sorted(f"{name}-{i}" for name in names for i in range(count))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_writers_and_folds_killed_at_once_lose_and_double_nothing_acknowledged(tmp_path):
    store = tmp_path / "store"
    promised = {}
    for turn in range(3):
        names = [f"{turn}{letter}" for letter in "abc"]
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, store, name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for name in names
        ]
        heard = [writer.stdout.readline() for writer in writers]
        folds = [subprocess.Popen([sys.executable, "-c", FOLD, store]) for _ in range(2)]
        if turn:
            # A writer's line more is a moment for the fold to get somewhere.
            heard[0] += b"".join(writers[0].stdout.readline() for _ in range(turn * 200))
            folds[0].send_signal(signal.SIGKILL)
        assert folds[1].wait() == 0
        folds[0].wait()
        for name, writer, said in zip(names, writers, heard, strict=True):
            writer.send_signal(signal.SIGKILL)
            promised[name] = len((said + writer.stdout.read()).splitlines())
            for pipe in (writer.stdin, writer.stdout):
                pipe.close()
            writer.wait()
    assert whence.open(store).models() == ["m"]
    found = stored(store)
    assert len(found) == len(set(found))
    for name, count in promised.items():
        own = {one for one in found if one.startswith(f"{name}-")}
        # The call that was running may have been written and not acknowledged.
        assert {f"{name}-{i}" for i in range(count)} <= own
        assert len(own) <= count + 1
    labels = StoreFolder(store).labels("m").read(["_id"])["_id"].to_pylist()
    assert len(labels) == len(set(labels)) >= sum(promised.values())


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_tail_loses_the_call_that_never_returned_and_is_told(tmp_path, capsys, cut):
    store = tmp_path / "store"
    code = (
        "import sys, whence\nmodel = whence.model('m', store=sys.argv[1])\n"
        "for i in range(5): model.log({'id': str(i), 'ts': '2023-09-01T08:00:00Z', 'pred': 1},"
        " id='id', time='ts', prediction='pred')\n"
    )
    subprocess.run([sys.executable, "-c", code, store], check=True)
    (journal,) = (store / "journals").glob("*.wj")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-cut])
    assert whence.open(store).models() == ["m"]
    assert stored(store) == ["0", "1", "2", "3"]
    assert main(["doctor", "--store", str(store)]) == 0
    assert "were no whole record: a process was killed" in capsys.readouterr().out


def test_two_imports_of_one_file_at_once_store_it_once(tmp_path):
    n = 3000
    table = pa.table(
        {"id": [f"r{i}" for i in range(n)], "ts": ["2023-09-01T08:00:00Z"] * n, "pred": [1] * n}
    )
    pq.write_table(table, tmp_path / "p.parquet")
    given = ["import", "p.parquet", "--model", "m", "--id", "id", "--time", "ts",
             "--prediction", "pred", "--store", "store"]  # fmt: skip
    pair = [
        subprocess.Popen(
            [sys.executable, "-m", "whence.cli", *given], cwd=tmp_path, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = sorted(process.communicate()[0].decode() for process in pair)
    assert [process.returncode for process in pair] == [0, 0]
    assert "3,000 rows of predictions" in told[0]
    assert "imported before" in told[1]
    assert len(stored(tmp_path / "store")) == n


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_multiprocessing_log_beside_their_parent(tmp_path, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {method}")
    # In a process of its own: this one has loaded libraries that do not survive a fork.
    code = (
        "import multiprocessing, sys, whence\n"
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "from worker import log\n"
        "if __name__ == '__main__':\n"
        "    log(sys.argv[1], 'parent')\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        "    names = [f'child{i}' for i in range(3)]\n"
        "    running = [context.Process(target=log, args=(sys.argv[1], n)) for n in names]\n"
        "    [one.start() for one in running]\n"
        "    [one.join() for one in running]\n"
        "    log(sys.argv[1], 'later')\n"
        "    sys.exit(sum(one.exitcode for one in running))\n"
    )
    (tmp_path / "worker.py").write_text(
        "import whence\n"
        "def log(store, who):\n"
        "    model = whence.model('m', store=store)\n"
        "    for i in range(20):\n"
        "        row = {'id': f'{who}-{i}', 'ts': '2023-09-01T08:00:00Z', 'pred': i % 2}\n"
        "        model.log(row, id='id', time='ts', prediction='pred')\n"
    )
    (tmp_path / "main.py").write_text(code)
    subprocess.run([sys.executable, tmp_path / "main.py", tmp_path / "store"], check=True)
    assert whence.open(tmp_path / "store").models() == ["m"]
    assert stored(tmp_path / "store") == expected(["parent", "child0", "child1", "child2", "later"])


PRELOADED = """
import os, sys, threading, whence
model = whence.model("m", store=sys.argv[1])

def log(who):
    for i in range(20):
        row = {"id": f"{who}-{i}", "ts": "2023-09-01T08:00:00Z", "pred": i % 2}
        model.log(row, id="id", time="ts", prediction="pred")

log("master")
workers = []
for number in range(3):
    child = os.fork()
    if child == 0:
        threads = [threading.Thread(target=log, args=(f"w{number}t{t}",)) for t in range(3)]
        [one.start() for one in threads]
        [one.join() for one in threads]
        whence.flush(sys.argv[1])
        os._exit(0)
    workers.append(child)
log("again")
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in workers))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_server_that_logs_while_loading_and_forks_its_workers(tmp_path):
    store = tmp_path / "store"
    subprocess.run([sys.executable, "-c", PRELOADED, store], check=True)
    assert whence.open(store).models() == ["m"]
    workers = [f"w{number}t{thread}" for number in range(3) for thread in range(3)]
    assert stored(store) == expected(["master", "again", *workers])
    assert main(["doctor", "--store", str(store)]) == 0


def test_threads_that_log_and_watch_at_once(tmp_path):
    store = tmp_path / "store"
    log(store, "first")
    seen, errors = [], []

    def watch():
        try:
            seen.extend(sum(one.rows for one in whence.model("m", store=store).watch().windows)
                        for _ in range(3))  # fmt: skip
        except whence.WhenceError as error:
            errors.append(error)

    running = [threading.Thread(target=log, args=(store, f"t{i}")) for i in range(4)]
    running += [threading.Thread(target=watch) for _ in range(2)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert errors == []
    assert len(seen) == 6
    assert sum(one.rows for one in whence.model("m", store=store).watch().windows) == 100
    assert stored(store) == expected(["first", *(f"t{i}" for i in range(4))])
