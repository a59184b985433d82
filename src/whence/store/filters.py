"""Filters and orders: MLflow's search language, which is Whence's own too.

::

    metrics.accuracy > 0.9 and params."learning rate" = '0.1' and tags.`a b` ILIKE '%x%'
    attributes.status IN ('FINISHED', 'FAILED') AND run_name != "baseline"
    metrics.accuracy DESC        (an order)

A filter is comparisons with AND between them; there is no OR and there are no parentheses around
them. A comparison names a kind and a key (without a kind: an attribute), an operator and a value.
Keys that are not plain words stand in double quotes or backticks, texts in single or double
quotes; the quote itself is written twice inside. Words of the language may be in small letters.

The interface, for everything that is searched::

    from whence.store import grammars
    from whence.store.filters import Condition, FilterError, Order, parse, parse_order, parse_orders

    parse("metrics.acc > 0.9", grammars.RUNS)
        -> (Condition(kind="metric", key="acc", operator=">", value=0.9),)
    parse_orders(["metrics.acc DESC", "start_time"], grammars.RUNS)
        -> (Order(kind="metric", key="acc", descending=True),
            Order(kind="attribute", key="start_time", descending=False))

What is searched is a `Grammar` (store/grammars.py): `RUNS`, `EXPERIMENTS`, `REGISTERED_MODELS`,
`MODEL_VERSIONS`, `LOGGED_MODELS`, `TRACES`. Aliases are gone from conditions: kinds are
``"metric"``, ``"parameter"``, ``"tag"``, ``"attribute"``, ``"dataset"``..., keys of attributes
their first names, operators in capitals and checked against the grammar. Values are a text, a
number, a tuple of texts (IN, NOT IN) or None (IS NULL, IS NOT NULL).

SQL of a condition: ``compare(expression, operator, value)`` and ``having(...)`` of
store/filter_sql.py. Page tokens: ``offset_of(token)`` and ``token_of(offset)`` of store/paging.py.

Every text that cannot be used raises `FilterError`, a `BadInput`. Its `reason` is the sentence of
MLflow, whose clients look for it; as a text it says also where, and what to write instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from whence.errors import BadInput
from whence.store.conditions import (
    Condition,
    FilterError,
    Order,
    Value,
    written,
    written_key,
    written_order,
)
from whence.store.filter_tokens import (
    Token,
    cut,
    is_in,
    key_of,
    number_of,
    quoted,
    tokens,
    unquoted,
)
from whence.store.grammars import NUMBERS, Operator, shown
from whence.types.time import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from whence.store.grammars import Field, Grammar, Kind

__all__ = [
    "Condition",
    "FilterError",
    "Order",
    "Value",
    "parse",
    "parse_order",
    "parse_orders",
    "written",
    "written_order",
]

_MOST_CONDITIONS = 200
"""SQLite takes expressions 1,000 deep; a condition is at most four deep."""

_LONGEST_PATTERN = 10_000
"""SQLite takes patterns of 50,000 bytes, and a character of one is up to four there."""


def parse(text: str | None, grammar: Grammar) -> tuple[Condition, ...]:
    """Return the conditions of a filter; none if it is empty.

    Raises
    ------
    FilterError
        If it cannot be used.
    """
    return _Parser(text or "", grammar).filter()


def parse_order(clause: str, grammar: Grammar) -> Order:
    """Return one order: a key, and ``ASC`` or ``DESC`` after it.

    Raises
    ------
    FilterError
        If it cannot be used.
    """
    return _Parser(clause, grammar).order()


def parse_orders(clauses: Iterable[str], grammar: Grammar) -> tuple[Order, ...]:
    """Return several orders, of which none may be of the same key.

    Raises
    ------
    FilterError
        If one cannot be used.
    """
    said = list(clauses)
    found = tuple(parse_order(clause, grammar) for clause in said)
    keys = [(order.kind, order.key) for order in found]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            raise FilterError(
                f"`order_by` contains duplicate fields: {said}", said[number], 0, "leave one out"
            )
    return found


_OPERATORS = frozenset(get_args(Operator))
_RESERVED = frozenset({"AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE", "TRUE", "FALSE"})


class _Parser:
    """Reads one filter or order, from left to right."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self._text = text
        self._grammar = grammar
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise self._wrong(
                "Invalid clause(s) in filter string: no text",
                *(error.start, "this is half a character; leave it out"),
            ) from error
        self._tokens = tokens(text)
        self._next = 0

    def filter(self) -> tuple[Condition, ...]:
        """Read conditions up to the end."""
        found: list[Condition] = []
        if self._peek.sort == "end":
            return ()
        while True:
            if len(found) == _MOST_CONDITIONS:
                raise self._wrong_clause(self._peek, f"give at most {_MOST_CONDITIONS} comparisons")
            found.append(self._condition())
            between = self._take()
            if between.sort == "end":
                return tuple(found)
            if between.text == ";" and self._peek.sort != "end":
                raise self._wrong(
                    f"Search filter contained multiple expression {cut(self._text)!r}. "
                    "Provide AND-ed expression list.",
                    between.at,
                    "write AND",
                )
            if between.word != "AND":
                fix = "there is no OR; search twice" if between.word == "OR" else "write AND here"
                raise self._wrong(
                    f"Invalid clause(s) in filter string: '{cut(between.text)}'", between.at, fix
                )

    def order(self) -> Order:
        """Read a key and perhaps ASC or DESC."""
        said, way, end = self._take(), self._take(), self._peek
        if said.sort != "name" or (way.sort != "end" and end.sort != "end"):
            raise self._wrong(
                f"Invalid order_by clause '{cut(self._text)}'. Could not be parsed.",
                *(said.at, "write one key, with DESC after it for the largest first"),
            )
        if way.sort != "end" and way.word not in {"ASC", "DESC"}:
            raise self._wrong(
                f"Invalid ordering key in order_by clause '{cut(self._text)}'.",
                *(way.at, "write ASC or DESC, or nothing"),
            )
        kind, key, field = self._named(said, self._grammar.orders)
        return Order(kind.name, field.name or key, way.word == "DESC")

    @property
    def _peek(self) -> Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def _take(self) -> Token:
        token = self._peek
        self._next += 1
        return token

    def _condition(self) -> Condition:
        said = self._take()
        if said.sort in {"number", "string"} and self._peek.sort == "operator":
            raise self._wrong(
                f"Invalid comparison clause. Expected 'Identifier' found '{cut(said.text)}'",
                *(said.at, "write the key first, as in metrics.loss < 0.1"),
            )
        if said.sort != "name" or said.word in _RESERVED:
            raise self._wrong_clause(said, "write a key, as in metrics.loss < 0.1")
        operator = self._operator(said)
        if operator.endswith("NULL"):
            kind, key, field = self._named(said, self._grammar.kinds)
            self._check_null(kind, key, field, said)
            return Condition(kind.name, field.name or key, cast("Operator", operator), None)
        value = self._value(said, operator)
        kind, key, field = self._named(said, self._grammar.kinds)
        meant = self._meant(value, kind, key, field)
        checked = self._checked(operator, field, value[0].at, meant)
        return Condition(kind.name, field.name or key, checked, meant)

    def _operator(self, said: Token) -> str:
        """Read an operator in capitals, which need not be one that there is."""
        token = self._take()
        if token.sort == "operator":
            return token.text
        word = token.word
        if word in {"IS", "NOT"}:
            words = [word, self._take().word]
            if words == ["IS", "NOT"]:
                words.append(self._take().word)
            word = " ".join(words)
        if word not in _OPERATORS:
            raise self._wrong_clause(
                said, "write a comparison after the key, as in metrics.loss < 0.1"
            )
        return word

    def _value(self, said: Token, operator: str) -> list[Token]:
        """Read a value: one piece, or those of a list with its parentheses."""
        first = self._take()
        listed = first.text == "("
        if (
            first.sort in {"end", "operator", "other"}
            or (first.sort == "mark" and not listed)
            or first.word in _RESERVED
            or (operator.endswith("IN") and not listed)
        ):
            fix = "a list" if operator.endswith("IN") else "a text in quotes, or a number,"
            raise self._wrong_clause(said, f"write {fix} after {operator}")
        found = [first]
        while listed and found[-1].text != ")":
            found.append(self._take())
            if found[-1].sort == "end":
                raise self._wrong_clause(said, "end the list with )")
        return found

    def _named(self, said: Token, kinds: Sequence[Kind]) -> tuple[Kind, str, Field]:
        """Return what an identifier means."""
        word, key = key_of(said.text)
        if word is None:
            (kind,) = (one for one in kinds if one.name == "attribute")
        else:
            kind = self._kind(word, kinds, said)
        field = kind.field or kind.fields.get(key)
        if field is None:
            reason = kind.unknown.format(kind=kind.name, key=cut(key), keys=shown(kind.fields))
            raise self._wrong(reason, said.at, self._suggestion(key, kinds))
        return kind, key, field

    def _kind(self, word: str, kinds: Sequence[Kind], said: Token) -> Kind:
        for kind in kinds:
            if word in kind.words:
                return kind
        for kind in self._grammar.kinds:
            if word in kind.words:
                raise self._wrong(
                    f"Invalid order_by entity: {kind.name}",
                    *(said.at, f"order by {' or '.join(one.words[0] for one in kinds)}"),
                )
        known = ", ".join(f"{kind.words[0]}." for kind in kinds)
        raise self._wrong(
            self._grammar.unknown.format(word=cut(word)), said.at, f"begin with one of {known}"
        )

    def _suggestion(self, key: str, kinds: Sequence[Kind]) -> str:
        ways = [written_key(kind.name, key, self._grammar) for kind in kinds if kind.field]
        return f"write {cut(' or '.join(ways))}" if ways else "write one of these"

    def _check_null(self, kind: Kind, key: str, field: Field, said: Token) -> None:
        if "IS NULL" not in field.operators:
            which = [one.words[0] for one in self._grammar.kinds
                     if one.field and "IS NULL" in one.field.operators]  # fmt: skip
            raise self._wrong(
                "IS NULL / IS NOT NULL is only supported for "
                f"{' and '.join(which) or 'nothing here'}, not for '{kind.name}' '{cut(key)}'",
                *(said.at, "compare it with a value"),
            )

    def _checked(self, operator: str, field: Field, at: int, meant: Value) -> Operator:
        """Return the operator, if it goes with the field and the value."""
        fits = operator in field.operators
        if field.type == "either" and operator not in {"=", "!="}:
            fits = fits and (operator in NUMBERS) is isinstance(meant, int | float)
        if not fits:
            raise self._wrong(
                f"Invalid comparator '{operator}' not one of '{shown(field.operators)}'",
                *(at, f"{operator} does not go with this"),
            )
        if isinstance(meant, str) and operator.endswith("LIKE") and len(meant) > _LONGEST_PATTERN:
            raise self._wrong(
                f"Invalid pattern of {len(meant):,} characters",
                *(at, f"give at most {_LONGEST_PATTERN:,}"),
            )
        return cast("Operator", operator)

    def _meant(self, value: list[Token], kind: Kind, key: str, field: Field) -> Value:
        """Return what a value means where such a field is compared with it."""
        token = value[0]
        if field.type in {"number", "integer"}:
            return self._number(value, kind, key, field)
        if token.text == "(" and "IN" in field.operators:
            return self._list(value)
        if token.sort == "string" or (token.sort == "name" and is_in(token.text, '"')):
            return self._text_of(token, field)
        if token.sort == "number" and field.type == "either":
            return number_of(token.text)
        if token.sort == "name":
            raise self._wrong(
                "Parameter value is either not quoted or unidentified quote types used for string "
                f"value {cut(token.text)}. Use either single or double quotes.",
                *(token.at, f"write {quoted(cut(token.text.strip('`')))}"),
            )
        said = self._text[token.at : value[-1].at + len(value[-1].text)]
        reason = f"{kind.expected.format(kind=kind.name)} Got value {cut(said)}"
        if token.text == "(" and kind.name == "attribute":
            lists = sorted(one for one in kind.fields if "IN" in kind.fields[one].operators)
            reason = (f"Only {lists} attributes support comparison with a list of quoted string "
                      "values.")  # fmt: skip
        raise self._wrong(reason, token.at, "write a text in quotes")

    def _number(self, value: list[Token], kind: Kind, key: str, field: Field) -> int | float:
        token = value[0]
        if token.sort != "number":
            what = "metric" if kind.name == "metric" else f"numeric {kind.name}: {cut(key)}"
            raise self._wrong(
                f"Expected numeric value type for {what}. Found {cut(token.text)}",
                *(token.at, "write a number without quotes"),
            )
        number = number_of(token.text)
        if field.type == "integer" and isinstance(number, float):
            raise self._wrong(
                f"Invalid value for numeric attribute '{key}': '{cut(token.text)}'",
                *(token.at, "write a whole number"),
            )
        return float(number) if kind.name == "metric" else number

    def _text_of(self, token: Token, field: Field) -> str:
        text = unquoted(token.text)
        if field.type == "time":
            try:
                parse_time(text)
            except (BadInput, OverflowError) as error:
                raise self._wrong(
                    f"Invalid time {cut(text)!r}: {error}",
                    *(token.at, "write it like '2026-11-23' or '2026-11-23T10:00:00Z'"),
                ) from error
        return text

    def _list(self, value: list[Token]) -> tuple[str, ...]:
        """Return the texts of a list."""
        said, start = value[1:-1], value[0].at
        words = "While parsing a list in the query, expected"
        if not said:
            raise self._wrong(
                f"{words} a non-empty list of string values, but got empty list",
                *(start, "write a text in it"),
            )
        if any(one.sort == "number" for one in said):
            shown_list = cut(self._text[start : value[-1].at + 1])
            raise self._wrong(
                f"{words} string value, punctuation, or whitespace, but got different type in "
                f"list: {shown_list}",
                *(start, "write texts in quotes"),
            )
        texts, commas = said[::2], said[1::2]
        for one in texts:
            if one.sort != "string" and not (one.sort == "name" and is_in(one.text, '"')):
                raise self._wrong_list(one)
        for one in commas:
            if one.text != ",":
                raise self._wrong_list(one)
        return tuple(unquoted(one.text) for one in texts)

    def _wrong_list(self, token: Token) -> FilterError:
        return self._wrong(
            "While parsing a list in the query, expected a non-empty list of string values, but "
            "got ill-formed list.",
            *(token.at, "write texts in quotes with commas between them"),
        )

    def _wrong_clause(self, token: Token, fix: str) -> FilterError:
        rest = cut(self._text[token.at :]) or cut(self._text)
        if any(one.text in {"'", '"', "`"} for one in self._tokens):
            fix = "a quote does not end; close it, or write a quote inside twice"
        return self._wrong(f"Invalid clause(s) in filter string: '{rest}'", token.at, fix)

    def _wrong(self, reason: str, at: int, fix: str) -> FilterError:
        return FilterError(reason, self._text, at, fix)
