"""A real model without a failure: inputs drift, accuracy does not, and no incident may open."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

FOLDER = Path(__file__).parents[2] / "../shared/data/employment-ma"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the employment data are not on this machine"
)
DAYS_A_YEAR = 52
ROLES = ("--id", "id", "--prediction", "prediction", "--proba", "predicted_probability")


def census():
    """Return all predictions without their truth, and the truths with their ids."""
    reference = pq.read_table(FOLDER / "employment_MA_reference.parquet")
    later = pq.read_table(FOLDER / "employment_MA_analysis.parquet")
    late = pq.read_table(FOLDER / "employment_MA_analysis_target.parquet")
    rows = pa.concat_tables([reference.select(later.column_names).cast(later.schema), later])
    return rows, pa.concat_tables([reference.select(["id", "employed"]), late])


def put(folder, run_whence, rows, times, labels):
    """Import predictions at these times, then the labels from a file of their own."""
    stamped = rows.drop(["year"]).append_column("ts", pa.array(times, pa.timestamp("us", "UTC")))
    pq.write_table(stamped, folder / "preds.parquet")
    pq.write_table(labels, folder / "labels.parquet")
    run_whence("import", "preds.parquet", "--model", "jobs", "--time", "ts", *ROLES, cwd=folder)
    done = run_whence(
        "import", "labels.parquet", "--model", "jobs", "--id", "id", "--label", "employed",
        cwd=folder,
    )  # fmt: skip
    assert f"{labels.num_rows:,} new labels" in done.stdout


def test_years_as_windows(tmp_path, run_whence):
    rows, labels = census()
    times = [datetime(year, 7, 1, tzinfo=UTC) for year in rows["year"].to_pylist()]
    put(tmp_path, run_whence, rows, times, labels)
    run_whence("reference", "jobs", "--from", "2015-01-01", "--to", "2015-12-31", cwd=tmp_path)
    report = json.loads(run_whence("watch", "jobs", "--by", "year", "--json", cwd=tmp_path).stdout)
    assert [one["window"]["start"][:4] for one in report["windows"]] == [
        "2015", "2016", "2017", "2018",
    ]  # fmt: skip
    assert all(0.82 < one["metrics"]["accuracy"] < 0.83 for one in report["windows"])
    assert report["incidents"] == []
    verdict = json.loads(run_whence("why", "jobs", "--json", cwd=tmp_path).stdout)["verdict"]
    assert verdict["cause"] in {"nothing-wrong", "cannot-tell-yet"}


def test_permuted_pseudo_days(tmp_path, run_whence):
    """Rows of each year are dealt at random to 52 made-up days: no real order of days is known."""
    rows, labels = census()
    random = np.random.default_rng(5)
    year = rows["year"].to_numpy()
    day = (year - 2015) * DAYS_A_YEAR + random.integers(0, DAYS_A_YEAR, len(year))
    times = [datetime(2023, 1, 2, 12, tzinfo=UTC) + timedelta(days=int(one)) for one in day]
    put(tmp_path, run_whence, rows, times, labels)
    run_whence("reference", "jobs", "--from", "2023-01-02", "--to", "2023-02-22", cwd=tmp_path)
    report = json.loads(run_whence("watch", "jobs", "--json", cwd=tmp_path).stdout)
    assert len(report["windows"]) == 4 * DAYS_A_YEAR
    assert report["incidents"] == []
    assert not [one for one in report["alerts"] if one["kind"] == "performance"]
    assert [one for one in report["alerts"] if one["kind"] == "drift"], "its inputs do drift"
