"""Artifacts while processes are killed, disks are full, and contents are collected."""

import hashlib
import os
import random
import resource
import subprocess
import sys
import threading

import httpx
import pytest

import whence
from killing import kill_each_after, start
from whence.api.stored_artifacts import free, unneeded
from whence.errors import Unwritable
from whence.journal import lock
from whence.journal.blobs import Blobs
from whence.record import ArtifactRecords
from whence.store.contents import AWAITED_FOR, Receiver, blobs, offered
from whence.store.folder import StoreFolder
from whence.store.places import file_in
from whence.work import collect

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")

WRITERS = 8

# Small and large ones in turn, some of them equal; each is acknowledged after it has returned.
WRITER = """
import os, sys, whence
run = whence.start_run(store=sys.argv[1], name=sys.argv[2], capture=())
number = 0
while True:
    content = sys.argv[2].encode() * (1 + number % 3 * 100_000) + b"%d" % (number // 2)
    if number % 2:
        run.log_text(content.decode(), f"deep/{number}")
    else:
        run.log_model(content, f"{number}")
    os.write(1, b"%d\\n" % number)
    number += 1
"""


def content(name, number):
    return name.encode() * (1 + number % 3 * 100_000) + b"%d" % (number // 2)


def test_what_was_acknowledged_is_whole_after_sigkill_and_gc_frees_the_rest(tmp_path):
    chance = random.Random(20261123)  # noqa: S311 - says when to kill
    running = {f"run-{i}": start(WRITER, tmp_path, f"run-{i}") for i in range(WRITERS)}
    heard = kill_each_after(running, {name: chance.randint(1, 40) for name in running})
    store = whence.open(tmp_path)
    for name, said in heard.items():
        run, acknowledged = store.run(name), len(said)
        paths = {one.path: one for one in run.artifacts()}
        # The call that was running may have been recorded and not acknowledged.
        assert len(paths) in {acknowledged, acknowledged + 1}
        for number in range(acknowledged):
            path = f"deep/{number}" if number % 2 else f"{number}/model.pkl"
            back = run.artifact(path).read_bytes()
            assert hashlib.sha256(back).hexdigest() == paths[path].digest
            assert content(name, number) in back
    folder = StoreFolder(tmp_path)
    free(tmp_path, unneeded(tmp_path))
    needed = {digest for (digest,) in folder.metadata.all("SELECT digest FROM artifacts")}
    assert {blob.digest for blob in blobs(folder).all()} == needed
    assert list((tmp_path / "artifacts/.drafts").iterdir()) == []


def test_a_content_that_is_collected_while_it_is_logged_again_is_there(tmp_path):
    """Contents that nothing needs are logged again at the moment in which they are deleted."""
    store = whence.open(tmp_path)
    run = store.start_run(name="again", capture=())
    freed = 0
    for turn in range(3):
        names = [f"{turn}-{number}" for number in range(200)]
        for name in names:
            run.log_text(name, "last")  # each but the last is needed no more
        found = unneeded(tmp_path)
        gone = []
        collecting = threading.Thread(target=lambda: gone.append(free(tmp_path, found)))  # noqa: B023 - joined below
        collecting.start()
        for name in names:
            run.log_text(name, name)
        collecting.join()
        freed += len(gone[0].blobs)
    assert freed > 0
    logged = [one.path for one in store.run("again").artifacts()]
    assert len(logged) == 3 * 200 + 1
    folder = StoreFolder(tmp_path)
    for path in logged:
        _, content = file_in(folder, run.id, path)
        assert content.read_text() == (path if path != "last" else "2-199")


def test_a_content_gets_its_name_and_its_record_while_nobody_deletes(tmp_path, monkeypatch):
    run = whence.start_run(store=tmp_path, capture=())
    run.log_text("x", "a")
    path = tmp_path / "artifacts/.lock"
    seen = []

    def record(*given, real=ArtifactRecords._record):  # noqa: SLF001 - the moment in question
        with path.open("r+b") as opened:
            seen.append(lock.try_hold(opened.fileno()))
        real(*given)

    monkeypatch.setattr(ArtifactRecords, "_record", record)
    run.log_text("y", "b")
    run.log_model({"z": 1}, "c")
    assert seen == [False, False]
    with path.open("r+b") as opened:
        assert lock.try_hold(opened.fileno())


def test_contents_are_deleted_while_nobody_keeps_one(tmp_path, monkeypatch):
    run = whence.start_run(store=tmp_path, capture=())
    for text in "xy":
        run.log_text(text, "a")
    seen = []

    def delete(*given, real=collect.free):
        seen.append(lock.is_held(tmp_path / "artifacts/.lock"))
        real(*given)

    monkeypatch.setattr(collect, "free", delete)
    assert free(tmp_path, unneeded(tmp_path)).bytes == 1
    assert seen == [True]


def test_who_is_writing_is_left_alone(tmp_path):
    run = whence.start_run(store=tmp_path, capture=())
    run.log_text("x", "a")
    kept = Blobs(tmp_path / "artifacts")
    with kept.draft() as draft:
        draft.write(b"half")
        assert unneeded(tmp_path).unfinished == []
        free(tmp_path, unneeded(tmp_path))
        draft.write(b" and half")
        with kept.keeping():
            blob = draft.keep()
    assert kept.path(blob.digest).read_bytes() == b"half and half"
    assert [one.digest for one in unneeded(tmp_path).blobs] == [blob.digest]


def test_what_a_client_sent_waits_a_day_for_its_record(tmp_path):
    kept = blobs(StoreFolder(tmp_path))
    with Receiver(kept) as receiver:
        receiver.write(b"sent")
        blob = receiver.offer(hashlib.sha256(b"sent").hexdigest())
    found = unneeded(tmp_path)
    assert (found.blobs, found.awaited, found.bytes) == ([], [blob], 0)
    note = tmp_path / "artifacts/.awaited" / blob.digest
    long_ago = note.stat().st_mtime - AWAITED_FOR - 1
    os.utime(note, (long_ago, long_ago))
    assert unneeded(tmp_path).blobs == [blob]
    assert offered(kept, blob.digest) == 4  # the client asks again, and it is kept for another day
    assert unneeded(tmp_path).blobs == []
    os.utime(note, (long_ago, long_ago))
    assert free(tmp_path, unneeded(tmp_path)).bytes == 4
    assert offered(kept, blob.digest) is None
    assert not note.exists()


# A limit on the size of files stands for a full disk: it is the write that fails, half-way.
FULL = """
import resource, sys, whence
run = whence.start_run(store=sys.argv[1], name="full", capture=())
run.log_text("before", "before")
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
try:
    run.log_artifact(sys.argv[2])
except whence.Unwritable as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
run.log_artifact(sys.argv[2], "after")
"""


def test_a_full_disk_is_said_and_nothing_half_is_kept(tmp_path):
    large = tmp_path / "large"
    large.write_bytes(os.urandom(3_000_000))
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "store", large],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert "cannot write" in done.stdout
    run = whence.open(tmp_path / "store").run("full")
    assert [one.path for one in run.artifacts()] == ["after", "before"]
    assert run.artifact("after").read_bytes() == large.read_bytes()
    assert list((tmp_path / "store/artifacts/.drafts").iterdir()) == []


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit, which Linux has")
def test_a_server_with_a_full_disk_says_so_and_goes_on(tmp_path, serving):
    path = "/api/2.0/mlflow-artifacts/artifacts/0/x"
    with (
        serving(tmp_path, "--every", "0") as (address, process),
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        assert client.put(path, content=b"before").status_code == 200
        hard = resource.RLIM_INFINITY
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (2_000_000, hard))
        answer = client.put(path, content=bytes(3_000_000))
        assert answer.status_code == 500
        assert "cannot write" in answer.json()["message"]
        assert client.get(path).content == b"before"
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        assert client.put(path, content=bytes(3_000_000)).status_code == 200
        assert client.get(path).content == bytes(3_000_000)
    assert list((tmp_path / "artifacts/.drafts").iterdir()) == []


