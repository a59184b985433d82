"""Forgetting: gone from everywhere, counts corrected, room told, nothing comes back."""

import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from whence import BadInput, NotFound, model
from whence.api.jobs import models
from whence.store.folder import StoreFolder
from whence.work.doctor import examine

DAYS, A_DAY = 20, 12
PERSON = "person-73b1"
"""The id to be forgotten; its bytes must be nowhere afterwards."""


def row(day, i, **changed):
    one = {
        "id": PERSON if (day, i) == (6, 5) else f"r{day}-{i}",
        "ts": f"2023-09-{1 + day:02d}T08:00:00Z",
        "x": float(i),
        "colour": "red" if i % 3 else "blue",
        "p": i % 2,
    }
    return {**one, **changed}


def rows(days=range(DAYS), without=()):
    made = [row(day, i) for day in days for i in range(A_DAY)]
    return [one for one in made if one["id"] not in without]


def fill(store, made, value=None):
    logged = model("m", store=store)
    for start in range(0, len(made), A_DAY):
        logged.log(made[start : start + A_DAY], id="id", time="ts", prediction="p")
    labels = [{"id": one["id"], "y": one["p"] if value is None else value} for one in made]
    logged.label(labels, id="id", label="y")


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A store that was watched; every second label was superseded, the person's too."""
    store = tmp_path_factory.mktemp("filled") / "store"
    fill(store, rows(), value=0)
    models(store)
    labels = [{"id": one["id"], "y": one["p"]} for one in rows()]
    logged = model("m", store=store)
    logged.label(labels, id="id", label="y")
    logged.reference("2023-09-01", "2023-09-15")
    logged.watch()
    return store


@pytest.fixture
def store(filled, tmp_path):
    """A copy of it: its journal is that of a process that is no more."""
    return shutil.copytree(filled, tmp_path / ".whence")


