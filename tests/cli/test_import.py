"""Files people really have: what is taken, what is refused, and with which words."""

import datetime as dt

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

BASIC = ("--model", "m", "--time", "ts", "--id", "id", "--prediction", "pred")


def rows(n=3, **columns):
    start = dt.datetime(2023, 9, 1, 12, tzinfo=dt.UTC)
    table = {
        "id": [f"a{i}" for i in range(n)],
        "ts": pa.array(
            [start + dt.timedelta(hours=i) for i in range(n)], pa.timestamp("us", "UTC")
        ),
        "x": [float(i) for i in range(n)],
        "pred": [i % 2 for i in range(n)],
    }
    return pa.table({**table, **columns})


@pytest.fixture
def write(tmp_path):
    def put(table, name="preds.parquet"):
        path = tmp_path / name
        if name.endswith(".csv"):
            pyarrow.csv.write_csv(table, path)
        else:
            pq.write_table(table, path)
        return path

    return put


def test_the_same_file_again_does_nothing_and_says_so(whence, write):
    write(rows())
    assert "3 rows" in whence("import", "preds.parquet", *BASIC).stdout
    assert "imported before" in whence("import", "preds.parquet", *BASIC).stdout


def test_many_files_and_formats(whence, write):
    write(rows(2), "a.csv")
    write(rows(4).slice(2), "b.parquet")
    told = whence("import", "a.csv", "b.parquet", *BASIC).stdout
    assert "a.csv: 2 rows" in told
    assert "b.parquet: 2 rows" in told


def test_a_missing_column_is_named_with_those_there(whence, write):
    write(rows())
    done = whence(
        "import", "preds.parquet", "--model", "m", "--time", "ts", "--prediction", "yhat", status=2
    )
    assert "'yhat'" in done.stderr
    assert "'pred'" in done.stderr


def test_times_without_a_zone_are_refused_until_tz_says_which(whence, write):
    naive = pa.array([dt.datetime.fromisoformat("2023-09-01T01:00")] * 3, pa.timestamp("us"))
    write(rows(ts=naive))
    done = whence("import", "preds.parquet", *BASIC, status=2)
    assert "no zone" in done.stderr
    assert "--tz" in done.stderr
    whence("import", "preds.parquet", *BASIC, "--tz", "Europe/Berlin")
    report = whence("watch", "m").stdout
    assert "2023-08-31" in report  # one in the morning in Berlin is still August in UTC


def test_an_unknown_zone_is_named(whence, write):
    write(rows())
    assert (
        "'Mars/Base'"
        in whence("import", "preds.parquet", *BASIC, "--tz", "Mars/Base", status=2).stderr
    )


def test_a_number_is_no_time(whence, write):
    write(rows(ts=[1, 2, 3]))
    assert "'ts'" in whence("import", "preds.parquet", *BASIC, status=2).stderr


@pytest.mark.parametrize("name", ["empty.parquet", "empty.csv"])
def test_a_file_without_rows_is_no_error(whence, write, name):
    write(rows().slice(0, 0), name)
    assert "no rows" in whence("import", name, *BASIC).stdout


def test_one_row_is_enough_to_be_watched(whence, write):
    write(rows(1))
    whence("import", "preds.parquet", *BASIC)
    assert "performance is unknown" in whence("watch", "m").stdout


