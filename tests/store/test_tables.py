"""Tables whose small files are merged, whose rows are taken out, and whose log is cut short."""

import json
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whence.errors import StoreError
from whence.store.compaction import merge, sweep
from whence.store.removal import erase_past, found, remove_days_before, remove_ids
from whence.store.tables import PREDICTIONS, Table

DAYS = [date(2024, 1, 1 + i) for i in range(3)]


def frame(epoch, rows, extra=None):
    """Rows of one epoch, spread over the days; their ids say where they are from."""
    times = [
        datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i % len(DAYS), seconds=epoch)
        for i in range(rows)
    ]
    columns = {
        "_epoch": pa.array([epoch] * rows, pa.int64()),
        "_time": pa.array(times, pa.timestamp("us", "UTC")),
        "_id": [f"e{epoch}-{i}" for i in range(rows)],
        "x": pa.array([float(epoch * i) for i in range(rows)]),
    }
    if extra:
        columns[extra] = pa.array(["text"] * rows)
    for field in PREDICTIONS:
        columns.setdefault(field.name, pa.nulls(rows, field.type))
    columns["_day"] = pa.array([time.date() for time in times])
    return pa.table(columns)


@pytest.fixture
def table(tmp_path):
    """Open the table anew, with eight epochs of five rows in it."""

    def open_table():
        return Table(tmp_path / "predictions", PREDICTIONS)

    for epoch in range(1, 9):
        open_table().append(frame(epoch, 5, "late" if epoch > 4 else None), epoch)
    return open_table


def content(table):
    rows = table.read(["_epoch", "_time", "_id", "x", "late", "_day"])
    return sorted(rows.to_pylist(), key=lambda row: row["_id"])


def test_merging_leaves_a_file_a_day_and_the_same_rows(table):
    before = content(table())
    assert merge(table()) == (24, 3)
    assert content(table()) == before
    assert table().files_of_days() == dict.fromkeys(DAYS, 1)
    assert merge(table()) == (0, 0)


def test_what_is_new_is_told_by_the_epoch_after_merging(table):
    merge(table())
    table().append(frame(9, 2), 9)
    assert table().days_since(8) == DAYS[:2]
    assert set(table().read(["_id"], since=8)["_id"].to_pylist()) == {"e9-0", "e9-1"}
    assert table().read(["_id"], since=7).num_rows == 7


@pytest.mark.parametrize("cut_log", [False, True])
def test_an_epoch_stays_written_once_after_merging(table, cut_log):
    pinned = table()
    merge(table())
    sweep(table(), timedelta(0))
    if cut_log:
        erase_past(table())
    table().append(frame(8, 5), 8)
    assert table().epoch == 8
    assert len(content(table())) == 40
    table().append(frame(9, 5), 9)
    with pytest.raises(DeltaError):
        pinned.append(frame(9, 5), 9)
    assert len(content(table())) == 45


def test_merged_files_are_as_other_engines_expect_them(table, tmp_path):
    merge(table())
    delta = DeltaTable(str(tmp_path / "predictions"))
    protocol = delta.protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)
    assert delta.metadata().partition_columns == ["_day"]
    for path in (tmp_path / "predictions").glob("_day=*/*.parquet"):
        chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
        assert chunk.compression == "ZSTD"
    files = [uri.removeprefix("file://") for uri in delta.file_uris()]
    rows = duckdb.execute(
        "SELECT count(*), count(DISTINCT _id), sum(x) FROM read_parquet(?)", [files]
    ).fetchone()
    assert rows == (40, 40, sum(float(e * i) for e in range(1, 9) for i in range(5)))


def test_replaced_files_stay_for_a_while_and_then_go(table):
    old = table()
    assert old.days() == DAYS
    merge(table())
    assert sweep(table(), timedelta(hours=24)) == 0
    assert old.missing_files() == []
    assert sweep(table(), timedelta(0)) == 24
    assert len(old.missing_files()) == 24


def test_a_reader_whose_files_vanish_reads_the_same_rows(table):
    old = table()
    expected = content(table())
    table().append(frame(9, 5), 9)
    merge(table())
    sweep(table(), timedelta(0))
    erase_past(table())
    assert old.epoch == 8
    assert content(old) == expected
    assert old.read(["_id"], pc.field("x") > 20.0, days={DAYS[1]}).num_rows == 3


def test_a_file_that_is_missing_for_good_is_an_error_that_names_it(table):
    opened = table()
    (path, *_) = (one for one in opened.folder.glob(f"_day={DAYS[0]}/*.parquet"))
    path.unlink()
    with pytest.raises(StoreError, match=path.name):
        opened.read(["_id"])


