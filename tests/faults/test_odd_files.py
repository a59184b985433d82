"""Files that are broken, foreign or odd: imported whole, or refused by name with nothing stored."""

import datetime as dt
import gzip
import io
import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROLES = ("--model", "m", "--time", "ts", "--id", "id", "--prediction", "pred")
HEAD, ROW = "id,ts,pred\n", "a,2023-09-01T10:00:00Z,1\n"
START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)


@pytest.fixture
def bring(command, tmp_path):
    """Write a file, import it, and return what was said."""

    def put(content, name="p.csv", status=0, roles=ROLES):
        path = tmp_path / name
        if isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        told = command("import", path, *roles, status=status)
        if status:
            assert str(path) in told or "column" in told
            assert "no model yet" in command("doctor")
        return told

    return put


REFUSED = {
    "empty": ("", "Empty CSV"),
    "a line feed": ("\n", "Empty CSV"),
    "utf-16": ((HEAD + ROW).encode("utf-16"), "cannot read"),
    "latin-1 in an id": ((HEAD + ROW).encode() + b"M\xfcller,2023-09-01T10:00:00Z,1\n", "UTF8"),
    "latin-1 in a column": (
        b"id,ts,pred,city\na,2023-09-01T10:00:00Z,1,M\xfcnchen\n",
        "not in UTF-8 (column 'city' holds other bytes); convert it, for example: iconv",
    ),
    "latin-1 in a name": (
        b"id,ts,pred,stra\xdfe\na,2023-09-01T10:00:00Z,1,x\n",
        "not in UTF-8 (the name of a column",
    ),
    "a quote that never closes": (HEAD + '"a,2023-09-01T10:00:00Z,1\n', "Expected 3 columns"),
    "a short line": (HEAD + ROW + "b,2023-09-01T10:00:00Z\n", "Expected 3 columns, got 2"),
    "a long line": (HEAD + ROW + "b,2023-09-01T10:00:00Z,1,2\n", "Expected 3 columns, got 4"),
    "semicolons": ((HEAD + ROW).replace(",", ";"), "no column 'id'; its columns are 'id;ts;pred'"),
    "two columns of one name": ("id,ts,pred,x,x\na,2023-09-01T10:00:00Z,1,1,2\n", "named 'x'"),
    "gzip": (gzip.compress((HEAD + ROW).encode()), "is compressed by gzip; gunzip it first"),
    "naive times": (HEAD + "a,2023-09-01 10:00:00,1\n", "no zone; say which with --tz"),
    "seconds": (HEAD + "a,1693526400,1\n", "'ts' holds int64, which is not a time"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_a_csv_that_cannot_be_read_is_refused_with_its_reason(bring, content, said):
    assert said in bring(content, status=2)


TAKEN = {
    "a byte-order mark": "\ufeff" + HEAD + ROW,
    "carriage returns": (HEAD + ROW).replace("\n", "\r\n"),
    "no last line feed": (HEAD + ROW).rstrip(),
    "a quoted line feed": HEAD + '"a\nb",2023-09-01T10:00:00Z,1\n',
    "a column without a name": "id,ts,pred,\na,2023-09-01T10:00:00Z,1,5\n",
    "a date": HEAD + "a,2023-09-01,1\n",
    "numbers no float holds": "id,ts,pred,x\na,2023-09-01T10:00Z,1,99999999999999999999999\n",
    "NaN and infinity": "id,ts,pred,x\na,2023-09-01T10:00:00Z,1,NaN\n",
    "a cell of half a megabyte": HEAD + "a" * 500_000 + ",2023-09-01T10:00:00Z,1\n",
}


@pytest.mark.parametrize("content", TAKEN.values(), ids=TAKEN)
def test_an_odd_csv_is_taken(bring, command, content):
    assert "p.csv: 1 rows of predictions of m" in bring(content)
    assert '"rows":1' in command("watch", "m", "--json")
    assert "sound" in command("doctor")


@pytest.mark.parametrize(
    "when", ["09/01/2023", "2023-09-01T25:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_a_time_of_a_csv_that_cannot_be_is_set_aside(bring, command, when):
    told = bring(HEAD + ROW + f"b,{when},1\n")
    assert "1 are in quarantine (see: whence doctor)" in told
    assert '"rows":1' in command("watch", "m", "--json")
    assert "1 things to mend" in command("doctor", status=1)


def test_a_probability_in_percent_stops_an_import_with_its_value(bring):
    content = "id,ts,pred,q\na,2023-09-01T10:00:00Z,1,55.5\n"
    told = bring(content, status=2, roles=(*ROLES, "--proba", "q"))
    assert (
        "column 'q' should hold probabilities and holds 55.5; give one number from 0 to 1" in told
    )


def big():
    n = 2000
    return pa.table(
        {
            "id": [f"a{i}" for i in range(n)],
            "ts": pa.array([START] * n, pa.timestamp("us", "UTC")),
            "pred": [i % 2 for i in range(n)],
            "x": np.random.default_rng(0).normal(size=n),
        }
    )


def parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def arrow(table, new):
    sink = io.BytesIO()
    with new(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["p.parquet", "file.arrow", "stream.arrow"])
def test_a_truncated_file_is_refused(bring, name, share):
    new = pa.ipc.new_file if name.startswith("file") else pa.ipc.new_stream
    whole = parquet(big()) if name == "p.parquet" else arrow(big(), new)
    assert "check that it is whole" in bring(whole[: int(len(whole) * share)], name, status=2)


def test_damaged_bytes_are_refused_or_read_and_never_crash(command, tmp_path):
    random = np.random.default_rng(8)
    whole = np.frombuffer(parquet(big()), np.uint8)
    for number in range(25):
        content = whole.copy()
        content[random.integers(4, len(content), 6)] = random.integers(0, 256, 6)
        path = tmp_path / f"{number}.parquet"
        path.write_bytes(content.tobytes())
        from whence.cli import main  # noqa: PLC0415 - either status is right

        status = main(["import", str(path), *ROLES, "--store", str(tmp_path / "store")])
        assert status in {0, 2}
    command("import", *_written(tmp_path, big()), *ROLES)


def _written(folder, table):
    pq.write_table(table, folder / "whole.parquet")
    return (folder / "whole.parquet",)


@pytest.mark.parametrize("rows", [0, 1])
def test_a_parquet_file_with_hardly_a_row(bring, command, rows):
    told = bring(big().slice(0, rows), "p.parquet")
    assert ("1 rows" if rows else "it holds no rows") in told
    assert "sound" in command("doctor")


def test_a_parquet_file_without_columns_names_the_one_it_lacks(bring):
    assert "has no column 'id'" in bring(pa.table({}), "p.parquet", status=2)


def test_bytes_of_a_file_are_kept_as_text_that_holds_them(bring, command):
    table = pa.table(
        {"id": [b"\xff", b"a"], "ts": [START] * 2, "pred": [1, 0], "raw": [b"\0\xff", None]}
    )
    bring(table, "p.parquet")
    assert '"rows":2' in command("watch", "m", "--json")


def test_what_is_no_file_is_named(command, tmp_path):
    (tmp_path / "folder.parquet").mkdir()
    assert "is a folder" in command("import", tmp_path / "folder.parquet", *ROLES, status=2)
    os.mkfifo(tmp_path / "pipe.csv")  # opening it would wait for ever
    assert "pipe.csv" in command("import", tmp_path / "pipe.csv", *ROLES, status=2)
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    assert "loop.csv" in command("import", tmp_path / "loop.csv", *ROLES, status=2)


@pytest.mark.parametrize("name", ["../../x", ".", "a/b", "🙂\u202e", "a\0b", "CON", "A", "a", "%"])
def test_any_model_name_stays_inside_the_store(command, tmp_path, name):
    before = set(tmp_path.parent.iterdir())
    pq.write_table(big(), tmp_path / "p.parquet")
    told = command("import", tmp_path / "p.parquet", *ROLES[2:], "--model", name)
    assert "2,000 rows" in told
    assert '"rows":2000' in command("watch", name, "--json")
    assert set(tmp_path.parent.iterdir()) == before


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_is_none_is_refused(command, tmp_path, name):
    pq.write_table(big(), tmp_path / "p.parquet")
    told = command("import", tmp_path / "p.parquet", *ROLES[2:], "--model", name, status=2)
    assert "give a text of 1 to 200 characters" in told
