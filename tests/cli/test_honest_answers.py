"""What Whence says when it cannot say more: no labels, too few, nothing wrong."""

import json

import pytest

from whence import model

PREDICTIONS = ("--time", "ts", "--id", "id", "--prediction", "pred", "--proba", "score")


@pytest.fixture
def ask(whence, tmp_path):
    """Import a simulated log and return the verdict on it."""

    def put(made, *extra):
        made.write(tmp_path / "preds.parquet")
        whence("import", "preds.parquet", "--model", "fraud", *PREDICTIONS, *extra)
        whence("reference", "fraud", "--from", "2023-09-01", "--to", "2023-09-28")
        return json.loads(whence("why", "fraud", "--json").stdout)

    return put


def test_without_labels_it_cannot_know_and_says_how_many_would_do(ask, shop):
    report = ask(shop())
    assert report["verdict"]["cause"] == "cannot-know"
    assert report["incident"] is None
    assert report["findings"] == []
    text = json.dumps(report)
    assert "label" in report["verdict"]["remedy"]
    assert "random" in text


def test_with_enough_labels_nothing_is_wrong(ask, shop):
    report = ask(shop(days=60, rows_a_day=1500), "--label", "label")
    assert report["verdict"]["cause"] == "nothing-wrong"


def test_with_few_labels_it_cannot_tell_yet(ask, shop):
    report = ask(shop(days=40, rows_a_day=60), "--label", "label")
    assert report["verdict"]["cause"] == "cannot-tell-yet"
    assert "more labels" in report["verdict"]["sentence"]


def test_a_broken_unit_is_a_pipeline_break_and_the_column_is_named(ask, shop):
    made = shop()
    made.seen_amount[made.day >= 40] *= 100
    report = ask(made, "--label", "label")
    assert report["verdict"]["cause"] == "pipeline-break"
    assert "amount" in report["verdict"]["remedy"]


def test_a_relation_that_changed_everywhere_is_a_concept_shift(ask, shop):
    made = shop()
    made.turn_amount(made.day >= 40)
    report = ask(made, "--label", "label")
    assert report["verdict"]["cause"] == "concept-shift"
    assert report["verdict"]["where"] == {}


def test_labels_that_are_wrong_at_random_are_called_that(ask, shop, whence):
    made = shop()
    made.flip_labels(made.day >= 40, 0.12)
    report = ask(made, "--label", "label")
    assert report["verdict"]["cause"] == "label-quality"
    assert "labels look wrong" in report["verdict"]["sentence"]
    assert report["incident"]["cause"] is None  # asked for the first time
    again = json.loads(whence("watch", "fraud", "--json").stdout)
    assert again["incidents"][-1]["cause"] == "label-quality"


def test_one_row_a_day_can_be_watched_and_asked(tmp_path):
    handle = model("tiny", store=tmp_path / "store")
    handle.log(
        [
            {"ts": f"2023-09-{day:02d}T08:00:00Z", "x": day % 3, "pred": day % 2, "y": 1}
            for day in range(1, 29)
        ],
        time="ts",
        prediction="pred",
        label="y",
    )
    assert handle.watch().incidents == []
    assert handle.why().verdict.cause in {"cannot-know", "cannot-tell-yet"}
