"""The process that runs SQL: ``python -m whence.view.engine DESCRIPTOR``.

DuckDB is given the tables as Arrow datasets and is then shut off from files, network and
extensions; only statements that read are taken. It stops by itself when the time is over and at
its own limit of memory, where it looks; whoever started this process, and the limit that the
system sets it, hold in any case.
"""

from __future__ import annotations

import math
import os
import resource
import sys
import threading
import time
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import msgspec
import pyarrow as pa

from whence.errors import BadInput
from whence.store.folder import StoreFolder
from whence.view.asked import Answered, List, Question, Run, SqlTable, too_long
from whence.work.child import reply

if TYPE_CHECKING:
    from whence.store.tables import Table

MOST_MEMORY = "1GB"
"""DuckDB's own limit; it says so politely."""

MOST_DATA = 2 * 2**30
"""Bytes that the process may take beyond what it has at its start: DuckDB's, and as much again for
Arrow and for the answer."""

MOST_KEPT = 2**28
"""Bytes beyond its start with which the process is not kept: the next query wants its own."""

MOST_ANSWER = 64 * 2**20
"""Bytes of an answer, which the server must hold."""

_POLITENESS = 5
"""What is added to the nice value: behind the pages, before the jobs."""

_READING = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})


def main(descriptor: str) -> None:
    """Answer queries, with as much memory as a query may have."""
    os.nice(_POLITENESS)
    import_module("whence.store.tables")  # half a second, which is not the first query's
    start = _data()
    # Where the system does not tell what we have, DuckDB's own limit must do.
    if start:
        resource.setrlimit(resource.RLIMIT_DATA, (start + MOST_DATA, start + MOST_DATA))
    questions = msgspec.msgpack.Decoder(Question)
    reply(
        int(descriptor),
        lambda question: _answer(questions.decode(question)),
        lambda: _data() > start + MOST_KEPT,
    )


def _data() -> int:
    """Return the bytes of memory that this process has taken; 0 where the system does not tell."""
    told = Path("/proc/self/statm")
    # proc_pid_statm(5): the sixth number is data and stack, in pages.
    pages = int(told.read_text("ascii").split()[5]) if told.exists() else 0
    return pages * resource.getpagesize()


def _answer(question: Question) -> bytes:
    store = StoreFolder(Path(question.store))
    try:
        with _connect(store) as connection:
            if isinstance(question, List):
                return msgspec.msgpack.encode(_tables(connection, store))
            content = msgspec.msgpack.encode(_run(connection, question))
    except MemoryError as error:
        raise BadInput(
            "the query cannot be answered: it wants more memory than a query may have; ask for "
            "fewer days or columns"
        ) from error
    finally:
        store.metadata.close()
    if len(content) > MOST_ANSWER:
        raise BadInput(
            f"the answer has {len(content) / 2**20:,.0f} MB, {MOST_ANSWER / 2**20:,.0f} MB are the "
            "most; ask for fewer or shorter columns, or add a LIMIT"
        )
    return content


def _tables(connection: duckdb.DuckDBPyConnection, store: StoreFolder) -> list[SqlTable]:
    return [
        SqlTable(
            name,
            f'"{name}"',
            [(column, kind) for column, kind, *_ in connection.execute(
                f'DESCRIBE "{name}"').fetchall()],
        )
        for name in _present(store)
    ]  # fmt: skip


def _run(connection: duckdb.DuckDBPyConnection, asked: Run) -> Answered:
    begun = time.perf_counter()
    stop = threading.Timer(asked.seconds, connection.interrupt)
    stop.daemon = True
    try:
        (statement,) = _statements(connection, asked.sql)
        stop.start()
        found = connection.sql(statement.query)
        names, types = found.columns, [str(one) for one in found.types]
        # By way of Arrow: DuckDB's own values of times with a zone need one more package.
        taken = _first(found.to_arrow_reader(asked.rows + 1), asked.rows + 1)
    except duckdb.InterruptException as error:
        raise BadInput(too_long(asked.seconds)) from error
    except (duckdb.Error, pa.ArrowException, OSError, OverflowError, ValueError) as error:
        # What goes wrong while rows are fetched comes by way of Arrow.
        if "INTERRUPT" in str(error):
            raise BadInput(too_long(asked.seconds)) from error
        raise BadInput(f"the query cannot be answered: {error}") from error
    finally:
        stop.cancel()
    return Answered(
        columns=names,
        types=types,
        rows=[[_plain(value) for value in row] for row in taken[: asked.rows]],
        truncated=len(taken) > asked.rows,
        seconds=time.perf_counter() - begun,
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
    for name, table in _present(store).items():
        connection.register(name, table.as_dataset())
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _present(store: StoreFolder) -> dict[str, Table]:
    """Return the tables that hold anything, by their name in SQL."""
    found = {}
    for model in store.models():
        for what, table in (("predictions", store.predictions(model)),
                            ("labels", store.labels(model))):  # fmt: skip
            if table.epoch:
                found[f"{model}.{what}"] = table
    return found


def _plain(value: object) -> str | float | bool | None:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (str, bool, int)) or value is None else str(value)


if __name__ == "__main__":
    main(*sys.argv[1:])
