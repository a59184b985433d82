"""SQL from the page reads the store's tables, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from whence.store.folder import StoreFolder
from whence.view import query

TABLE = '"team/fraud.predictions"'


@pytest.fixture
def ask(client):
    """Ask a query; the answer must have the status that is expected."""

    def run(sql, status=200):
        answer = client.post("/api/v1/sql", json={"sql": sql})
        assert answer.status_code == status, answer.text
        return answer.json()

    return run


def test_it_reads_the_tables(ask, client, logged):
    store, rows = logged
    (table,) = client.get("/api/v1/tables").json()
    assert table["sql"] == TABLE
    found = ask(f"SELECT shop, count(*) AS n, avg(x) FROM {TABLE} GROUP BY shop ORDER BY shop")
    assert found["columns"] == ["shop", "n", "avg(x)"]
    files = [str(path) for path in store.glob("tables/*/predictions/_day=*/*.parquet")]
    with duckdb.connect() as connection:
        expected = connection.execute(
            "SELECT shop, count(*), avg(x) FROM read_parquet(?) GROUP BY shop ORDER BY shop",
            [files],
        ).fetchall()
    assert [tuple(row[:2]) for row in found["rows"]] == [row[:2] for row in expected]
    assert [row[2] for row in found["rows"]] == pytest.approx([row[2] for row in expected])
    assert sum(row[1] for row in found["rows"]) == len(rows)


def test_every_kind_of_value_can_be_shown(ask, logged):
    _, rows = logged
    found = ask(f"SELECT * FROM {TABLE} ORDER BY _time, _id LIMIT 1")
    row = dict(zip(found["columns"], found["rows"][0], strict=True))
    assert row["_time"] == rows[0]["ts"].isoformat()
    assert row["_day"] == "2023-09-01"
    odd = ask(
        "SELECT 1.5::decimal(4,1), [1, 2], {'a': NULL}, 'x'::blob, interval 1 day, 'nan'::float"
    )
    assert len(odd["rows"][0]) == len(odd["types"]) == 6
    assert odd["rows"][0][-1] is None
    assert ask("SELECT 1 WHERE false")["rows"] == []
    assert "Projection" in str(ask(f"EXPLAIN SELECT x + 1 FROM {TABLE}")["rows"])


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SELECT * FROM '/etc/passwd'", "cannot be answered"),
        ("SELECT * FROM read_text('https://example.com')", "disabled"),
        ("SELECT * FROM glob('/*')", "disabled"),
        ("SELECT getenv('HOME')", "cannot be answered"),
        ("COPY (SELECT 1) TO '/tmp/out.csv'", "not allowed"),
        ("ATTACH '/tmp/other.db'", "not allowed"),
        ("INSTALL httpfs", "not allowed"),
        ("SET enable_external_access = true", "not allowed"),
        ("CREATE TABLE t (x INTEGER)", "not allowed"),
        (f"DELETE FROM {TABLE}", "not allowed"),
        ("SELECT 1; SELECT 2", "2 statements; give one"),
        ("", "0 statements; give one"),
        ("SELEC 1", "cannot be answered"),
        ("SELECT CAST(CASE WHEN i = 9000 THEN 'x' ELSE '1' END AS INT) FROM range(20000) t(i)",
         "cannot be answered"),
        ("SELECT TIMESTAMP '290000-01-01'", "cannot be answered"),
        ("SELECT nobody FROM nothing", "cannot be answered"),
    ],
)  # fmt: skip
def test_it_does_nothing_else(ask, sql, says):
    assert says in ask(sql, 400)["error"]


def test_names_of_the_program_are_no_tables(ask):
    for name in ("store", "connection", "sql"):
        assert "cannot be answered" in ask(f"SELECT * FROM {name}", 400)["error"]


def test_many_rows_are_cut_and_said_so(ask):
    found = ask("SELECT * FROM range(20000)")
    assert len(found["rows"]) == 10_000
    assert found["truncated"]


def test_a_long_query_is_stopped(logged):
    store, _ = logged
    with pytest.raises(query.BadInput, match=r"longer than 0\.2 s and was stopped"):
        query.run(
            StoreFolder(store),
            "SELECT sum(a.range * b.range) FROM range(9999999) a, range(9999999) b",
            seconds=0.2,
        )


def test_a_greedy_query_is_told_of_its_limit(ask):
    sql = "SELECT list(range) FROM range(400000000)"
    assert "cannot be answered" in ask(sql, 400)["error"]
    assert ask("SELECT 1")["rows"] == [[1]]


def test_a_query_that_never_looks_up_is_killed(logged):
    store, _ = logged
    # Within one value DuckDB does not see that it is told to stop; it would take minutes.
    endless = "SELECT levenshtein(repeat('a', 1000000), repeat('b', 1000000))"
    with pytest.raises(query.BadInput, match=r"longer than 0\.1 s and was stopped"):
        query.run(StoreFolder(store), endless, seconds=0.1)
    assert query.run(StoreFolder(store), "SELECT 1").rows == [[1]]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT length(repeat('x', 3000000000))", "cannot be answered"),
        ("SELECT len(range(300000000))", "cannot be answered"),
        ("SELECT repeat('x', 70000000)", "64 MB are the most"),
    ],
)
def test_one_huge_value_takes_no_memory_of_the_server(ask, client, sql, says):
    assert says in ask(sql, 400)["error"]
    assert ask("SELECT 1")["rows"] == [[1]]
    peak = next(
        line
        for line in Path(f"/proc/{client.process.pid}/status").read_text("ascii").splitlines()
        if line.startswith("VmHWM:")
    )
    assert int(peak.split()[1]) < 512 * 1024


def test_values_keep_their_types(ask):
    (row,) = ask("SELECT 1, 1.0::double, true, 18446744073709551615::ubigint, 'x', NULL")["rows"]
    assert [type(value) for value in row] == [int, float, bool, int, str, type(None)]
    assert row == [1, 1.0, True, 2**64 - 1, "x", None]


def test_queries_that_wait_do_not_hold_up_the_pages(client):
    slow = {"sql": "SELECT levenshtein(repeat('a', 20000), repeat('b', 20000))"}
    with ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(client.post, "/api/v1/sql", json=slow) for _ in range(60)]
        assert client.get("/api/v1/models", timeout=60).status_code == 200
        answers = [one.result() for one in asked]
    assert {one.status_code for one in answers} == {200, 503}
    busy = next(one for one in answers if one.status_code == 503)
    assert "ask again in a moment" in busy.json()["error"]