def everything(store):
    """Yield (file, bytes) of every file of a store, and of every Parquet file its content."""
    for path in sorted(store.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()
            if path.suffix == ".parquet":
                yield path, repr(pq.read_table(path).to_pylist()).encode()


def holding(store, text):
    return [path for path, content in everything(store) if text.encode() in content]


def stored(store, table="predictions"):
    folder = StoreFolder(store)
    held = folder.predictions("m") if table == "predictions" else folder.labels("m")
    return sorted(held.read(["_id"])["_id"].to_pylist())


def size(store):
    found = [path.stat().st_size for path in store.rglob("*") if path.is_file()]
    return len(found), sum(found)


def facts(report):
    return [(one.window, one.rows, one.labelled, one.metrics) for one in report.windows]


def test_an_id_is_gone_from_every_byte(store):
    logged = model("m", store=store)
    logged.label([{"id": f"{PERSON}-waits", "y": 1}], id="id", label="y")
    logged.log(row(3, 1, x=99.0, id=f"{PERSON}-again"), id="id", time="ts", prediction="p")
    logged.log(row(3, 1, x=98.0, id=f"{PERSON}-again"), id="id", time="ts", prediction="p")
    logged.log(row(3, 1, ts="no time", id=f"{PERSON}-lost"), id="id", time="ts", prediction="p")
    models(store)
    assert len(set(holding(store, PERSON))) > 4
    names = [PERSON, *(f"{PERSON}-{end}" for end in ("waits", "again", "lost"))]
    done = logged.forget(ids=names)
    assert (done.predictions, done.labels, done.pending, done.quarantined) == (2, 2, 1, 2)
    assert done.unknown == [f"{PERSON}-lost"]
    assert holding(store, PERSON) == []
    assert stored(store) == sorted(one["id"] for one in rows(without=[PERSON]))
    assert len(stored(store, "labels")) == DAYS * A_DAY * 3 // 2 - 2


def test_the_counts_are_those_of_a_store_that_never_had_the_rows(store, tmp_path):
    ids = [PERSON, "r6-4", "r19-0", "r19-7"]
    done = model("m", store=store).forget(ids=ids)
    assert (done.predictions, done.windows, done.restart) == (4, 2, None)
    other = tmp_path / "other"
    fresh = watched(other, rows(without=ids))
    told = model("m", store=store).watch()
    assert facts(told) == facts(fresh)
    assert [one.rows for one in told.windows if one.rows != A_DAY] == [A_DAY - 2] * 2
    with sqlite3.connect(store / "whence.db") as mine, sqlite3.connect(other / "whence.db") as its:
        query = "SELECT start, counts FROM windows ORDER BY start"
        assert mine.execute(query).fetchall() == its.execute(query).fetchall()
    # Nothing is new: a second tick changes nothing.
    assert model("m", store=store).watch() == told


def test_the_room_is_told_exactly(store, whence):
    whence("doctor")
    before = size(store)
    told = whence("forget", "m", "--id", PERSON).stdout.splitlines()
    after = size(store)
    assert told[0] == "m: 1 prediction, 2 labels forgotten"
    assert told[1] == "1 window of its watch counted anew"
    freed = before[1] - after[1]
    assert freed > 0
    assert told[2] == (
        f"{freed:,} bytes freed: the store had {before[1]:,} bytes in {before[0]:,} files "
        f"and has {after[1]:,} in {after[0]:,}"
    )


def test_a_dry_run_changes_nothing(store, whence):
    whence("doctor")
    before = {path: content for path, content in everything(store) if "db" not in path.suffix}
    told = whence("forget", "m", "--id", PERSON, "--id", "nobody", "--dry-run").stdout.splitlines()
    assert told == [
        "m: no row and no label has the id 'nobody'",
        "m: 1 prediction, 2 labels would be forgotten",
        "1 window of its watch would be counted anew",
    ]
    after = {path: content for path, content in everything(store) if "db" not in path.suffix}
    assert after == before


def test_an_id_nobody_has_is_said_and_no_failure(store, whence):
    told = whence("forget", "m", "--id", "nobody").stdout.splitlines()
    assert told[:2] == [
        "m: no row and no label has the id 'nobody'",
        "m: the store has nothing of it to forget",
    ]
    assert stored(store) == sorted(one["id"] for one in rows())


def test_an_unknown_model_is_an_error_that_names_those_there(store, whence):
    told = whence("forget", "n", "--id", "a", status=2).stderr
    assert "no predictions of model 'n' (it has 'm')" in told
    with pytest.raises(NotFound, match="no store at"):
        model("m", store=store / "elsewhere").forget(ids=["a"])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({}, "give one of: ids"),
        ({"ids": ["a"], "everything": True}, "give one of: ids"),
        ({"ids": []}, "at least one"),
        ({"ids": ["a", None]}, "no empty one"),
        ({"before": "2023-09-05T12:00:00Z"}, "not the beginning of a day"),
        ({"before": "last week"}, "is not a time"),
        ({"ids": ["a"], "keep_counts": True}, "only with a day"),
    ],
)
def test_a_request_that_says_too_little_or_too_much_is_refused(store, arguments, complaint):
    with pytest.raises(BadInput, match=complaint):
        model("m", store=store).forget(**arguments)
    assert len(stored(store)) == DAYS * A_DAY


def test_ids_are_compared_as_the_store_keeps_them(tmp_path):
    store = tmp_path / "s"
    logged = model("m", store=store)
    hostile = ["7", "o'brien", 'say "no"', "back\\slash", "%_", "Zoë ☃", "a\nb", "'; DROP --"]
    made = [{"id": one, "ts": "2023-09-01T00:00:00Z", "p": 1} for one in [*hostile, "70", "x"]]
    logged.log(made, id="id", time="ts", prediction="p")
    assert logged.forget(ids=[7, *hostile[1:]]).predictions == len(hostile)
    assert stored(store) == ["70", "x"]


def test_all_days_before_one_go_and_the_watch_begins_anew(store, whence):
    told = whence("forget", "m", "--before", "2023-09-08", "--dry-run").stdout.splitlines()
    assert told[0] == f"m: {7 * A_DAY} predictions, {7 * A_DAY * 3 // 2} labels would be forgotten"
    assert told[2].startswith("the next watch would begin anew: of 2023-09-01, its reference")
    told = whence("forget", "m", "--before", "2023-09-08").stdout.splitlines()
    assert told[0] == f"m: {7 * A_DAY} predictions, {7 * A_DAY * 3 // 2} labels forgotten"
    assert told[2].startswith("the next watch begins anew: of 2023-09-01, its reference")
    assert not holding(store, "r6-")
    report = model("m", store=store).watch()
    assert [one.window.start.day for one in report.windows] == list(range(8, DAYS + 1))
    assert all(one.rows == A_DAY for one in report.windows)


