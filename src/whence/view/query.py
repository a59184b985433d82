"""SQL over the store's tables, which can neither write nor leave the store.

DuckDB is given the tables as Arrow datasets and is then shut off from files, network and
extensions; only statements that read are taken. A query is stopped after a while, and gets no
more memory than it is allowed.
"""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import duckdb
import msgspec
import pyarrow as pa

from whence.errors import BadInput
from whence.types.pages import SqlResult

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["SqlTable", "run", "tables"]

MOST_ROWS = 10_000
MOST_SECONDS = 30.0
MOST_MEMORY = "1GB"

_AT_ONCE = threading.BoundedSemaphore(2)
"""Queries answered at a time; others wait, so that they never take all of a server's threads."""

_READING = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})


class SqlTable(msgspec.Struct, frozen=True):
    """One table: its name in SQL, and its columns as (name, type)."""

    name: str
    sql: str
    columns: list[tuple[str, str]]


def tables(store: StoreFolder) -> list[SqlTable]:
    """Return the tables that a query may read."""
    with _connect(store) as connection:
        return [
            SqlTable(
                name,
                f'"{name}"',
                [(column, kind) for column, kind, *_ in connection.execute(
                    f'DESCRIBE "{name}"').fetchall()],
            )
            for name in _names(store)
        ]  # fmt: skip


def run(
    store: StoreFolder, sql: str, *, seconds: float = MOST_SECONDS, rows: int = MOST_ROWS
) -> SqlResult:
    """Return the answer of one query.

    Parameters
    ----------
    seconds
        It is stopped after that long.
    rows
        At most that many are returned.

    Raises
    ------
    BadInput
        If it is no single statement that reads, is wrong, or took too long or too much memory.
    """
    with _AT_ONCE, _connect(store) as connection:
        begun = time.perf_counter()
        stop = threading.Timer(seconds, connection.interrupt)
        stop.daemon = True
        try:
            (statement,) = _statements(connection, sql)
            stop.start()
            found = connection.sql(statement.query)
            names, types = found.columns, [str(one) for one in found.types]
            # By way of Arrow: DuckDB's own values of times with a zone need one more package.
            taken = _first(found.to_arrow_reader(rows + 1), rows + 1)
        except duckdb.InterruptException as error:
            raise BadInput(_too_long(seconds)) from error
        except (duckdb.Error, pa.ArrowException, OSError, OverflowError, ValueError) as error:
            # What goes wrong while rows are fetched comes by way of Arrow.
            if "INTERRUPT" in str(error):
                raise BadInput(_too_long(seconds)) from error
            raise BadInput(f"the query cannot be answered: {error}") from error
        finally:
            stop.cancel()
    return SqlResult(
        columns=names,
        types=types,
        rows=[[_plain(value) for value in row] for row in taken[:rows]],
        truncated=len(taken) > rows,
        seconds=time.perf_counter() - begun,
    )


def _too_long(seconds: float) -> str:
    return (
        f"the query took longer than {seconds:g} s and was stopped; ask for fewer days or columns"
    )


def _first(reader: pa.RecordBatchReader, rows: int) -> list[tuple[object, ...]]:
    """Return the first rows of an answer."""
    taken: list[tuple[object, ...]] = []
    for batch in reader:
        columns = [column.to_pylist() for column in batch.slice(0, rows - len(taken)).columns]
        taken += zip(*columns, strict=True)
        if len(taken) >= rows:
            break
    return taken


def _statements(connection: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    found = connection.extract_statements(sql)
    if len(found) != 1:
        raise BadInput(f"there are {len(found)} statements; give one")
    if found[0].type not in _READING:
        raise BadInput(
            f"a {found[0].type.name} statement is not allowed here; the page only reads: SELECT"
        )
    return found


def _connect(store: StoreFolder) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        config={
            "memory_limit": MOST_MEMORY,
            "temp_directory": "",
            "threads": "1",
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    for model in store.models():
        for what, table in (("predictions", store.predictions(model)),
                            ("labels", store.labels(model))):  # fmt: skip
            if table.epoch:
                connection.register(f"{model}.{what}", table.as_dataset())
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _names(store: StoreFolder) -> list[str]:
    return [
        f"{model}.{what}"
        for model in store.models()
        for what, table in (("predictions", store.predictions(model)),
                            ("labels", store.labels(model)))
        if table.epoch
    ]  # fmt: skip


def _plain(value: object) -> str | float | bool | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (str, bool, int)) or value is None else str(value)
