"""Real models: a forecaster whose calibration got worse, and a classifier that did not fail."""

from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest

from whence.types.rows import Column, Rows
from whence.why import diagnose

DATA = Path(__file__).parents[2] / "../shared/data"
GAMES = DATA / "nba" / "nba_games.csv"
CENSUS = DATA / "employment-ma"
CATEGORIES = ("SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "SEX", "RAC1P")
EVERY = 3
"""Every third row, so that the test takes seconds."""


def total(report):
    return sum(f.points for f in report.findings) + report.unexplained + report.closure


@pytest.mark.skipif(not GAMES.exists(), reason="the shared nba data are not on this machine")
def test_forecasts_of_games_get_an_honest_answer_that_adds_up():
    table = pyarrow.csv.read_csv(GAMES).sort_by("date")
    day = table["date"].to_numpy().astype("datetime64[D]")
    y = table["prob1_outcome"].to_numpy().astype(np.int32)
    p = table["prob1"].to_numpy().astype(float)
    teams = tuple(sorted(set(table["team1"].to_pylist()) | set(table["team2"].to_pylist())))
    position = {team: i for i, team in enumerate(teams)}
    week = (day.astype(int) // 7).astype(np.int32)
    columns = tuple(
        Column(
            name,
            "category",
            np.array([position[team] for team in table[name].to_pylist()], np.int32),
            teams,
        )
        for name in ("team1", "team2")
    )
    rows = Rows(
        "probability",
        week,
        np.zeros(len(y), np.int8),
        columns,
        (p - y) ** 2,
        y,
        (p > 0.5).astype(np.int32),
        p,
        ("0", "1"),
    )
    early = day < np.datetime64("2020-01-01")
    before, after = rows.take(early), rows.take(~early)
    report = diagnose("nba", before, after, metric="brier")
    assert total(report) == pytest.approx(after.loss.mean() - before.loss.mean(), abs=1e-12)
    assert report.verdict.cause in {"cannot-tell-yet", "concept-shift", "mix-shift", "unexplained"}
    assert all(f.interval[0] < f.points < f.interval[1] for f in report.findings)


@pytest.fixture(scope="module")
def census():
    if not CENSUS.exists():
        pytest.skip("the shared employment-ma data are not on this machine")
    reference = pyarrow.parquet.read_table(CENSUS / "employment_MA_reference.parquet")
    later = pyarrow.parquet.read_table(CENSUS / "employment_MA_analysis.parquet")
    truth = pyarrow.parquet.read_table(CENSUS / "employment_MA_analysis_target.parquet")
    later = later.join(truth, "id").sort_by("id")
    levels = {
        name: tuple(
            sorted(
                {str(v) for table in (reference, later) for v in table[name].unique().to_pylist()}
            )
        )
        for name in CATEGORIES
    }
    last = later.filter(pyarrow.compute.equal(later["year"], 2018))
    return tuple(
        as_rows(table, levels, first, y) for table, first, y in ((reference, 0, 1), (last, 40, 2))
    )


def as_rows(table, levels, first, seed):
    # Rows lie in the order of places; a year's rows are dealt to windows at random instead.
    order = np.random.default_rng(seed).permutation(table.num_rows)[::EVERY]
    table = table.take(np.sort(order))
    n = table.num_rows
    columns = [Column("AGEP", "number", table["AGEP"].to_numpy().astype(float))]
    for name in CATEGORIES:
        position = {level: i for i, level in enumerate(levels[name])}
        codes = [position[str(v)] for v in table[name].to_pylist()]
        columns.append(Column(name, "category", np.array(codes, np.int32), levels[name]))
    y = table["employed"].to_numpy().astype(np.int32)
    prediction = table["prediction"].to_numpy().astype(np.int32)
    window = (first + np.random.default_rng(seed).permutation(n) % 28).astype(np.int32)
    return Rows(
        "classification",
        window,
        (window % 7).astype(np.int8),
        tuple(columns),
        (y != prediction).astype(float),
        y,
        prediction,
        table["predicted_probability"].to_numpy().astype(float),
        ("0", "1"),
    )


def test_a_model_that_did_not_fail_is_not_said_to_have(census):
    before, after = census
    report = diagnose("employment", before, after)
    assert report.verdict.cause in {"nothing-wrong", "cannot-tell-yet"}
    assert total(report) == pytest.approx(after.loss.mean() - before.loss.mean(), abs=1e-12)
    assert all(
        abs(f.points) < 0.01
        for f in report.findings
        if f.cause in {"change-within-a-slice", "concept-shift"}
    )


def test_a_fault_put_into_a_slice_of_real_rows_is_found_there(census):
    before, after = census
    rng = np.random.default_rng(0)
    age = after.column("AGEP").values
    sex = after.column("SEX")
    inside = (age >= 25) & (age <= 44) & (sex.values == sex.levels.index("2"))
    turned = inside & (rng.random(len(after)) < 0.5)
    label = np.where(turned, 1 - after.label, after.label).astype(np.int32)
    loss = (label != after.prediction).astype(float)
    broken = type(after)(
        after.task, after.window, after.weekday, after.columns, loss, label, after.prediction,
        after.proba, after.classes,
    )  # fmt: skip
    report = diagnose("employment", before, broken)
    assert report.verdict.cause == "change-within-a-slice"
    where = report.verdict.where
    assert where["SEX"] == "2"
    assert where["AGEP"][0] == pytest.approx(25, abs=3)
    assert where["AGEP"][1] == pytest.approx(44, abs=3)
    added = loss.mean() - after.loss.mean()
    named = sum(f.points for f in report.findings if f.cause == "change-within-a-slice")
    assert named == pytest.approx(added, abs=0.006)