def test_counts_cannot_stay_while_the_watch_has_not_settled(tmp_path):
    store = tmp_path / "s"
    fill(store, rows())
    logged = model("m", store=store)
    logged.watch()
    done = logged.forget(before="2023-09-08", keep_counts=True)
    assert "not settled" in done.restart
    assert [one.window.start.day for one in logged.watch().windows] == list(range(8, DAYS + 1))


def test_counts_can_stay_when_days_go(store, whence):
    before = model("m", store=store).watch()
    told = whence("forget", "m", "--before", "2023-09-08", "--keep-counts").stdout
    assert "window" not in told
    assert not holding(store, "r6-")
    fill(store, [row(DAYS, i) for i in range(A_DAY)])
    after = model("m", store=store).watch()
    assert after.windows[:DAYS] == before.windows
    assert after.reference == before.reference
    assert after.windows[DAYS].rows == A_DAY


def test_keeping_counts_of_all_days_keeps_the_model(store):
    before = model("m", store=store).watch()
    done = model("m", store=store).forget(before="2030-01-01", keep_counts=True)
    assert done.predictions == DAYS * A_DAY
    assert model("m", store=store).watch().windows == before.windows


def test_old_labels_and_records_that_wait_go_with_their_days(tmp_path):
    store = tmp_path / "s"
    logged = model("m", store=store)
    logged.log(rows([0, 10]), id="id", time="ts", prediction="p")
    early, late = "2023-09-02T00:00:00Z", "2023-09-15T00:00:00Z"
    waiting = [{"id": "w1", "y": 1, "at": early}, {"id": "w2", "y": 1, "at": late}]
    logged.label(waiting, id="id", label="y", time="at")
    contrary = [row(0, 1, x=77.0), row(10, 1, x=77.0)]
    logged.log(contrary, id="id", time="ts", prediction="p")
    models(store)
    done = logged.forget(before="2023-09-05")
    assert (done.predictions, done.pending, done.quarantined) == (A_DAY, 1, 1)
    complaints = [one.what for one in examine(StoreFolder(store))]
    assert any("1 labels of model 'm' name an unknown prediction, such as 'w2'" in one
               for one in complaints)  # fmt: skip
    assert any("1 records of model 'm' are in quarantine" in one for one in complaints)


def test_a_model_goes_whole_and_its_files_can_come_again(tmp_path, whence):
    columns = {name: [one[name] for one in rows()] for name in row(0, 0)}
    pq.write_table(pa.table(columns), tmp_path / "preds.parquet")
    bring = ("import", "preds.parquet", "--model", "m", "--time", "ts", "--id", "id",
             "--prediction", "p")  # fmt: skip
    whence(*bring)
    fill(tmp_path / ".whence", [{**one, "id": f"k{one['id']}"} for one in rows([2])])
    others = {"id": "z", "ts": "2023-09-01T00:00:00Z", "p": 1}
    model("other", store=tmp_path / ".whence").log(others, id="id", time="ts", prediction="p")
    whence("event", "launch", "--at", "2023-09-03", "--model", "m")
    whence("watch", "m")
    told = whence("forget", "m", "--all").stdout
    assert told.startswith(f"m: {DAYS * A_DAY + A_DAY} predictions, {A_DAY} labels forgotten\n")
    assert models(tmp_path / ".whence") == ["other"]
    assert holding(tmp_path / ".whence", PERSON) == []
    assert StoreFolder(tmp_path / ".whence").columns("m").entries == []
    assert not (tmp_path / ".whence/tables/m").exists()
    assert "240 rows of predictions" in whence(*bring).stdout
    assert len(stored(tmp_path / ".whence")) == DAYS * A_DAY


def test_the_last_id_of_a_model_takes_the_model_along(tmp_path):
    store = tmp_path / "s"
    logged = model("m", store=store)
    logged.log(row(1, 1, id="only"), id="id", time="ts", prediction="p")
    logged.watch()
    logged.forget(ids=["only"])
    assert models(store) == []
    with pytest.raises(NotFound):
        logged.watch()
    logged.log(row(1, 1, id="next"), id="id", time="ts", prediction="p")
    assert logged.watch().windows[0].rows == 1


def test_labels_that_only_wait_can_be_forgotten(tmp_path):
    store = tmp_path / "s"
    model("m", store=store).label([{"id": PERSON, "y": 1}], id="id", label="y")
    assert model("m", store=store).forget(ids=[PERSON]).pending == 1
    assert holding(store, PERSON) == []


