"""Rows read a few days at a time are the rows, whatever the stretches."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

import whence
from whence.store.folder import StoreFolder
from whence.store.history import History
from whence.types.time import Window, micros
from whence.why import reading
from whence.why.calendar import Calendar
from whence.why.reading import read_periods

START = datetime(2023, 9, 1, tzinfo=UTC)
DAYS, A_DAY = 12, 50
WHOLE = [
    Window(START, START + timedelta(days=7)),
    Window(START + timedelta(days=7, hours=12), START + timedelta(days=DAYS)),
]
"""The second begins in the middle of a day."""


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    """Return a history: levels and a version that come later, and labels for every other row."""
    store = tmp_path_factory.mktemp("reading") / "store"
    model = whence.model("m", store=store)
    for day in range(DAYS):
        rows = [
            {
                "id": f"{day}-{i}",
                "ts": START + timedelta(days=day, minutes=28 * i),
                "x": None if i % 9 == 0 else float(1000 * day + i),
                "kind": f"kind-{(i + day) % (day + 2)}",
                "p": i % 2,
            }
            for i in range(A_DAY)
        ]
        model.log(rows, id="id", time="ts", prediction="p")
        if day >= DAYS - 3:
            more = [{**row, "id": f"v{row['id']}", "v": "2.0"} for row in rows]
            model.log(more, id="id", time="ts", prediction="p", version="v")
        labels = [{"id": row["id"], "y": int(i % 5 == 0)} for i, row in enumerate(rows[::2])]
        model.label(labels, id="id", label="y")
    model.reference(START, START + timedelta(days=7))
    model.watch()
    return History(StoreFolder(store), "m")


def read(history, most=10_000):
    calendar = Calendar.spanning(START, START + timedelta(days=DAYS))
    return read_periods(history, WHOLE, "classification", calendar, most)


def told(rows, name):
    """Return a column as the values a person would see."""
    column = rows.column(name)
    if column.kind == "number":
        return [None if np.isnan(one) else one for one in column.values.tolist()]
    return [None if one < 0 else column.levels[one] for one in column.values.tolist()]


def in_order(columns):
    return sorted(zip(*columns, strict=True), key=repr)


@pytest.mark.parametrize("at_once", [1, 120, 1_000_000])
def test_every_row_of_a_period_is_read_as_it_is_stored(history, monkeypatch, at_once):
    monkeypatch.setattr(reading, "_AT_ONCE", at_once)
    periods = read(history)
    for period, rows in zip(WHOLE, periods, strict=True):
        stored = history.read(micros(period.start), micros(period.end))
        truth, answer = (stored[name].to_pylist() for name in ("_label", "_prediction"))
        loss = [None if y is None else float(y != p) for y, p in zip(truth, answer, strict=True)]
        theirs = [stored[name].to_pylist() for name in ("x", "kind", "_version")]
        ours = [told(rows, name) for name in ("x", "kind", "version")]
        ours.append([None if np.isnan(one) else one for one in rows.loss.tolist()])
        assert in_order(ours) == in_order([*theirs, loss])
    assert periods[0].column("kind").levels == periods[1].column("kind").levels


def test_of_many_rows_every_so_many_is_taken(history, monkeypatch):
    monkeypatch.setattr(reading, "_AT_ONCE", 60)
    for some, rows in zip(read(history, most=100), read(history), strict=True):
        step = -(-len(rows) // 100)
        assert step > 1
        assert told(some, "x") == told(rows, "x")[::step]
        assert some.window.tolist() == rows.window[::step].tolist()


def test_stretches_are_whole_days_with_all_rows_of_a_period(history):
    start, end = micros(WHOLE[1].start), micros(WHOLE[1].end)
    found = history.stretches(start, end, 2 * A_DAY)
    assert found[0][0] == start
    assert found[-1][1] == end
    assert sum(rows for *_, rows in found) == history.read(start, end).num_rows
    assert all(rows <= 2 * A_DAY for *_, rows in found)
    assert all(one[1] <= other[0] for one, other in pairwise(found))
