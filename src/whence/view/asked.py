"""What goes between a server and the process that runs its SQL."""

from __future__ import annotations

from typing import Any

import msgspec

from whence.types.pages import SqlResult

__all__ = ["Answered", "List", "Question", "Run", "SqlTable", "too_long"]


class SqlTable(msgspec.Struct, frozen=True):
    """One table: its name, how SQL writes it, and its columns as (name, type)."""

    name: str
    sql: str
    columns: list[tuple[str, str]]


class Run(msgspec.Struct, frozen=True, tag="run"):
    """One query: the store's folder, and the most seconds and rows that it may take."""

    store: str
    sql: str
    seconds: float
    rows: int


class List(msgspec.Struct, frozen=True, tag="list"):
    """The tables of a store."""

    store: str


Question = Run | List


class Answered(msgspec.Struct, frozen=True):
    """The answer of a query, whose values stay as they are: `SqlResult` would make 1 to 1.0."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    truncated: bool
    seconds: float

    def result(self) -> SqlResult:
        """Return it as the pages show it."""
        return SqlResult(
            columns=self.columns,
            types=self.types,
            rows=self.rows,
            truncated=self.truncated,
            seconds=self.seconds,
        )


def too_long(seconds: float) -> str:
    """Return what is said of a query that was stopped."""
    return (
        f"the query took longer than {seconds:g} s and was stopped; ask for fewer days or columns"
    )