def test_a_journal_goes_on_that_was_erased_under_its_process(tmp_path):
    store = tmp_path / "s"
    fill(store, rows())
    (journal,) = (store / "journals").iterdir()
    length = journal.stat().st_size
    model("m", store=store).forget(ids=[PERSON])
    assert journal.stat().st_size == length
    fill(store, [row(DAYS, i) for i in range(A_DAY)])
    assert (store / "journals").exists()
    assert list((store / "journals").iterdir()) == [journal], "a new file would hide the case"
    models(store)
    assert len(stored(store)) == DAYS * A_DAY - 1 + A_DAY
    wrong = [one.what for one in examine(StoreFolder(store)) if one.grade == "wrong"]
    assert wrong == []


LOG = """
import sys, whence
whence.model("m", store=sys.argv[1]).log(
    [{"id": name, "ts": "2023-09-01T00:00:00Z", "p": 1} for name in sys.argv[2:]],
    id="id", time="ts", prediction="p",
)
"""


def journal_of_another_process(store, *ids):
    subprocess.run([sys.executable, "-c", LOG, str(store), *ids], check=True)
    (journal,) = (store / "journals").iterdir()
    return journal


def test_the_journal_of_a_dead_process_goes(tmp_path):
    store = tmp_path / "s"
    journal = journal_of_another_process(store, PERSON, "b")
    assert model("m", store=store).forget(ids=[PERSON]).predictions == 1
    assert not journal.exists()
    assert stored(store) == ["b"]


@pytest.mark.parametrize("same_name", [False, True])
def test_an_old_journal_that_turns_up_later_brings_nothing_back(tmp_path, same_name):
    store, kept = tmp_path / "s", tmp_path / "kept.wj"
    journal = journal_of_another_process(store, PERSON, "b", "c")
    shutil.copy(journal, kept)
    model("m", store=store).forget(ids=[PERSON])
    name = journal.name if same_name else f"0{journal.name[1:]}"
    if same_name:
        # The store lets go of the name of a journal that is gone after an hour.
        with sqlite3.connect(store / "whence.db") as database:
            database.execute("DELETE FROM journals")
        database.close()
    shutil.copy(kept, store / "journals" / name)
    models(store)
    assert stored(store) == ["b", "c"]
    # What is recorded from now on is new, whoever had the id before.
    model("m", store=store).log(row(1, 1, id=PERSON), id="id", time="ts", prediction="p")
    models(store)
    assert stored(store) == ["b", "c", PERSON]


def test_days_that_were_forgotten_do_not_come_back_either(tmp_path):
    store, kept = tmp_path / "s", tmp_path / "kept.wj"
    journal = journal_of_another_process(store, "a", "b")
    shutil.copy(journal, kept)
    fill(store, [row(5, 1)])
    model("m", store=store).forget(before="2023-09-03")
    shutil.copy(kept, store / "journals" / f"0{journal.name[1:]}")
    models(store)
    assert stored(store) == ["r5-1"]
    fill(store, [row(1, 1)])
    models(store)
    assert stored(store) == ["r1-1", "r5-1"]


KILLED = """
import os, signal, sys
from whence import model
from whence.work import erasing, forget, tombstones
from whence.store import removal

def die_after(home, name):
    real = getattr(home, name)
    def die(*arguments):
        real(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(home, name, die)

home, name = sys.argv[2].split(".")
die_after({"forget": forget, "erasing": erasing, "Erasing": erasing.Erasing}[home], name)
model("m", store=sys.argv[1]).forget(ids=[sys.argv[3], "r6-4", "r9-1"])
"""


def watched(folder, made):
    fill(folder, made)
    model("m", store=folder).reference("2023-09-01", "2023-09-15")
    return model("m", store=folder).watch()


@pytest.fixture(scope="module")
def had(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("had"), rows())


@pytest.fixture(scope="module")
def never_had(tmp_path_factory):
    return watched(tmp_path_factory.mktemp("never"), rows(without=[PERSON, "r6-4", "r9-1"]))


