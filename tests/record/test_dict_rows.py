import enum
import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from whence import record
from whence.errors import BadInput, MissingColumn, NaiveTime
from whence.journal import frames_from, journals, read, segment
from whence.record import encoding, rows, writers
from whence.types.records import Roles, Rows, Shape

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def records(store):
    return [record.decode(frame.payload) for _, frame in frames_from(store / "journals")]


def rows_of(store):
    """The rows of a store as dicts, joined to the shapes of their own file."""
    found = []
    for path in journals(store / "journals"):
        shapes = {}
        for frame in read(path):
            said = record.decode(frame.payload)
            if isinstance(said, Shape):
                shapes[said.number] = said
            else:
                columns = shapes[said.shape].columns
                found += [dict(zip(columns, row, strict=True)) for row in said.rows]
    return found


def recorded(tmp_path, value):
    store = tmp_path / uuid.uuid4().hex
    record.predictions(store, "m", {"value": value})
    return rows_of(store)[0]["value"]


def test_a_shape_is_said_once_and_rows_follow(tmp_path):
    row = {"id": "a", "at": WHEN, "x": 1.5, "yes": True}
    for _ in range(3):
        assert record.predictions(tmp_path, "m", row, id="id", time="at", prediction="yes") == 1

    shape, *told = records(tmp_path)
    assert shape == Shape(
        0, "m", ("id", "at", "x", "yes"), Roles(id="id", time="at", prediction="yes")
    )
    assert [said.rows for said in told] == [[["a", WHEN, 1.5, True]]] * 3
    assert [said.shape for said in told] == [0, 0, 0]
    assert [said.logged for said in told] == sorted(said.logged for said in told)


def test_what_is_said_of_all_rows_is_in_the_shape(tmp_path):
    record.predictions(tmp_path, "m", {"x": 1}, version="v7", tz="Europe/Berlin")
    record.predictions(tmp_path, "m", {"x": 1, "v": "v8"}, version="v")

    first, _, second, _ = records(tmp_path)
    assert (first.version, first.zone, first.roles.version) == ("v7", "Europe/Berlin", None)
    assert (second.version, second.zone, second.roles.version) == (None, None, "v")


def test_rows_with_other_keys_keep_their_place(tmp_path):
    given_rows = [{"a": 1}, {"a": 2}, {"a": 3, "b": 4}, {"b": 5, "a": 6}, {"a": 7}]
    assert record.predictions(tmp_path, "m", given_rows) == 5

    assert rows_of(tmp_path) == given_rows
    assert [len(said.rows) for said in records(tmp_path) if isinstance(said, Rows)] == [2, 1, 1, 1]
    assert [said.number for said in records(tmp_path) if isinstance(said, Shape)] == [0, 1, 2]


def test_a_new_file_begins_with_its_shapes(tmp_path, monkeypatch):
    monkeypatch.setattr(segment, "SEGMENT_BYTES", 2000)
    given_rows = [{"n": number, "text": "x" * 100} for number in range(100)]
    for row in given_rows:
        record.predictions(tmp_path, "m", row)

    assert len(journals(tmp_path / "journals")) > 5
    assert rows_of(tmp_path) == given_rows


def test_many_rows_are_cut_into_records_that_fit(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "MOST_BYTES", 5000)
    given_rows = [{"n": number, "text": "x" * (number % 300)} for number in range(500)]
    record.predictions(tmp_path, "m", given_rows)

    sizes = [len(frame.payload) for _, frame in frames_from(tmp_path / "journals")]
    assert len(sizes) > 10
    assert max(sizes) < 5100
    assert rows_of(tmp_path) == given_rows


def test_a_row_larger_than_a_record_is_refused_also_when_its_shape_is_known(tmp_path):
    record.predictions(tmp_path, "m", {"text": "small"})
    with pytest.raises(BadInput, match=r"a row has 8,388,6.. bytes, a record holds 8,388,608"):
        record.predictions(tmp_path, "m", {"text": "x" * encoding.MOST_BYTES})

    assert rows_of(tmp_path) == [{"text": "small"}]


def test_shapes_are_forgotten_before_they_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "_MOST_SHAPES", 10)
    given_rows = [{f"key {number % 40}": number} for number in range(200)]
    for row in given_rows:
        record.predictions(tmp_path, "m", row)

    assert rows_of(tmp_path) == given_rows
    assert len(writers.writer(tmp_path).segment().memo) <= 12


