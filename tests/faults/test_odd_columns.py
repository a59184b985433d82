"""Columns of every type, name and width, all the way from the call to the verdict."""

import datetime as dt
from decimal import Decimal
from itertools import islice

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from whence.errors import BadInput

ROLES = {"id": "id", "time": "ts", "prediction": "pred", "label": "y"}
N = 800
NOON = dt.datetime(2023, 1, 1, 12, tzinfo=dt.UTC)


def stored(watched):
    return sum(one.rows for one in watched.windows)


def repeated(values, kind=None):
    return pa.array(values * (N // len(values)), kind)


COLUMNS = {
    "all null": pa.nulls(N),
    "a constant number": repeated([1.0]),
    "a constant text": repeated(["a"]),
    "every row another text": pa.array([f"level {i}" for i in range(N)]),
    "NaN only": repeated([float("nan")]),
    "infinities only": repeated([float("inf"), float("-inf")]),
    "NaN, null and infinities": repeated([float("nan"), None, float("inf"), 1.0]),
    "the largest floats": repeated([1.7e308, -1.7e308]),
    "the smallest floats": repeated([5e-324, 0.0, -0.0, 1.0]),
    "half floats": pa.array(np.ones(N, np.float16)),
    "dates": repeated([dt.date(2020, 1, 1), dt.date(2020, 1, 2)]),
    "times of day": repeated([dt.time(1, 2, 3), None]),
    "durations": repeated([1, 1_000_000_001], pa.duration("ns")),
    "months, days and nanoseconds": repeated([pa.MonthDayNano([1, 2, 3])]),
    "times without a zone": repeated([NOON.replace(tzinfo=None)]),
    "times with a zone": repeated([NOON]),
    "times beyond the calendar": repeated([2**62, -(2**62)], pa.timestamp("us", "UTC")),
    "decimals": repeated([Decimal("1.50"), Decimal("-2.25")]),
    "decimals of 32 bits": repeated([Decimal("1.5")], pa.decimal32(5, 1)),
    "decimals of 256 bits": repeated([Decimal(10) ** 60], pa.decimal256(76, 0)),
    "integers beyond floats": repeated([2**63 - 1, -(2**63)]),
    "unsigned integers": repeated([2**64 - 1, 0], pa.uint64()),
    "booleans and null": repeated([True, False, None, True]),
    "lists": repeated([[1, None], [], None, [2]], pa.list_(pa.int64())),
    "list views": repeated([[1], [2, 3]], pa.list_view(pa.int64())),
    "fixed lists": pa.FixedSizeListArray.from_arrays(pa.array(np.arange(2 * N)), 2),
    "structs": repeated([{"a": 1, "b": {"c": [None]}}, None]),
    "maps": repeated([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    "categories": repeated(["a", "b"]).dictionary_encode(),
    "categories with null among them": pa.DictionaryArray.from_arrays(
        repeated([0, 1]), pa.array(["a", None])
    ),
    "text views": repeated(["a", "b"], pa.string_view()),
    "run-end encoded": pa.RunEndEncodedArray.from_arrays(pa.array([N], pa.int32()), ["z"]),
    "empty text and NUL": repeated(["", "a\0b"]),
    "long text": repeated(["x" * 5000, "y"]),
}


TOGETHER = 6
"""Columns a model: each costs a second alone."""


@pytest.mark.parametrize("first", range(0, len(COLUMNS), TOGETHER))
def test_columns_of_any_type_hide_no_failure(model, failing, ask, first):
    odd = dict(islice(COLUMNS.items(), first, first + TOGETHER))
    assert model.log(pa.table({**failing, **odd}), **ROLES) == N
    watched, verdict = ask()
    assert stored(watched) == N
    assert [one.metric for one in watched.incidents] == ["accuracy"]
    assert verdict.incident is not None


def test_bytes_are_refused_with_the_column_and_the_fix(model, failing):
    frame = pa.table({**failing, "odd": repeated([b"\xff"])})
    with pytest.raises(BadInput, match=r"'odd' holds bytes.*log a path or URL"):
        model.log(frame, **ROLES)


def test_text_that_is_no_utf8_is_set_aside_whole_and_the_rest_goes_on(model, failing, ask, command):
    broken = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff", b"a"], pa.binary()).buffers())
    other = pa.table({"id": ["b0", "b1"], "ts": [NOON, NOON], "pred": [0, 1], "x": broken})
    model.log(pa.table(failing), **ROLES)
    model.log(other, id="id", time="ts", prediction="pred")
    assert stored(ask()[0]) == N
    assert "Invalid UTF8" in command("doctor", status=1)


NAMES = [
    "", " ", "_epoch", "_day", "_time", "_id", "_label", "_prediction_text", "c0", "c1", "C1", "X",
    "Robert'); DROP TABLE models;--", "../../etc/passwd", "a/b", "a\\b", "a.b", "a,b;c={}()\t\n",
    "🙂", "\u202eabc", "א", "é", "e\u0301", "[bold]", "[/]", "{x}", "%s%20", "_day=2020-01-01",
    "select", "window", "loss", "x" * 10_000,
]  # fmt: skip


def test_hostile_names_all_at_once_and_the_worst_one_is_named_in_the_verdict(
    model, failing, ask, tmp_path
):
    random = np.random.default_rng(4)
    columns = {name: random.normal(size=N) for name in NAMES}
    model.log(pa.table({**failing, **columns}), **ROLES)
    watched, _ = ask()
    assert stored(watched) == N
    from whence.store.folder import StoreFolder  # noqa: PLC0415 - looks inside

    store = StoreFolder(tmp_path / "store")
    entries = store.columns("m").entries
    assert {entry.name for entry in entries} == {"x", *NAMES}
    assert len({entry.physical.lower() for entry in entries}) == len(entries)
    table = store.predictions("m").read([entry.physical for entry in entries])
    for entry in entries:
        if entry.name in columns:
            assert sorted(table[entry.physical].to_pylist()) == sorted(columns[entry.name])


@pytest.mark.parametrize("name", ["[bold]Robert'); DROP TABLE models;--", "\u202e🙂/../%s"])
def test_a_hostile_name_can_be_the_answer(model, failing, ask, name):
    random = np.random.default_rng(6)
    columns = {key: np.repeat(np.asarray(values), 5) for key, values in failing.items()}
    columns["id"] = [f"r{i}" for i in range(5 * N)]
    columns["ts"] = failing["ts"].take(np.repeat(np.arange(N), 5))
    broken = random.random(5 * N) < 0.25
    late = np.arange(5 * N) >= 5 * 600
    wrong = random.random(5 * N) < np.where(broken & late, 0.7, 0.1)
    columns["y"] = np.where(wrong, 1 - columns["pred"], columns["pred"])
    columns[name] = np.where(broken, "hit", "other")
    model.log(pa.table(columns), **ROLES)
    _, verdict = ask()
    assert verdict.findings[0].slice == {name: "hit"}
    assert name in verdict.verdict.sentence


def half(values):
    return None if values is None else pa.array(values * (N // 2 // len(values)))


KINDS = {
    "number": half([1.5, 2.5, -1.0, 0.0]),
    "text": half(["a", "b"]),
    "bool": half([True, False]),
    "time": half([NOON]),
    "list": half([[1], [2]]),
    "null": pa.nulls(N // 2),
    "huge": half([2**60, 2**60 + 1]),
    "absent": None,
}
CHANGES = [
    ("number", "text"), ("number", "huge"), ("number", "null"), ("text", "absent"),
    ("bool", "number"), ("time", "text"), ("list", "number"), ("absent", "number"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_a_column_that_changes_its_kind_comes_or_goes(model, failing, ask, command, before, after):
    table = pa.table(failing)
    for part, kind in ((table.slice(0, N // 2), before), (table.slice(N // 2), after)):
        values = KINDS[kind]
        model.log(part if values is None else part.append_column("c", values), **ROLES)
        watched = model.watch()
    assert stored(watched) == N
    watched, _ = ask()
    assert stored(watched) == N
    nothing = {"null", "absent"}
    if not {before, after} & nothing:
        told = command("doctor", status=1)
        assert "column 'c'" in told
        assert "nothing is lost" in told
        assert any(one.column == "c" and one.kind == "quality" for one in watched.alerts)


def test_a_column_that_is_no_longer_logged_raises_an_alert(model, failing, ask):
    table = pa.table({**failing, "c": np.random.default_rng(1).normal(size=N)})
    model.log(table.slice(0, 600), **ROLES)
    model.log(table.slice(600).drop(["c"]), **ROLES)
    watched, _ = ask()
    assert {one.column for one in watched.alerts if one.kind == "quality"} == {"c"}


def test_two_columns_of_one_name_are_refused(model, failing):
    table = pa.table(failing)
    with pytest.raises(BadInput, match="two columns named 'x'"):
        model.log(table.append_column("x", table["x"]), **ROLES)
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    with pytest.raises(BadInput, match="two columns named 'x'"):
        model.log(frame)


@pytest.mark.parametrize(
    ("frame", "recorded"),
    [
        (pa.table({}), "no columns"),
        (pd.DataFrame(), "no columns"),
        ({}, "no columns"),
        ([{}], "no columns"),
        ([], 0),
        (pa.table({"pred": pa.array([], pa.int64())}), 0),
    ],
    ids=str,
)
def test_frames_without_rows_or_columns(model, frame, recorded):
    if recorded == 0:
        assert model.log(frame, prediction="pred") == 0
    else:
        with pytest.raises(BadInput, match=recorded):
            model.log(frame, prediction="pred")


def test_a_hundred_thousand_levels(model, failing, ask):
    n = 100_000
    random = np.random.default_rng(3)
    at = random.integers(0, N, n)
    table = pa.table({**failing, "row": np.arange(N)}).take(at)
    table = table.set_column(0, "id", pa.array([f"i{i}" for i in range(n)]))
    levels = random.integers(0, 100_000, n)
    table = table.append_column("many", pa.array([f"level {i}" for i in levels]))
    model.log(table, **ROLES)
    watched, verdict = ask()
    assert stored(watched) == n
    assert "many" not in str(verdict.verdict.where)


def test_fifty_columns_of_text_and_numbers_at_once(model, failing, ask):
    random = np.random.default_rng(5)
    wide = {
        f"c{i}": random.normal(size=N) if i % 2 else random.choice(["a", "b"], N) for i in range(50)
    }
    model.log(pa.table({**failing, **wide}), **ROLES)
    watched, verdict = ask()
    assert stored(watched) == N
    assert verdict.incident is not None
