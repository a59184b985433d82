"""Times that are naive, ahead, ancient or none, and windows that hold one row or nothing."""

import datetime as dt

import pyarrow as pa
import pytest

from whence import BadInput, NaiveTime

NOW = dt.datetime.now(dt.UTC)
NOON = dt.datetime(2023, 9, 1, 12, tzinfo=dt.UTC)
ROLES = {"id": "id", "time": "ts", "prediction": "pred", "label": "y"}


def stored(watched):
    return sum(one.rows for one in watched.windows)


def in_seconds(value, unit="us"):
    return pa.array([value], pa.timestamp(unit, "UTC"))


SET_ASIDE = {
    "in two days": (pa.array([NOW + dt.timedelta(days=2)]), "future"),
    "year 9999": (pa.array([dt.datetime(9999, 12, 31, tzinfo=dt.UTC)]), "future"),
    "year 9999 as text": (pa.array(["9999-12-31T23:59:59Z"]), "no readable time"),
    "year 147,000": (in_seconds(2**62), "future"),
    "beyond microseconds": (in_seconds(2**62, "s"), "no readable time"),
    "year 0": (in_seconds(-62_150_000_000_000_000), "no readable time"),
    "before all years": (in_seconds(-(2**63) + 1), "no readable time"),
    "a day beyond all": (pa.array([2**31 - 1], pa.date32()), "no readable time"),
    "null": (pa.array([None], pa.timestamp("us", "UTC")), "no readable time"),
    "a word": (pa.array(["soon"]), "no readable time"),
    "a naive text": (pa.array(["2023-09-01 10:00:00"]), "without a zone"),
    "a leap second": (pa.array(["2016-12-31T23:59:60Z"]), "no readable time"),
}


@pytest.mark.parametrize(("ts", "reason"), SET_ASIDE.values(), ids=SET_ASIDE)
def test_a_row_that_has_no_place_in_time_is_set_aside_and_the_rest_goes_on(
    model, failing, command, ts, reason
):
    model.log(pa.table(failing), **ROLES)
    model.log(pa.table({"id": ["z"], "ts": ts, "pred": [1], "x": [0.0], "y": [1]}), **ROLES)
    watched = model.watch()
    assert stored(watched) == 800
    told = command("doctor", status=1)
    assert "1 records of model 'm' are in quarantine" in told
    assert reason in told


TAKEN = {
    "tomorrow": pa.array([NOW + dt.timedelta(hours=20)]),
    "1970": pa.array([dt.datetime(1970, 1, 1, tzinfo=dt.UTC)]),
    "year 2": pa.array([dt.datetime(2, 1, 2, tzinfo=dt.UTC)]),
    "a date": pa.array([dt.date(2023, 9, 1)]),
    "another zone": pa.array([0], pa.int64()).cast(pa.timestamp("ns", "+05:30")),
}


@pytest.mark.parametrize("by", ["hour", "day", "year"])
def test_far_and_near_times_are_windows_of_their_own(model, failing, command, by):
    model.log(pa.table(failing), **ROLES)
    for name, ts in TAKEN.items():
        row = {"id": [name], "ts": ts, "pred": [1], "x": [0.0], "y": [1]}
        model.log(pa.table(row), **ROLES)
    model.reference("2023-09-01", "2023-09-29")
    watched = model.watch(by=by)
    assert stored(watched) == 800 + len(TAKEN)
    assert model.why().verdict.sentence
    assert "sound" in command("doctor")


def test_naive_times_are_refused_at_the_call_and_read_with_a_zone(model):
    naive = NOON.replace(tzinfo=None)
    frame = pa.table({"ts": pa.array([naive]), "pred": [1]})
    for given in (frame, {"ts": naive, "pred": 1}):
        with pytest.raises(NaiveTime, match=r"'ts'.*zone"):
            model.log(given, time="ts", prediction="pred")
        model.log(given, time="ts", prediction="pred", tz="Europe/Berlin")
    (window,) = model.watch(by="hour").windows
    assert (window.window.start.hour, window.rows) == (10, 2)


def test_hours_that_do_not_exist_or_exist_twice_are_read_once(model):
    doubtful = [dt.datetime(2023, 3, 26, 2, 30), dt.datetime(2023, 10, 29, 2, 30)]  # noqa: DTZ001 - the point
    frame = pa.table({"ts": pa.array(doubtful), "pred": [1, 1]})
    model.log(frame, time="ts", prediction="pred", tz="Europe/Berlin")
    assert [one.rows for one in model.watch().windows] == [1, 1]


def test_columns_that_are_no_time_at_all_are_set_aside_with_the_fix(model, command):
    for ts in ([True], [[1]], [1_693_526_400], [dt.time(1)]):
        model.log(pa.table({"ts": ts, "pred": [1]}), time="ts", prediction="pred")
    with pytest.raises(BadInput, match="4 records of it in quarantine"):
        model.watch()
    told = command("doctor", status=1)
    assert told.count("is not a time; convert it to timestamps with a zone") == 4


def test_windows_of_one_row_and_of_none(model, failing, ask):
    table = pa.table(failing)
    one_a_day = table.take([day * 20 for day in range(28)])
    model.log(one_a_day, **ROLES)
    model.log(table.take([30 * 20]), **ROLES)  # a day without any, and one with a single row
    model.log(table.slice(33 * 20), **ROLES)
    watched, verdict = ask()
    assert [one.rows for one in watched.windows] == [1] * 29 + [20] * 7
    assert verdict.verdict.sentence


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2020-01-01", "2020-02-01", "in its reference"),
        ("2025-01-01", "2025-02-01", "after its reference"),
        ("2023-09-01T00:00:00Z", "2023-09-01T00:00:00.000001Z", None),
        ("2023-09-01", "2123-09-01", "after its reference"),
    ],
)
def test_a_reference_beside_the_data_is_named_with_the_fix(model, failing, start, end, said):
    model.log(pa.table(failing), **ROLES)
    model.reference(start, end)
    watched = model.watch()
    assert stored(watched) == 800
    assert watched.incidents == []
    if said is None:
        assert model.why().verdict.sentence
        return
    with pytest.raises(BadInput, match=rf"{said}.*declare another: whence reference m --from"):
        model.why()