def test_threads_with_shapes_of_their_own_do_not_mix(tmp_path):
    start = threading.Barrier(6)

    def work(thread):
        start.wait()
        for i in range(300):
            record.predictions(tmp_path, "m", {f"column {(thread + i) % 7}": (thread, i)})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    told = [(key, *value) for row in rows_of(tmp_path) for key, value in row.items()]
    assert sorted(told) == sorted(
        (f"column {(thread + i) % 7}", thread, i) for thread in range(6) for i in range(300)
    )


def test_a_relative_store_is_the_folder_it_means_at_the_call(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        record.predictions(Path("store"), "m", {"where": name})
        record.flush(Path("store"))

    assert rows_of(tmp_path / "one" / "store") == [{"where": "one"}]
    assert rows_of(tmp_path / "two" / "store") == [{"where": "two"}]


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (2**64, "18446744073709551616"),
        (-(2**63) - 1, "-9223372036854775809"),
        ([2**70, {"a": 2**70}], [str(2**70), {"a": str(2**70)}]),
        (float("inf"), float("inf")),
        ("caf\u00e9 \U0001f600 \x00", "caf\u00e9 \U0001f600 \x00"),
        ("bad \udc80 end", "bad \\udc80 end"),
        (["\ud800"], ["\\ud800"]),
        (datetime(2026, 1, 1, 12, 30, 0, 5, timezone(timedelta(hours=2))),) * 2,
        (datetime(2026, 1, 1, 12, 30), "2026-01-01T12:30:00"),  # noqa: DTZ001 - naive on purpose
        (
            datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
            "0001-01-01T00:00:00+05:00",
        ),
        (date(2026, 1, 1), "2026-01-01"),
        (time(12, 30), "12:30:00"),
        (timedelta(minutes=1.5), 90.0),
        (Decimal("1.20"), "1.20"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (Color.RED, "red"),
        ((1, (2, None)), [1, [2, None]]),
        ({"a": {1: 0.5, True and "b": None}}, {"a": {"1": 0.5, "b": None}}),
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.longdouble(1.5), 1.5),
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.array([[1.0, 2.0]]), [[1.0, 2.0]]),
        (np.array(5), 5),
        (np.datetime64("2026-01-01T00:00:00.000000001"), "2026-01-01T00:00:00"),
        (np.array(["2026-01-01"], "M8[ns]"), ["2026-01-01T00:00:00"]),
        (np.datetime64("NaT"), None),
        (np.timedelta64(1500, "ms"), 1.5),
        (pd.Timestamp("2026-01-01T00:00:00.000000001Z"), datetime(2026, 1, 1, tzinfo=UTC)),
        (pd.Timedelta(seconds=2), 2.0),
        (pd.NaT, None),
        (pd.NA, None),
    ],
)
def test_values_are_recorded_as_documented(tmp_path, value, expected):
    found = recorded(tmp_path, value)

    assert found == expected
    assert type(found) is type(expected) or isinstance(found, datetime)


def test_nan_stays_nan_and_none_stays_none(tmp_path):
    record.predictions(tmp_path, "m", [{"x": float("nan")}, {"x": None}, {"x": np.float32("nan")}])

    first, second, third = (row["x"] for row in rows_of(tmp_path))
    assert first != first  # noqa: PLR0124 - only NaN differs from itself
    assert second is None
    assert third != third  # noqa: PLR0124 - only NaN differs from itself


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (b"x", "builtins.bytes.*log a path or URL in place of bytes"),
        (object(), "builtins.object"),
        ({1, 2}, "builtins.set"),
        (1j, "builtins.complex"),
        (np.complex128(1), "builtins.complex|numpy.complex128"),
        ([{"deep": b"x"}], "builtins.bytes"),
    ],
)
def test_what_cannot_be_recorded_is_named(tmp_path, value, named):
    with pytest.raises(BadInput, match=rf"column 'bad' holds a value of type ({named})"):
        record.predictions(tmp_path, "m", [{"bad": 1}, {"bad": value}])

    assert rows_of(tmp_path) == []


def test_a_value_that_contains_itself_is_refused(tmp_path):
    circle = []
    circle.append(circle)
    with pytest.raises(BadInput, match="'x' is nested deeper than 32 levels, or contains itself"):
        record.predictions(tmp_path, "m", {"x": circle})


def test_keys_that_are_the_same_as_text_are_refused(tmp_path):
    with pytest.raises(BadInput, match="keys that are the same as text"):
        record.predictions(tmp_path, "m", {"x": {1: "a", "1": "b"}})


