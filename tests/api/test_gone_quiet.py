"""A model to which no more rows come: told once, while it is recent."""

from datetime import UTC, datetime, timedelta

import whence

START = datetime(2023, 9, 1, tzinfo=UTC)
DAYS, A_DAY = 30, 100


def logged(store):
    model = whence.model("m", store=store)
    log(model, range(DAYS))
    model.reference(START, START + timedelta(days=20))
    return model


def log(model, days):
    rows = [
        {"id": f"{day}-{i}", "ts": START + timedelta(days=day, minutes=i), "x": i % 7, "p": 1}
        for day in days for i in range(A_DAY)
    ]  # fmt: skip
    model.log(rows, id="id", time="ts", prediction="p")


def volumes(report):
    return [one.window.start for one in report.alerts if one.kind == "volume"]


def test_a_source_that_stops_is_told_once_and_again_when_it_stops_again(tmp_path):
    model = logged(tmp_path / "store")
    end = START + timedelta(days=DAYS)
    assert volumes(model.watch(now=end + timedelta(hours=12))) == []  # the day is not over
    for hours in (30, 80):
        report = model.watch(now=end + timedelta(hours=hours))
        assert volumes(report) == [end]
        assert "No rows at all" in report.alerts[-1].explanation
    log(model, [DAYS + 4])
    assert volumes(model.watch(now=end + timedelta(days=5))) == [end]
    assert volumes(model.watch(now=end + timedelta(days=6))) == [end, end + timedelta(days=5)]


def test_a_log_of_long_ago_has_not_gone_quiet(tmp_path):
    report = logged(tmp_path / "store").watch(now=START + timedelta(days=400))
    assert volumes(report) == []