def test_files_of_a_killed_writer_are_swept(table):
    orphan = table().folder / f"_day={DAYS[0]}/part-00000-orphan-c000.zstd.parquet"
    orphan.write_bytes(b"half a file")
    sweep(table(), timedelta(hours=24))
    assert orphan.exists()
    sweep(table(), timedelta(0))
    assert not orphan.exists()
    assert len(content(table())) == 40


def test_the_listing_holds_when_the_log_was_cleaned_by_its_library(table):
    expected = content(table())
    merge(table())
    delta = DeltaTable(str(table().folder))
    delta.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 days"})
    delta.create_checkpoint()
    delta.cleanup_metadata()
    left = sorted(path.name for path in (table().folder / "_delta_log").glob("*.json"))
    assert left[0] > "00000000000000000005.json"
    assert content(table()) == expected
    assert table().epoch == 8
    assert table().days_since(7) == DAYS
    assert merge(table()) == (0, 0)


def test_many_epochs_pass_the_checkpoints_of_the_library(tmp_path):
    for epoch in range(1, 104):
        Table(tmp_path / "t", PREDICTIONS).append(frame(epoch, 1), epoch)
    assert list((tmp_path / "t/_delta_log").glob("*.checkpoint.parquet"))
    opened = Table(tmp_path / "t", PREDICTIONS)
    assert opened.epoch == 103
    assert opened.read(["_id"]).num_rows == 103
    assert opened.read(["_id"], since=100).num_rows == 3


def test_ids_are_gone_from_rows_and_log(table):
    folder = table().folder
    ids = pa.array(["e3-1", "e1-0", "nobody"])
    held = found(table(), ids)
    assert sorted(held) == [(DAYS[0], "e1-0"), (DAYS[1], "e3-1")]
    # An id is the least or the greatest of its file, and the log says so.
    # With its quote: the name of a file may hold the same signs.
    assert any(b'"e3-1' in path.read_bytes() for path in (folder / "_delta_log").iterdir())
    remove_ids(table(), ids, {day for day, _ in held})
    erase_past(table())
    assert len(content(table())) == 38
    for path in (folder / "_delta_log").iterdir():
        raw = path.read_bytes()
        if path.suffix == ".parquet":
            raw = json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        assert b'"e3-1' not in raw
        assert b'"e1-0' not in raw
    on_disk = {str(path) for path in folder.glob("_day=*/*.parquet")}
    delta = DeltaTable(str(folder))
    assert on_disk == {uri.removeprefix("file://") for uri in delta.file_uris()}
    table().append(frame(9, 5), 9)
    assert len(content(table())) == 43


def test_rows_without_an_id_stay_when_ids_go(tmp_path):
    rows = frame(1, 6)
    rows = rows.set_column(2, "_id", pa.array(["a", None, "b", None, "c", "d"]))
    Table(tmp_path / "t", PREDICTIONS).append(rows, 1)
    opened = Table(tmp_path / "t", PREDICTIONS)
    remove_ids(opened, pa.array(["a", "c"]), DAYS)
    left = Table(tmp_path / "t", PREDICTIONS).read(["_id"])["_id"].to_pylist()
    assert sorted(left, key=str) == [None, None, "b", "d"]


def test_days_go_whole_and_an_empty_table_goes_on(table):
    remove_days_before(table(), DAYS[1])
    assert table().days() == DAYS[1:]
    remove_days_before(table(), date(2030, 1, 1))
    erase_past(table())
    assert table().days() == []
    assert table().read(["_id", "x"]).num_rows == 0
    assert not list(table().folder.glob("_day=*"))
    assert table().epoch == 8
    table().append(frame(9, 5), 9)
    assert len(content(table())) == 5


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.integers(1, 6)),
            st.tuples(st.sampled_from(["merge", "sweep", "erase"]), st.none()),
            st.tuples(st.just("forget"), st.integers(0, 5)),
        ),
        max_size=8,
    )
)
def test_rows_are_exact_after_any_order_of_work(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("steps") / "t"
    expected, epoch = set(), 0
    for step, argument in steps:
        opened = Table(folder, PREDICTIONS)
        if step == "append":
            epoch += 1
            rows = frame(epoch, argument)
            opened.append(rows, epoch)
            expected |= set(rows["_id"].to_pylist())
        elif step == "merge":
            merge(opened)
        elif step == "sweep":
            sweep(opened, timedelta(0))
        elif step == "erase":
            erase_past(opened)
        else:
            gone = {f"e{one}-{argument}" for one in range(1, epoch + 1)}
            remove_ids(opened, pa.array(sorted(gone), pa.string()), DAYS)
            expected -= gone
        left = Table(folder, PREDICTIONS)
        assert sorted(left.read(["_id"])["_id"].to_pylist()) == sorted(expected)
        assert left.epoch == epoch
