import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import whence.errors
from whence import record
from whence.errors import BadInput, MissingColumn, NaiveTime
from whence.journal import frames_from
from whence.record import cutting, frames
from whence.types.records import Batch, Roles, Rows, Shape

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATA = {
    "id": ["a", "b", "c", "d"],
    "at": [WHEN] * 4,
    "x": [1.5, None, -2.0, 4.0],
    "word": ["a text of more than twelve bytes", None, "", "d"],
    "flag": [True, False, None, True],
}
EXPECTED = pa.table(DATA).to_pylist()
ROLES = {"id": "id", "time": "at"}


def records(store):
    return [record.decode(frame.payload) for _, frame in frames_from(store / "journals")]


def rows_of(store):
    """All rows as dicts, whichever kind of record holds them."""
    found, shapes = [], {}
    for said in records(store):
        if isinstance(said, Batch):
            found += pa.ipc.open_stream(said.ipc).read_all().to_pylist()
        elif isinstance(said, Shape):
            shapes[said.number] = said.columns
        else:
            found += [dict(zip(shapes[said.shape], row, strict=True)) for row in said.rows]
    return found


class OnlyStream:
    """A frame of a library that gives nothing but the protocol."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class OnlyArray:
    """The same for a single batch."""

    def __init__(self, batch):
        self.batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self.batch.__arrow_c_array__(requested_schema)


def duck():
    table = pa.table(DATA)
    return duckdb.connect().from_arrow(table)


FRAMES = {
    "pandas": lambda: pd.DataFrame(DATA),
    "pandas, filtered": lambda: pd.DataFrame(
        {name: [*values, values[0]] for name, values in DATA.items()}
    ).loc[[0, 1, 2, 3]],
    "pandas, categories": lambda: pd.DataFrame(DATA).astype({"word": "category"}),
    "polars": lambda: pl.DataFrame(DATA),
    "polars, a slice": lambda: pl.DataFrame(
        {name: [values[0], *values] for name, values in DATA.items()}
    )[1:],
    "polars, categories": lambda: pl.DataFrame(DATA).with_columns(
        pl.col("word").cast(pl.Categorical)
    ),
    "table": lambda: pa.table(DATA),
    "table, a slice": lambda: pa.table(
        {name: [values[0], *values] for name, values in DATA.items()}
    ).slice(1),
    "table, chunks": lambda: pa.concat_tables(pa.table(DATA).slice(i, 1) for i in range(4)),
    "table, dictionary": lambda: pa.table(
        {**DATA, "word": pa.array(DATA["word"]).dictionary_encode()}
    ),
    "table, views": lambda: pa.table({**DATA, "word": pa.array(DATA["word"], pa.string_view())}),
    "batch": lambda: pa.RecordBatch.from_pydict(DATA),
    "reader": lambda: pa.table(DATA).to_reader(),
    "duckdb": duck,
    "stream": lambda: OnlyStream(pa.table(DATA)),
    "array": lambda: OnlyArray(pa.RecordBatch.from_pydict(DATA)),
    "list of dicts": lambda: EXPECTED,
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_says_the_same(tmp_path, name):
    assert record.predictions(tmp_path, "m", FRAMES[name](), **ROLES, version="v1") == 4

    assert rows_of(tmp_path) == EXPECTED
    for said in records(tmp_path):
        if isinstance(said, (Batch, Shape)):
            assert (said.model, said.version) == ("m", "v1")
            assert said.roles == Roles(id="id", time="at")


WITHOUT_PYARROW = """
import sys
from importlib.machinery import PathFinder
from pathlib import Path

