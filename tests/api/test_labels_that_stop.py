"""Labels that stop, or come for other rows than usual: said, and nothing is judged by them."""

from datetime import UTC, datetime, timedelta

import whence

START = datetime(2023, 9, 1, tzinfo=UTC)
DAYS, A_DAY = 40, 100


def logged(store, labelled):
    """Log 40 days; `labelled(day, i)` says whether row i of a day gets its label a day later."""
    model = whence.model("m", store=store)
    rows = [
        {"id": f"{day}-{i}", "ts": START + timedelta(days=day, minutes=i), "x": i % 7, "p": 1}
        for day in range(DAYS) for i in range(A_DAY)
    ]  # fmt: skip
    model.log(rows, id="id", time="ts", prediction="p")
    known = [
        {"id": row["id"], "y": int(i % 10 > 0), "at": row["ts"] + timedelta(days=1)}
        for i, row in enumerate(rows)
        if labelled(i // A_DAY, i % A_DAY)
    ]
    model.label(known, id="id", label="y", time="at")
    model.reference(START, START + timedelta(days=28))
    return model.watch()


def test_labels_that_stop_raise_an_alert_in_every_window(tmp_path):
    report = logged(tmp_path / "store", lambda day, _: day < 32)
    told = [one for one in report.alerts if "labelled" in one.explanation]
    assert len(told) == DAYS - 32
    assert all(one.kind == "quality" for one in told)
    assert report.incidents == []
    assert report.judged == 4


def test_labels_for_other_rows_than_usual_are_not_judged_by(tmp_path):
    report = logged(tmp_path / "store", lambda day, i: day < 32 or i % 7 == 0)
    assert [one for one in report.alerts if "not judged" in one.explanation]
    assert report.incidents == []


def test_labels_as_ever_are_judged(tmp_path):
    report = logged(tmp_path / "store", lambda *_: True)
    assert not [one for one in report.alerts if "labelled" in one.explanation]
    assert report.judged == DAYS - 28
