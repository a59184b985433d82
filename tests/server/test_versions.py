"""When a version of the model was first seen: the same however often rows are read for it."""

import datetime as dt
from urllib.parse import quote

import pytest

import whence

START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)
MODEL, A_DAY = "m", 24


def at(day, hour=0):
    return START + dt.timedelta(days=day, hours=hour)


def log(store, days, version, part="", hours=range(A_DAY)):
    rows = [
        {
            "id": f"{day}-{hour}{part}", "ts": at(day, hour),
            "x": float(hour), "p": hour % 2, "y": hour % 2, "v": version,
        }
        for day in days
        for hour in hours
    ]  # fmt: skip
    model = whence.model(MODEL, store=store)
    model.log(rows, id="id", time="ts", prediction="p", label="y", version="v")


@pytest.fixture
def store(tmp_path):
    """Return a store of 24 days; version 2 answers from the 20th day on."""
    found = tmp_path / "store"
    log(found, range(20), "1")
    log(found, range(20, 24), "2")
    model = whence.model(MODEL, store=found)
    model.reference(at(0), at(14))
    model.watch()
    return found


@pytest.fixture
def versions(store, asking):
    """Ask a server for the versions among the events of the model."""
    with asking(store, "--every", "0") as client:

        def ask():
            page = client.get(f"/api/v1/models/{quote(MODEL)}").json()
            return {
                one["name"]: dt.datetime.fromisoformat(one["at"])
                for one in page["events"]
                if one["kind"] == "version"
            }

        yield ask


def test_rows_that_come_later_are_seen(store, versions):
    assert versions() == versions() == {"2": at(20)}
    # Late rows of an earlier time, and a version that nobody has seen before.
    log(store, [18], "2", part="late", hours=[7, 9])
    log(store, [25], "3")
    whence.model(MODEL, store=store).watch()
    assert versions() == versions() == {"2": at(18, 7), "3": at(25)}


def test_rows_that_were_forgotten_are_seen_no_more(store, versions, run_whence):
    log(store, [18], "2", part="late", hours=[7, 9])
    whence.model(MODEL, store=store).watch()
    assert versions() == {"2": at(18, 7)}
    run_whence("forget", MODEL, "--id", "18-7late", "--yes", "--store", store, cwd=store)
    assert versions() == {"2": at(18, 9)}


def test_merged_files_say_the_same(store, versions, run_whence):
    assert versions() == {"2": at(20)}
    log(store, range(20, 24), "3", part="b", hours=[3])
    run_whence("compact", "--store", store, cwd=store)
    whence.model(MODEL, store=store).watch()
    assert versions() == {"2": at(20), "3": at(20, 3)}