def test_a_broken_file_is_named(whence, tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 this is not parquet")
    assert "broken.parquet" in whence("import", "broken.parquet", *BASIC, status=2).stderr


def test_a_missing_file_is_named(whence):
    assert "nowhere.csv" in whence("import", "nowhere.csv", *BASIC, status=2).stderr


def test_an_unknown_format_names_the_known_ones(whence, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    assert ".parquet" in whence("import", "notes.txt", *BASIC, status=2).stderr


def test_the_same_id_with_the_same_content_is_a_repeat(whence, write):
    write(rows(), "a.parquet")
    write(rows(4), "b.parquet")
    whence("import", "a.parquet", *BASIC)
    assert "3 repeat" in whence("import", "b.parquet", *BASIC).stdout
    assert "sound" in whence("doctor").stdout


def test_the_same_id_with_other_content_goes_to_quarantine(whence, write):
    write(rows(), "a.parquet")
    write(rows(x=[0.0, 99.0, 2.0]), "b.parquet")
    whence("import", "a.parquet", *BASIC)
    assert "1 contradict" in whence("import", "b.parquet", *BASIC).stdout
    told = whence("doctor", status=1).stdout
    assert "quarantine" in told
    assert "other content" in told


def test_an_id_may_come_again_on_another_day(whence, write):
    later = pa.array(
        [dt.datetime(2023, 9, 2, 12, i, tzinfo=dt.UTC) for i in range(3)], pa.timestamp("us", "UTC")
    )
    write(rows(), "a.parquet")
    write(rows(ts=later), "b.parquet")
    whence("import", "a.parquet", "b.parquet", *BASIC)
    assert '"rows":3' in whence("watch", "m", "--json").stdout


def test_labels_in_any_order_repeated_and_contradicting(whence, write):
    labels = ("--model", "m", "--id", "id", "--label", "y")
    write(pa.table({"id": ["a0", "a1", "zz"], "y": [0, 1, 1]}), "early.parquet")
    write(pa.table({"id": ["a1", "a2"], "y": [1, 0]}), "late.parquet")
    write(pa.table({"id": ["a0"], "y": [1]}), "other.parquet")
    write(rows())
    assert "3 wait" in whence("import", "early.parquet", *labels).stdout
    whence("import", "preds.parquet", *BASIC)
    told = whence("import", "late.parquet", *labels).stdout
    assert "1 new labels" in told
    assert "1 repeat" in told
    report = whence("watch", "m", "--json").stdout
    assert '"labelled":3' in report
    assert '"accuracy":1.0' in report
    assert "1 new labels" in whence("import", "other.parquet", *labels).stdout
    assert '"accuracy":0.66' in whence("watch", "m", "--json").stdout
    assert "'zz'" in whence("doctor").stdout


def test_a_column_that_changes_its_kind_loses_nothing(whence, write):
    write(rows(), "a.parquet")
    write(rows(id=["b0", "b1", "b2"], x=["low", "high", "low"]), "b.parquet")
    whence("import", "a.parquet", "b.parquet", *BASIC)
    told = whence("doctor", status=1).stdout
    assert "'x'" in told
    assert "number and text" in told


def test_nan_null_and_infinity_are_all_kept(whence, write):
    write(rows(4, x=[float("nan"), None, float("inf"), -1.0]))
    whence("import", "preds.parquet", *BASIC)
    assert '"rows":4' in whence("watch", "m", "--json").stdout


def test_ids_of_a_csv_keep_their_zeros(whence, tmp_path):
    (tmp_path / "p.csv").write_text("id,ts,pred\n007,2023-09-01T10:00:00Z,1\n")
    (tmp_path / "l.csv").write_text("id,y\n007,1\n")
    whence("import", "p.csv", *BASIC)
    assert "1 new labels" in whence("import", "l.csv", "--model", "m", "--id", "id",
                                    "--label", "y").stdout  # fmt: skip


def test_times_that_cannot_be_are_set_aside_with_their_reason(whence, tmp_path):
    (tmp_path / "p.csv").write_text(
        "id,ts,pred\na,2023-09-01T10:00:00Z,1\nb,soon,0\nc,2999-01-01T00:00:00Z,0\n"
    )
    assert "2 are in quarantine" in whence("import", "p.csv", *BASIC).stdout
    told = whence("doctor", status=1).stdout
    assert "no readable time" in told
    assert "future" in told


def test_nothing_named_is_bad_usage(whence, write):
    write(rows())
    assert "--prediction" in whence("import", "preds.parquet", "--model", "m", status=2).stderr


def test_a_model_without_predictions_is_named_with_those_that_have(whence, write):
    write(rows())
    whence("import", "preds.parquet", *BASIC)
    done = whence("watch", "other", status=2)
    assert "'other'" in done.stderr
    assert "'m'" in done.stderr


def test_a_label_said_twice_in_one_file_is_a_repeat(whence, write):
    write(rows())
    write(pa.table({"id": ["a0", "a0"], "y": [1, 1]}), "twice.parquet")
    whence("import", "preds.parquet", *BASIC)
    told = whence("import", "twice.parquet", "--model", "m", "--id", "id", "--label", "y").stdout
    assert "1 new labels" in told
    assert "1 repeat" in told
    assert "sound" in whence("doctor").stdout


def test_a_label_belongs_to_one_day_of_an_id_that_comes_again(whence, write):
    later = pa.array(
        [dt.datetime(2023, 9, 2, 12, i, tzinfo=dt.UTC) for i in range(3)], pa.timestamp("us", "UTC")
    )
    write(rows(), "a.parquet")
    write(rows(ts=later), "b.parquet")
    write(pa.table({"id": ["a0"], "y": [1]}), "label.parquet")
    whence("import", "a.parquet", "b.parquet", *BASIC)
    whence("import", "label.parquet", "--model", "m", "--id", "id", "--label", "y")
    assert '"rows":6,"labelled":1' in whence("watch", "m", "--by", "week", "--json").stdout


def test_labels_without_an_id_or_a_value_are_counted_and_said(whence, write):
    write(rows())
    write(pa.table({"id": ["a0", None, "a2"], "y": [1, 1, None]}), "holes.parquet")
    whence("import", "preds.parquet", *BASIC)
    told = whence("import", "holes.parquet", "--model", "m", "--id", "id", "--label", "y").stdout
    assert "1 new labels" in told
    assert "2 hold no id or no label" in told
