"""Failures of every size are noticed, ended ones end, and what cannot be judged says so."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import whence

START = datetime(2023, 9, 1, tzinfo=UTC)
ROWS = 200


def houses(store, days, factor, first_bad=35, ends=None):
    """Log prices whose errors are multiplied by a factor from one day on."""
    random = np.random.default_rng(2)
    model = whence.model("house", store=store)
    rows = []
    for day in range(days):
        bad = day >= first_bad and (ends is None or day < ends)
        price = random.normal(300, 50, ROWS)
        error = random.normal(0, 10, ROWS) * (factor if bad else 1)
        rows += [
            {"ts": START + timedelta(days=day, minutes=i), "area": price[i] / 3,
             "pred": price[i] + error[i], "price": price[i]}
            for i in range(ROWS)
        ]  # fmt: skip
    model.log(rows, time="ts", prediction="pred", label="price")
    model.reference(START, START + timedelta(days=28))
    return model


@pytest.mark.parametrize("factor", [1.5, 4, 40])
def test_a_larger_error_is_noticed_within_days_however_large(tmp_path, factor):
    (incident,) = houses(tmp_path / "store", 45, factor).watch().incidents
    assert incident.metric == "mae"
    assert abs((incident.started - START).days - 35) <= 1
    assert (incident.detected - START).days <= 40
    assert incident.before == pytest.approx(8, rel=0.1)
    assert incident.after == pytest.approx(8 * factor, rel=0.1)


def test_an_incident_that_is_over_ends(tmp_path):
    (incident,) = houses(tmp_path / "store", 70, 3, ends=50).watch().incidents
    assert abs((incident.ended - START).days - 50) <= 2
    assert incident.detected < incident.ended


def test_day_by_day_gives_what_one_look_at_all_gives(tmp_path):
    whole = houses(tmp_path / "one", 45, 4).watch(now=START + timedelta(days=50))
    model = houses(tmp_path / "two", 45, 4)
    for day in (20, 30, 36, 37, 38, 41, 50):
        last = model.watch(now=START + timedelta(days=day))
    assert last.incidents == whole.incidents
    assert last.windows == whole.windows


def test_a_reference_too_short_to_judge_by_says_so(tmp_path):
    model = houses(tmp_path / "store", 10, 4, first_bad=6)
    model.reference(START, START + timedelta(days=5))
    report = model.watch()
    assert report.judged == 0
    assert any("no window is judged" in note for note in report.notes)


def test_a_reference_that_ends_inside_a_window_raises_no_alarm_for_it(tmp_path):
    model = houses(tmp_path / "store", 40, 1)
    model.reference(START, START + timedelta(days=28, hours=12))
    assert [one for one in model.watch().alerts if one.kind == "volume"] == []


def test_labels_that_come_out_of_order_leave_no_window_unjudged(tmp_path):
    model = whence.model("m", store=tmp_path / "store")
    random = np.random.default_rng(3)
    rows = [
        {"id": f"{day}-{i}", "ts": START + timedelta(days=day, minutes=i), "x": i % 7, "p": 1}
        for day in range(40) for i in range(100)
    ]  # fmt: skip
    truth = {row["id"]: int(random.random() > (0.5 if row["ts"] >= START + timedelta(days=30)
                                               else 0.1)) for row in rows}  # fmt: skip
    model.log(rows, id="id", time="ts", prediction="p")
    model.reference(START, START + timedelta(days=28))
    known = [{"id": key, "y": y} for key, y in truth.items()]
    early = [one for one in known if int(one["id"].split("-")[0]) not in range(30, 39)]
    model.label(early, id="id", label="y")
    assert model.watch().incidents == []
    model.label(known, id="id", label="y")
    (incident,) = model.watch().incidents
    assert (incident.started - START).days == 30