@pytest.mark.parametrize(
    "naive",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001 - naive on purpose
        pd.Timestamp("2026-01-01"),
        np.datetime64("2026-01-01"),
    ],
)
def test_a_time_without_zone_is_refused_unless_tz_says_which(tmp_path, naive):
    record.predictions(tmp_path, "m", {"t": WHEN}, time="t")
    for frame in ({"t": naive}, [{"t": WHEN}, {"t": naive}]):
        with pytest.raises(NaiveTime, match=r"column 't' has the time 2026-01-01.*no zone"):
            record.predictions(tmp_path, "m", frame, time="t")

    assert rows_of(tmp_path) == [{"t": WHEN}]
    record.predictions(tmp_path, "m", {"t": naive}, time="t", tz="Europe/Berlin")
    assert rows_of(tmp_path)[1] == {"t": "2026-01-01T00:00:00"}


@pytest.mark.parametrize("free", [None, pd.NaT, "2026-01-01", date(2026, 1, 1)])
def test_times_that_are_missing_or_text_are_for_the_fold(tmp_path, free):
    assert record.predictions(tmp_path, "m", {"t": free}, time="t") == 1


def test_a_role_must_be_a_column_of_every_row(tmp_path):
    with pytest.raises(MissingColumn, match=r"no column 'label'; its columns are 'a', 'b'"):
        record.predictions(tmp_path, "m", [{"a": 1, "label": 0}, {"a": 1, "b": 2}], label="label")

    assert records(tmp_path) == []


@pytest.mark.parametrize(
    ("model", "frame", "keywords", "message"),
    [
        ("", {"x": 1}, {}, "model is ''; give a text of 1 to 200 characters"),
        (" ", {"x": 1}, {}, "model is ' '"),
        ("m" * 201, {"x": 1}, {}, "model is 'mmm"),
        (5, {"x": 1}, {}, "model is 5"),
        (["m"], {"x": 1}, {}, r"model is \['m'\]"),
        ("\udc80", {"x": 1}, {}, "model is "),
        ("m", {"x": 1}, {"id": ["x"]}, r"id is \['x'\]"),
        ("m", {"x": 1}, {"tz": "Mars/Base"}, "tz is 'Mars/Base', which is no time zone"),
        ("m", {"x": 1}, {"tz": "Europe"}, "tz is 'Europe', which is no time zone"),
        ("m", {"x": 1}, {"tz": "../etc"}, "tz is '../etc', which is no time zone"),
        ("m", {5: 1}, {}, "a column named 5; give names that are text"),
        ("m", {"\udc80": 1}, {}, "a column named "),
        ("m", {}, {}, "the frame has no columns"),
        ("m", [{"x": 1}, "row"], {}, "row 1 is a str; give a list of dicts"),
        ("m", "text", {}, r"cannot record a builtins\.str; give a dict"),
        ("m", None, {}, r"cannot record a builtins\.NoneType"),
        ("m", (row for row in [{"x": 1}]), {}, r"cannot record a builtins\.generator"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_recorded(tmp_path, model, frame, keywords, message):
    with pytest.raises(BadInput, match=message):
        record.predictions(tmp_path, model, frame, **keywords)

    assert records(tmp_path) == []


def test_no_rows_are_no_record(tmp_path):
    assert record.predictions(tmp_path, "m", []) == 0
    assert records(tmp_path) == []


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.datetimes(
        datetime(1, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
        datetime(9999, 12, 30),  # noqa: DTZ001 - the strategy adds the zone
        timezones=st.timezones(),
        allow_imaginary=False,
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=8,
)
COLUMNS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.dictionaries(COLUMNS, VALUES, min_size=1, max_size=6), max_size=6)


def in_utc(value):
    """Return a value with its times in UTC: at the end of summer time, equal times of two zones
    compare as unequal (PEP 495)."""
    if isinstance(value, dict):
        return {key: in_utc(one) for key, one in value.items()}
    if isinstance(value, list):
        return [in_utc(one) for one in value]
    return value.astimezone(UTC) if isinstance(value, datetime) else value


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
@example([{"": datetime(2024, 10, 27, 3, tzinfo=ZoneInfo("Europe/Sofia"))}])
@given(ROWS)
def test_every_row_comes_back_equal(tmp_path, given_rows):
    store = tmp_path / uuid.uuid4().hex
    assert record.predictions(store, "m", given_rows) == len(given_rows)
    for row in given_rows:
        record.predictions(store, "m", row)

    assert rows_of(store) == in_utc(given_rows) * 2
