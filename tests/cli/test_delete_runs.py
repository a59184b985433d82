"""Runs deleted, brought back and taken out for good; what a registered version needs stays."""

import contextlib
import json
import os
import subprocess
import sys

import pytest
from deltalake import write_deltalake as write

import whence as library
from whence.api.stored_artifacts import delete_run, deleted, free, purge, restore_run, unneeded
from whence.cli import main
from whence.store import captures
from whence.store.contents import blobs
from whence.store.folder import StoreFolder
from whence.store.metadata import Metadata

REMEMBERED = {"epochs", "journals", "shapes", "purged"}
"""Tables where the id of a run that was taken out may be."""

# A process of its own: runs whose program still runs are not taken out for good.
RECORDED = """
import sys, whence
for name in sys.argv[2:]:
    with whence.start_run(
        project="digits", name=name, store=sys.argv[1], params={"lr": 0.1}, tags={"a": "b"},
        capture={"environment", "output"},
    ) as run:
        for step in range(20):
            run.log({"loss": 1 / (step + 1)}, step=step)
        run.log_text(f"weights of {name}", "model/weights.txt")
        run.log_text("the same", "same.txt")
        print("printed by", name)
"""


def record(store, *names):
    """Record runs in a process that ends; return their ids by name."""
    subprocess.run([sys.executable, "-c", RECORDED, store, *names], check=True)
    return {one.name: one.id for one in library.open(store).runs()}


@pytest.fixture
def store(tmp_path):
    return tmp_path / "s"


def names(store):
    return sorted(one.name for one in library.open(store).runs())


def kept(store):
    return {blob.digest for blob in blobs(StoreFolder(store)).all()}