@pytest.mark.parametrize(
    "step",
    [
        "forget.remember",
        "erasing.remove_ids",
        "Erasing.tables",
        "Erasing.database",
        "erasing.erase_past",
        "Erasing.files",
        "forget.scrub",
    ],
)
def test_what_a_killed_command_began_the_next_fold_finishes(store, had, never_had, step):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(store), step, PERSON], env=os.environ, check=False
    )
    assert done.returncode == -signal.SIGKILL
    ids = [PERSON, "r6-4", "r9-1"]
    expected = rows(without=ids)
    if step == "forget.remember":
        # Killed inside the transaction that writes the plan: nothing was begun.
        expected = rows()
    report = model("m", store=store).watch()
    assert stored(store) == sorted(one["id"] for one in expected)
    assert facts(report) == facts(never_had if step != "forget.remember" else had)
    if step != "forget.remember":
        assert holding(store, PERSON) == []
    again = model("m", store=store).forget(ids=ids)
    assert again.unknown == (sorted(ids) if step != "forget.remember" else [])
    assert holding(store, PERSON) == []


def test_what_the_watch_stands_on_is_not_taken_silently(tmp_path, shop):
    store = tmp_path / "s"
    made = shop(days=60, rows_a_day=200, seed=3)
    made.flip_labels(made.day >= 45, 0.5)
    table = made.table()
    logged = model("m", store=store)
    logged.log(table, id="id", time="ts", prediction="pred", label="label")
    report = logged.watch(now=datetime(2023, 12, 1, tzinfo=UTC))
    (incident,) = report.incidents
    assert incident.ended is None
    # Some rows of the window that showed the incident: it stays, as does what was judged.
    day = incident.detected - timedelta(days=1)
    there = [
        one["id"] for one in table.to_pylist() if one["ts"].date() == day.date()
    ]  # fmt: skip
    assert logged.forget(ids=there[:20]).restart is None
    after = logged.watch(now=datetime(2023, 12, 1, tzinfo=UTC))
    assert [one.id for one in after.incidents] == [incident.id]
    # All of them: the watch says that it begins anew, and does.
    done = logged.forget(ids=there[20:])
    assert "the window that showed its open incident" in done.restart
    fresh = logged.watch(now=datetime(2023, 12, 1, tzinfo=UTC))
    assert len(fresh.windows) == 59
    assert fresh.incidents[0].ended is None


def test_a_watch_that_names_the_id_begins_anew(tmp_path):
    store = tmp_path / "s"
    logged = model("m", store=store)
    made = [{**one, "owner": PERSON if i % 2 else "company"} for i, one in enumerate(rows())]
    logged.log(made, id="id", time="ts", prediction="p")
    logged.watch()
    done = logged.forget(ids=[PERSON])
    assert done.restart == "an id was a value of the column 'owner' too"


def ask(store, answer):
    """Run the command on a terminal and answer its question."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "whence.cli", "forget", "m", "--id", PERSON, "--store", str(store)],
        stdin=its, stdout=its, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(its)
    told = b""
    while not told.endswith(b"[y/N] "):
        told += os.read(ours, 1)
    os.write(ours, answer.encode() + b"\n")
    while True:
        try:
            told += os.read(ours, 1024)
        except OSError:  # the terminal is closed when the process ends
            break
    process.stderr.close()
    os.close(ours)
    return process.wait(), told.decode()


def test_a_terminal_is_asked_first(store):
    status, told = ask(store, "")
    assert status == 1
    assert "nothing was forgotten" in told
    assert PERSON in stored(store)
    status, told = ask(store, "y")
    assert status == 0
    assert "m: 1 prediction, 2 labels forgotten" in told
    assert PERSON not in stored(store)


def test_nothing_of_the_database_is_left_in_free_pages(store):
    path = Path(store / "whence.db")
    logged = model("m", store=store)
    waiting = [{"id": f"{PERSON}-{i}", "y": 1} for i in range(500)]
    logged.label(waiting, id="id", label="y")
    models(store)
    logged.log(
        [row(3, 1, id=one["id"], x=1.0) for one in waiting], id="id", time="ts", prediction="p"
    )
    models(store)
    assert PERSON.encode() in path.read_bytes() + Path(f"{path}-wal").read_bytes()
    logged.forget(ids=[PERSON, *(one["id"] for one in waiting)])
    assert holding(store, PERSON) == []
    assert Path(f"{path}-wal").stat().st_size == 0


def test_a_fold_with_nothing_to_forget_loads_no_statistics(store):
    script = "import sys, whence; whence.open(sys.argv[1]).models(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, str(store)], capture_output=True, text=True, check=True
    )
    assert "scipy" not in done.stdout.split()