def test_a_client_that_goes_leaves_nothing(tmp_path, serving):
    with (
        serving(tmp_path, "--every", "0") as (address, _),
        httpx.Client(base_url=address) as client,
    ):

        def pieces():
            yield bytes(2_000_000)
            raise ConnectionError

        with pytest.raises(ConnectionError):
            client.put("/api/2.0/mlflow-artifacts/artifacts/0/cut", content=pieces())
        listed = client.get("/api/2.0/mlflow-artifacts/artifacts", params={"path": "0"})
        assert listed.json() == {}
    assert list((tmp_path / "artifacts/.drafts").iterdir()) == []
    assert unneeded(tmp_path).bytes == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    run = whence.start_run(store=tmp_path, capture=())
    run.log_text("x", "a")
    drafts = tmp_path / "artifacts/.drafts"
    drafts.rmdir()
    drafts.write_text("a file stands here")
    with pytest.raises(Unwritable, match=r"\.drafts"):
        run.log_text("y", "b")


def test_doctor_names_contents_that_are_gone_or_cut(tmp_path, run_whence):
    with whence.start_run(store=tmp_path, capture=()) as run:
        run.log_text("kept", "kept")
        run.log_text("lost", "lost")
        run.log_text("lost", "lost again")
        run.log_text("half of it", "cut")
    doctor = ("doctor", "--store", tmp_path)
    assert "sound" in run_whence(*doctor, cwd=tmp_path).stdout
    kept = blobs(StoreFolder(tmp_path))
    place = {text: kept.path(hashlib.sha256(text.encode()).hexdigest())
             for text in ("lost", "half of it")}  # fmt: skip
    place["lost"].unlink()
    place["half of it"].write_text("half")
    told = run_whence(*doctor, cwd=tmp_path, status=1).stdout
    assert f"the content of the artifact runs/{run.id}/lost and 1 more is gone" in told
    assert f"runs/{run.id}/cut has 4 bytes instead of 10" in told
    assert "2 things to mend" in told