class WithoutPyarrow(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.partition(".")[0] == "pyarrow"
        return None if absent else super().find_spec(name, path, target)

sys.meta_path[:] = [WithoutPyarrow if it is PathFinder else it for it in sys.meta_path]
from datetime import UTC, datetime
from whence import record
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATA = {
    "id": ["a", "b", "c", "d"],
    "at": [WHEN] * 4,
    "x": [1.5, None, -2.0, 4.0],
    "word": ["a text of more than twelve bytes", None, "", "d"],
    "flag": [True, False, None, True],
}
"""
LIGHT_FRAMES = {
    "pandas": "import pandas; frame = pandas.DataFrame(DATA)",
    "pandas, categories": (
        "import pandas; frame = pandas.DataFrame(DATA).astype({'word': 'category'})"
    ),
    "polars": "import polars; frame = polars.DataFrame(DATA)",
    "polars, categories": (
        "import polars; frame = polars.DataFrame(DATA).with_columns("
        "polars.col('word').cast(polars.Categorical))"
    ),
    "duckdb": (
        "import duckdb; frame = duckdb.sql('''"
        "SELECT * FROM (VALUES"
        "('a', 1.5::double, 'a text of more than twelve bytes', true), ('b', NULL, NULL, false),"
        "('c', -2, '', NULL), ('d', 4, 'd', true)) t(id, x, word, flag)"
        "''').select('''id, '2026-03-01 12:00:00Z'::timestamptz AS at, x, word, flag''')"
    ),
}


def run_without_pyarrow(store, code):
    source = str(Path(whence.errors.__file__).parents[1])
    subprocess.run(
        [sys.executable, "-c", WITHOUT_PYARROW + code, store],
        check=True,
        env={**os.environ, "PYTHONPATH": source},
    )


@pytest.mark.parametrize("name", LIGHT_FRAMES)
def test_every_frame_says_the_same_without_pyarrow(tmp_path, name):
    said = f"{LIGHT_FRAMES[name]}\nrows = record.predictions(Path(sys.argv[1]), 'm', frame, "
    run_without_pyarrow(
        tmp_path,
        said + "id='id', time='at')\nassert rows == 4\nassert 'pyarrow' not in sys.modules",
    )

    assert rows_of(tmp_path) == EXPECTED
    kinds = {type(found) for found in records(tmp_path)}
    assert kinds == ({Batch} if name == "duckdb" else {Shape, Rows})


def test_a_large_batch_without_pyarrow_is_recorded_as_rows(tmp_path):
    run_without_pyarrow(
        tmp_path,
        "import polars\n"
        "from whence.record import frames\n"
        "frames.MOST_BYTES = 1000\n"
        "frame = polars.DataFrame({'n': list(range(30_000))})\n"
        "assert record.predictions(Path(sys.argv[1]), 'm', frame) == 30_000\n",
    )

    assert [row["n"] for row in rows_of(tmp_path)] == list(range(30_000))


def test_importing_record_loads_no_third_party():
    source = str(Path(whence.errors.__file__).parents[1])
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, whence.record; assert not {'msgspec', 'nanoarrow'} & set(sys.modules)",
        ],
        check=True,
        env={**os.environ, "PYTHONPATH": source},
    )


def test_logging_dicts_loads_no_arrow(tmp_path):
    run_without_pyarrow(
        tmp_path,
        "record.predictions(Path(sys.argv[1]), 'm', {'x': 1})\n"
        "assert 'nanoarrow' not in sys.modules",
    )


def test_a_large_frame_is_cut_along_its_rows(tmp_path, monkeypatch):
    for module in (frames, cutting):
        monkeypatch.setattr(module, "MOST_BYTES", 20_000)
    table = pa.table(
        {
            "n": range(10_000),
            "word": pa.array([f"word {i % 17}" for i in range(10_000)]).dictionary_encode(),
        }
    )
    assert record.predictions(tmp_path, "m", table) == 10_000
    assert record.predictions(tmp_path, "m", table.select(["n"])) == 10_000

    assert rows_of(tmp_path) == table.to_pylist() + table.select(["n"]).to_pylist()
    sizes = [len(said.ipc) for said in records(tmp_path)]
    assert max(sizes) <= 20_000
    assert len(sizes) > 15


def test_a_row_larger_than_a_record_is_refused(tmp_path, monkeypatch):
    for module in (frames, cutting):
        monkeypatch.setattr(module, "MOST_BYTES", 20_000)
    with pytest.raises(BadInput, match=r"a row has .* bytes, a record holds 20,000"):
        record.predictions(tmp_path, "m", pa.table({"word": ["x" * 30_000]}))

    assert records(tmp_path) == []


def test_nested_categories_and_views_become_plain(tmp_path):
    frame = pl.DataFrame(
        {
            "lists": pl.Series([["u", None], [], None], dtype=pl.List(pl.Categorical)),
            "structs": [{"a": "x" * 30}, {"a": None}, None],
            "level": pl.Series(["low", "high", None], dtype=pl.Enum(["low", "high"])),
        }
    )
    record.predictions(tmp_path, "m", frame)

    assert rows_of(tmp_path) == frame.to_dicts()
    (said,) = records(tmp_path)
    schema = pa.ipc.open_stream(said.ipc).schema
    assert not any("view" in str(kind) or "dictionary" in str(kind) for kind in schema.types)


def test_a_pandas_column_of_mixed_types_is_recorded_as_rows(tmp_path):
    frame = pd.DataFrame({"mixed": [1, "two", None], "x": [1.5, float("nan"), 2.5]})
    assert record.predictions(tmp_path, "m", frame) == 3

    assert rows_of(tmp_path) == [
        {"mixed": 1, "x": 1.5},
        {"mixed": "two", "x": None},
        {"mixed": None, "x": 2.5},
    ]


def test_a_named_index_of_pandas_is_a_column(tmp_path):
    frame = pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="id"))
    record.predictions(tmp_path, "m", frame, id="id")

    assert rows_of(tmp_path) == [{"x": 1, "id": "a"}, {"x": 2, "id": "b"}]


@pytest.mark.parametrize("kind", ["s", "ms", "us", "ns"])
def test_times_without_zone_need_tz(tmp_path, kind):
    table = pa.table({"at": pa.array([0], pa.timestamp(kind)), "other": [1]})
    with pytest.raises(NaiveTime, match="column 'at' has times without zone"):
        record.predictions(tmp_path, "m", table, time="at")

    assert records(tmp_path) == []
    assert record.predictions(tmp_path, "m", table, time="at", tz="Asia/Tokyo") == 1
    assert records(tmp_path)[0].zone == "Asia/Tokyo"
    assert record.predictions(tmp_path, "m", table) == 1


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (pa.table({"a": [1]}), MissingColumn, r"no column 'id'; its columns are 'a'"),
        (pa.table([[1], [2]], names=["a", "a"]), BadInput, "two columns named 'a'"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), BadInput, "two columns named 'a'"),
        (pd.DataFrame({0: [1]}), BadInput, r"a column named 0; .*columns\.astype\(str\)"),
        (pa.table({"a": [b"x"]}), BadInput, "column 'a' holds bytes"),
        (pa.table({"a": [{"b": [b"x"]}]}), BadInput, "column 'a' holds bytes"),
        (pa.array([1, 2]), BadInput, "the frame is a single column"),
        (pd.Series([1, 2]), BadInput, "the frame is a single column"),
        (pl.Series([1, 2]), BadInput, "the frame is a single column"),
        (pl.LazyFrame({"a": [1]}).lazy, BadInput, "cannot record"),
    ],
)
def test_frames_that_cannot_be_used_are_named(tmp_path, frame, error, message):
    with pytest.raises(error, match=message):
        record.predictions(tmp_path, "m", frame, id="id")

    assert records(tmp_path) == []


def test_an_empty_frame_is_checked_and_recorded_as_nothing(tmp_path):
    empty = pa.table({"a": pa.array([], pa.int64())})
    assert record.predictions(tmp_path, "m", empty) == 0
    assert record.predictions(tmp_path, "m", pl.DataFrame({"a": []}, schema={"a": pl.String})) == 0
    with pytest.raises(MissingColumn):
        record.predictions(tmp_path, "m", empty, id="id")

    assert records(tmp_path) == []
