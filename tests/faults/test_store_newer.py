"""A store that a newer Whence wrote: every command refuses it and leaves every byte."""

import hashlib
import shutil
import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import whence
from whence.cli import main

ROLES = {"id": "id", "time": "ts", "prediction": "pred", "label": "y"}


def fingerprint(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        # SQLite's shared memory and log come and go with whoever reads.
        if path.is_file() and path.suffix not in {".db-shm", ".db-wal"}
    }


def newer_marker(store):
    (store / "whence.json").write_text('{"format": 2}')


def newer_database(store):
    database = sqlite3.connect(store / "whence.db")
    database.execute("PRAGMA user_version = 99")
    database.close()


def newer_journal(store):
    (journal,) = (store / "journals").glob("*.wj")
    from whence.journal import frame  # noqa: PLC0415 - writes what this Whence never would

    first = frame.decode(memoryview(journal.read_bytes()), 0)
    payload = bytes(first.payload).replace(b'"format": 1', b'"format": 7')
    assert payload != bytes(first.payload)
    rest = journal.read_bytes()[first.end :]
    journal.write_bytes(frame.encode(payload) + rest + frame.encode(b"something newer"))


@pytest.fixture
def store(tmp_path, failing):
    """Return the copy of a store whose owner is gone, so that no journal of it is in use."""
    model = whence.model("m", store=tmp_path / "first")
    model.log(pa.table(failing), **ROLES)
    model.watch()
    shutil.copytree(tmp_path / "first", tmp_path / "store")
    (tmp_path / "store" / "fold.lock").unlink()
    database = sqlite3.connect(tmp_path / "store" / "whence.db")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # as the last who closes it does
    database.close()
    pq.write_table(pa.table(failing), tmp_path / "p.parquet")
    return tmp_path / "store"


@pytest.mark.parametrize(
    ("make_newer", "said"),
    [(newer_marker, "format 2"), (newer_database, "layout 99"), (newer_journal, "format 7")],
)
def test_every_command_refuses_it_and_leaves_it(store, tmp_path, capsys, make_newer, said):
    make_newer(store)
    (store / "fold.lock").touch()
    before = fingerprint(store)
    readers = [
        ["watch", "m"],
        ["why", "m"],
        ["doctor"],
        ["import", str(tmp_path / "p.parquet"), "--model", "m", "--time", "ts",
         "--prediction", "pred"],
    ]  # fmt: skip
    writers = [
        ["reference", "m", "--from", "2023-09-01", "--to", "2023-09-20"],
        ["event", "x", "--at", "2023-09-22"],
    ]
    for given in readers + (writers if make_newer is newer_marker else []):
        capsys.readouterr()
        assert main([*given, "--store", str(store)]) == 1, given
        told = capsys.readouterr().err
        assert said in told
        assert "upgrade" in told
        assert fingerprint(store) == before
