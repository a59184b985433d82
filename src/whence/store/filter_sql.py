"""Comparisons of filters as SQL for SQLite, with the values beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from whence.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whence.store.conditions import Value
    from whence.store.grammars import Operator

__all__ = ["Clause", "compare", "every", "having"]

_AS_IN_SQL = frozenset({"=", "!=", ">", ">=", "<", "<="})


class Clause(NamedTuple):
    """A piece of SQL and the values of its question marks, in order."""

    sql: str
    values: tuple[object, ...] = ()


def compare(
    expression: str, operator: Operator, value: Value, given: tuple[object, ...] = ()
) -> Clause:
    """Return a comparison of an SQL expression with a value.

    LIKE tells capitals from small letters, ILIKE does not (of ASCII's). What is NULL fits nothing
    but IS NULL.

    Parameters
    ----------
    expression
        Of our own words: it becomes part of the SQL as it is.
    given
        The values of the expression's own question marks.
    """
    if operator in _AS_IN_SQL:
        return Clause(f"{expression} {operator} ?", (*given, value))
    if operator in {"IS NULL", "IS NOT NULL"}:
        return Clause(f"{expression} {operator}", given)
    if isinstance(value, tuple):
        listed = msgspec.json.encode(value).decode()
        among = f"{expression} {operator} (SELECT value FROM json_each(?))"  # noqa: S608 - of our own words
        return Clause(among, (*given, listed))
    if operator == "ILIKE":
        return Clause(f"{expression} LIKE ?", (*given, value))
    if operator == "LIKE":
        # SQLite's LIKE is MLflow's ILIKE; GLOB tells capitals from small letters.
        return Clause(f"{expression} GLOB ?", (*given, _glob(str(value))))
    raise BadInput(f"{operator} is not searched for here; use LIKE or ILIKE")


def having(
    rows: str, key: str, operator: Operator, value: Value, expression: str = "value"
) -> Clause:
    """Return a comparison with the value of a key in a table of keys and values.

    Parameters
    ----------
    rows
        The table and which rows of it are meant: ``"tags WHERE tags.run = runs.id"``. What has no
        such key fits only IS NULL.
    key
        The key.
    expression
        What of a row is compared.
    """
    if value is None:
        no = "NOT " if operator == "IS NULL" else ""
        return Clause(f"{no}EXISTS (SELECT 1 FROM {rows} AND key = ?)", (key,))  # noqa: S608 - of our own words
    test = compare(expression, operator, value)
    return Clause(
        f"EXISTS (SELECT 1 FROM {rows} AND key = ? AND {test.sql})",  # noqa: S608 - of our own words
        (key, *test.values),
    )


def every(clauses: Iterable[Clause]) -> Clause:
    """Return that all clauses hold; true if there are none."""
    kept = list(clauses)
    return Clause(
        " AND ".join(f"({one.sql})" for one in kept) or "1",
        tuple(value for one in kept for value in one.values),
    )


def _glob(pattern: str) -> str:
    """Return a pattern of LIKE as one of GLOB."""
    meant = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(meant.get(one, one) for one in pattern)