def rows_of(store, run):
    """Return the tables of the database that say anything of a run."""
    metadata = StoreFolder(store).metadata
    found = set()
    for (table,) in metadata.all("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in metadata.all(f"SELECT * FROM {table}"):
            if any(isinstance(value, str) and run in value for value in row):
                found.add(table)
    return found


def test_a_deleted_run_is_listed_no_more_and_comes_back(whence, store):
    ids = record(store, "one", "two")
    told = whence("runs", "one", "--delete", "--store", store).stdout
    assert "one is deleted" in told
    assert "2 files, and frees 14 bytes" in told  # weights of one; the same is of both
    assert names(store) == ["two"]
    assert "has no run 'one'" in whence("runs", "one", "--store", store, status=2).stderr
    whence("gc", "--yes", "--store", store)
    whence("runs", ids["one"], "--restore", "--store", store)
    assert names(store) == ["one", "two"]
    back = library.open(store).run("one")
    assert back.artifact("model/weights.txt").read_text() == "weights of one"
    assert back.metric("loss").num_rows == 20


def test_gc_takes_out_what_it_said_and_no_more(whence, store):
    ids = record(store, "one", "two", "three")
    gc = ("gc", "--deleted", "--store", store)
    whence("runs", "one", "--delete", "--store", store)
    before, size = kept(store), sum(len(f"weights of {name}") for name in ["one"])
    would = whence(*gc, "--dry-run").stdout
    assert "1 deleted run and 0 deleted logged models" in would
    assert f"{ids['one']}  one" in would
    assert f"1 content that no artifact has: {size} bytes" in would
    assert kept(store) == before
    assert "0 contents" in whence("gc", "--dry-run", "--store", store).stdout  # without --deleted
    assert "say --yes" in whence(*gc, status=2).stderr
    assert f"{size} bytes freed" in whence(*gc, "--yes").stdout
    assert len(before - kept(store)) == 1
    assert rows_of(store, ids["one"]) <= REMEMBERED
    assert names(store) == ["three", "two"]
    assert "has no run" in whence("runs", ids["one"], "--store", store, status=2).stderr
    opened = StoreFolder(store)
    assert ids["one"] not in opened.points().read(["run"])["run"].to_pylist()
    # Of those that stay nothing has changed, what they share with the first included.
    for name in ("two", "three"):
        left = library.open(store).run(name)
        assert left.metric("loss").num_rows == 20
        assert left.artifact("same.txt").read_text() == "the same"
        assert left.output() == f"printed by {name}\n"
        assert left.captured["environment"]["packages"]
    assert "0 deleted runs" in whence(*gc, "--yes").stdout
    record(store, "four")  # the table of points takes more
    assert library.open(store).run("four").metric("loss").num_rows == 20


def test_the_captures_of_the_last_run_go_with_it(whence, store):
    record(store, "one")
    whence("runs", "one", "--delete", "--store", store)
    whence("gc", "--deleted", "--yes", "--store", store)
    metadata = StoreFolder(store).metadata
    for table in ("captured", "captures", "output", "params", "tags", "latest", "artifacts"):
        assert metadata.one(f"SELECT COUNT(*) FROM {table}") == (0,)
    assert StoreFolder(store).points().read(["run"]).num_rows == 0
    assert kept(store) == set()


def test_a_run_that_a_version_came_from_stays_and_is_told(whence, store):
    ids = record(store, "one", "two")
    opened = library.open(store)
    opened.register("digits", run=ids["one"])
    opened.registered("digits").set_alias("production", 1)
    told = whence("runs", "one", "--delete", "--store", store).stdout
    assert "version 1 of 'digits' (production) comes from it" in told
    whence("runs", "two", "--delete", "--store", store)
    told = whence("gc", "--deleted", "--yes", "--store", store).stdout
    assert "1 deleted run and" in told
    assert f"  run {ids['one']} (one): version 1 of 'digits' (production) came from it" in told
    version = opened.registered("digits").alias("production")
    assert version.source == f"runs:/{ids['one']}/model"
    made_by = opened.run(version.run)
    assert made_by.artifact("model/weights.txt").read_text() == "weights of one"
    assert made_by.captured["environment"]
    opened.registered("digits").delete(1)
    whence("gc", "--deleted", "--yes", "--store", store)
    assert "has no run" in whence("runs", ids["one"], "--store", store, status=2).stderr
    assert kept(store) == set()


def test_files_that_a_version_is_made_of_cannot_be_deleted(store):
    record(store, "one")
    opened = library.open(store)
    opened.register("digits", run="one")
    run = opened.run("one")
    for path in ("model", "model/weights.txt"):
        for dry_run in (True, False):
            with pytest.raises(library.errors.BadInput, match=r"version 1 of 'digits' is made of"):
                run.delete_artifact(path, dry_run=dry_run)
    assert run.delete_artifact("same.txt").paths == 1
    assert run.artifact("model/weights.txt").read_text() == "weights of one"
    opened.registered("digits").delete(1)
    assert run.delete_artifact("model").paths == 1


def test_a_run_whose_program_runs_stays(whence, store):
    library.start_run(name="goes on", store=store, capture=()).finish()
    library.open(store).run("goes on").delete()
    told = whence("gc", "--deleted", "--yes", "--store", store).stdout
    assert "0 deleted runs" in told
    assert "goes on" in told
    assert "its program still runs" in told


def test_a_run_that_was_taken_out_can_be_imported_again(whence, store, tmp_path):
    record(store, "one")
    whence("export", "out", "--store", store)
    whence("import-runs", "out", "--store", "t")
    whence("runs", "one", "--delete", "--store", "t")
    assert "nothing to do" in whence("import-runs", "out", "--store", "t").stdout
    whence("gc", "--deleted", "--yes", "--store", "t")
    assert "1 run, 20 points, 2 artifacts" in whence("import-runs", "out", "--store", "t").stdout
    assert names(tmp_path / "t") == ["one"]
    assert library.open(tmp_path / "t").run("one").metric("loss").num_rows == 20


def broken(*_, **__):
    raise KeyboardInterrupt


def test_what_broke_off_before_a_run_is_out_has_changed_nothing(whence, store, monkeypatch):
    ids = record(store, "one", "two")
    library.open(store).run("one").delete()
    found = deleted(store)
    with monkeypatch.context() as patch:
        patch.setattr("whence.store.artifacts.remove", broken)
        with pytest.raises(KeyboardInterrupt):
            purge(store, found)
    back = library.open(store).run(ids["one"])
    assert back.metric("loss").num_rows == 20
    assert back.artifact("same.txt").read_text() == "the same"
    assert "1 deleted run and" in whence("gc", "--deleted", "--yes", "--store", store).stdout
    assert rows_of(store, ids["one"]) <= REMEMBERED


def points_of(store, run):
    return StoreFolder(store).points().read(["run"])["run"].to_pylist().count(run)


def test_what_broke_off_after_a_run_is_out_is_finished_by_the_next_fold(store, monkeypatch):
    ids = record(store, "one", "two")
    opened = library.open(store)
    opened.run("one").delete()
    found = deleted(store)
    with monkeypatch.context() as patch:
        patch.setattr("whence.store.removal.write", broken)
        with pytest.raises(KeyboardInterrupt):
            purge(store, found)
    assert points_of(store, ids["one"]) == 20
    # It is a run that is not there: nothing of it comes back, without its points say.
    for act in (
        lambda: restore_run(store, ids["one"]),
        lambda: opened.register("d", run=ids["one"]),
    ):
        with pytest.raises(library.errors.NotFound):
            act()
    assert [one.name for one in opened.runs()] == ["two"]
    assert points_of(store, ids["one"]) == 0
    assert opened.run("two").metric("loss").num_rows == 20


def test_a_run_that_is_restored_and_registered_meanwhile_is_whole_or_gone(store, monkeypatch):
    ids = record(store, "one", "two")
    opened = library.open(store)
    opened.run("one").delete()
    found = deleted(store)

    def come_back(*values, **options):
        monkeypatch.undo()
        with contextlib.suppress(library.errors.NotFound):
            restore_run(store, ids["one"])
            opened.register("digits", artifact=f"runs:/{ids['one']}/model")
        return write(*values, **options)

    monkeypatch.setattr("whence.store.removal.write", come_back)
    gone = purge(store, found)
    assert [one.id for one in gone.runs] == [ids["one"]]
    assert opened.registered() == []
    with pytest.raises(library.errors.NotFound):
        opened.run(ids["one"])


# The process that began the run is gone, one forked from it goes on.
FORKED = """
import os, sys, whence
run = whence.start_run(project="digits", name="one", store=sys.argv[1], capture=())
run.log({"loss": 1.0}, step=0)
if os.fork():
    os._exit(0)
sys.stdin.readline()
run.log({"loss": 0.5}, step=1)
run.set_tags({"late": "yes"})
run.log_text("late", "late.txt")
run.use_dataset(whence.dataset("late", digest="d", store=sys.argv[1]))
run.finish()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_what_is_said_of_a_run_that_was_taken_out_is_dropped(whence, store):
    record(store, "two")
    child = subprocess.Popen(
        [sys.executable, "-c", FORKED, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.wait() == 0  # the parent
    run = library.open(store).run("one")
    run.delete()
    assert "1 deleted run and" in whence("gc", "--deleted", "--yes", "--store", store).stdout
    child.stdin.write(b"go on\n")
    child.stdin.close()
    assert child.stdout.read() == b""  # the child has ended
    child.stdout.close()
    assert [(one.name, one.project) for one in library.open(store).runs()] == [("two", "digits")]
    assert rows_of(store, run.id) <= REMEMBERED
    assert points_of(store, run.id) == 0
    metadata = StoreFolder(store).metadata
    assert metadata.one("SELECT COUNT(*) FROM quarantine") == (0,)
    assert metadata.one("SELECT COUNT(*) FROM inputs") == (0,)


def test_a_run_that_came_back_meanwhile_stays(store):
    ids = record(store, "one", "two")
    runs = [library.open(store).run(name) for name in ("one", "two")]
    for run in runs:
        run.delete()
    found, contents = deleted(store), unneeded(store, deleted(store).folders)
    assert [one.name for one in found.runs] == ["one", "two"]
    runs[0].restore()
    done = purge(store, found)
    assert [one.id for one in done.runs] == [ids["two"]]
    assert [one.said for one in done.stays] == [f"{ids['one']} (one): it was restored"]
    assert free(store, contents).bytes == len("weights of two")
    assert library.open(store).run("one").artifact("same.txt").read_text() == "the same"
    assert library.open(store).run("one").metric("loss").num_rows == 20


def test_what_stays_after_all_is_told(store, monkeypatch, capsys):
    ids = record(store, "one", "two", "three")
    opened = library.open(store)
    for name in ids:
        opened.run(name).delete()

    def meanwhile(store, found):
        restore_run(store, ids["one"])
        opened.register("digits", run=opened.run(ids["two"]))
        return purge(store, found)

    monkeypatch.setattr("whence.cli.collect.purge", meanwhile)
    assert main(["gc", "--deleted", "--yes", "--store", str(store)]) == 0
    told = capsys.readouterr().out.split("2 of them that stay after all")[1]
    assert f"  {ids['one']} (one): it was restored" in told
    assert f"  run {ids['two']} (two): version 1 of 'digits' came from it" in told
    assert ids["three"] not in told


def test_deleting_asks_no_more_of_a_larger_registry(store, monkeypatch):
    ids = record(store, "one", "two")
    opened = library.open(store)
    asked = []

    def counted(act):
        def count(*values):
            asked.append(act)
            return act(*values)

        return count

    for name in ("all", "one"):
        monkeypatch.setattr(Metadata, name, counted(getattr(Metadata, name)))

    def delete():
        asked.clear()
        assert opened.run("one").delete_artifact("same.txt", dry_run=True).paths == 1
        held = delete_run(store, ids["one"]).held
        restore_run(store, ids["one"])
        return held, len(asked)

    few = delete()
    for _ in range(10):
        opened.register("digits", run="two")
        opened.register("digits", artifact=f"mlflow-artifacts:/runs/{ids['two']}/model")
    assert delete() == few == ([], few[1])


@pytest.mark.parametrize(
    "place",
    [
        "runs:/{run}/same.txt",
        "RUNS:/{run}",
        "runs:/{escaped}/same.txt",
        "mlflow-artifacts:/runs/{run}/same.txt",
        "mlflow-artifacts:/runs/{escaped}/same%2Etxt",
        "mlflow-artifacts:/runs?a=/artifacts",
        "mlflow-artifacts:/{of}/{run}/artifacts/same.txt",
        "mlflow-artifacts:/{of}",
        "mlflow-artifacts:/{of}#/artifacts",
        "http://elsewhere/api/2.0/mlflow-artifacts/artifacts/{of}",
        "https://elsewhere/api/2.0/mlflow-artifacts/artifacts/{of}/{run}/artifacts",
    ],
)
def test_a_version_is_told_however_its_place_is_written(recorded_once, place):
    store, run, of = recorded_once
    escaped = "".join(f"%{ord(sign):02x}" for sign in run)
    artifact = place.format(run=run, of=of, escaped=escaped)
    opened = library.open(store)
    number = opened.register("digits", artifact=artifact).version
    held = delete_run(store, run).held
    restore_run(store, run)
    opened.registered("digits").delete(number)
    assert held == [f"version {number} of 'digits'"]


@pytest.fixture(scope="module")
def recorded_once(tmp_path_factory):
    store = tmp_path_factory.mktemp("places") / "s"
    ids = record(store, "one")
    (of,) = StoreFolder(store).metadata.one("SELECT id FROM projects WHERE name = 'digits'")
    return store, ids["one"], of


def test_options_of_one_run_need_one(whence, store):
    record(store, "one")
    for option in ("--delete", "--restore"):
        assert "name it" in whence("runs", option, "--store", store, status=2).stderr
    whence("runs", "one", "--delete", "--restore", "--store", store, status=2)


def test_who_ran_it_is_said_by_what_was_captured(whence, store):
    record(store, "one", "two")
    found = {
        one["name"]: one for one in json.loads(whence("runs", "--json", "--store", store).stdout)
    }
    opened = StoreFolder(store)
    for name, one in found.items():
        said = captures.of_run(opened, one["id"]).environment
        assert one["user"] == said.user, name
    with library.start_run(name="says nothing", store=store, capture=()):
        pass
    assert library.open(store).runs(where="name = 'says nothing'")[0].user == ""
