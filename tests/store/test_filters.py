"""The language of filters: what it means, what it refuses and where, and that it can be written."""

import base64
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whence.errors import BadInput
from whence.store import grammars
from whence.store.filter_sql import compare
from whence.store.filters import (
    Condition,
    FilterError,
    Order,
    parse,
    parse_order,
    parse_orders,
    written,
    written_order,
)
from whence.store.paging import offset_of, token_of

ALL = [
    grammars.RUNS,
    grammars.OWN_RUNS,
    grammars.EXPERIMENTS,
    grammars.REGISTERED_MODELS,
    grammars.MODEL_VERSIONS,
    grammars.LOGGED_MODELS,
    grammars.TRACES,
]
of_any = pytest.mark.parametrize("grammar", ALL, ids=lambda grammar: grammar.about)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("metrics.acc > 0.9", [("metric", "acc", ">", 0.9)]),
        ("metric.acc>=-1e3", [("metric", "acc", ">=", -1000.0)]),
        ("metrics.val/loss-2 < .5", [("metric", "val/loss-2", "<", 0.5)]),
        ("`metrics`.`a b` != 1", [("metric", "a b", "!=", 1.0)]),
        ("params.\"learning rate\" = '0.1'", [("parameter", "learning rate", "=", "0.1")]),
        ('param.m = "it\'s"', [("parameter", "m", "=", "it's")]),
        ("parameters.m = 'it''s'", [("parameter", "m", "=", "it's")]),
        ("tags.a.b.c ilike '%x%'", [("tag", "a.b.c", "ILIKE", "%x%")]),
        ("tag.x is  not\n null", [("tag", "x", "IS NOT NULL", None)]),
        ("run_id not in ('a', \"b\")", [("attribute", "run_id", "NOT IN", ("a", "b"))]),
        ("attr.Created <= 5", [("attribute", "start_time", "<=", 5)]),
        ("`Run name` LIKE 'x'", [("attribute", "run_name", "LIKE", "x")]),
        ("dataset.name = 'd' AND run.status = 'FAILED'",
         [("dataset", "name", "=", "d"), ("attribute", "status", "=", "FAILED")]),
        (f"metrics.x > {10**400}", [("metric", "x", ">", float("inf"))]),
        (f"start_time > {10**30}", [("attribute", "start_time", ">", 1e30)]),
        (" \n", []),
        ("", []),
        (None, []),
    ],
)  # fmt: skip
def test_what_a_filter_of_runs_means(text, meant):
    assert parse(text, grammars.RUNS) == tuple(Condition(*one) for one in meant)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("params.lr >= 0.1", ("parameter", "lr", ">=", 0.1)),
        ("params.lr = '0.1'", ("parameter", "lr", "=", "0.1")),
        ("params.opt IN ('a')", ("parameter", "opt", "IN", ("a",))),
        ("name = 'x'", ("attribute", "run_name", "=", "x")),
        ("started > '2026-11-23'", ("attribute", "started", ">", "2026-11-23")),
        ("ended IS NULL", ("attribute", "ended", "IS NULL", None)),
    ],
)
def test_our_own_filters_know_more(text, meant):
    assert parse(text, grammars.OWN_RUNS) == (Condition(*meant),)
    with pytest.raises(FilterError):
        parse(text if "'0.1'" not in text else "params.lr = 0.1", grammars.RUNS)


@pytest.mark.parametrize(
    ("text", "reason", "at", "fix"),
    [
        ("acc > 0.9", "Invalid attribute key 'acc' specified. Valid keys", 0, "metrics.acc"),
        ("m.acc > 0.9", "Invalid entity type 'm'. Valid values are ['metric', ", 0, "metrics."),
        ("metrics.a > 1 OR metrics.b > 2", "Invalid clause(s) in filter string: 'OR'", 14, "no OR"),
        ("metrics.a > 1 metrics.b > 2", "Invalid clause(s) in filter string", 14, "AND"),
        ("(metrics.a > 1)", "Invalid clause(s) in filter string", 0, "write a key"),
        ("metrics.a > 1 AND", "Invalid clause(s) in filter string", 17, "write a key"),
        ("metrics.a >", "Invalid clause(s) in filter string", 0, "after >"),
        ("params.a = 'x", "Invalid clause(s) in filter string", 0, "quote does not end"),
        ("params.a = true", "Invalid clause(s) in filter string", 0, "a text in quotes"),
        ("status IS 'x'", "Invalid clause(s) in filter string", 0, "a comparison"),
        ("metrics.a > 1; metrics.b > 2", "Search filter contained multiple expression", 13, "AND"),
        ("metrics.a = 'x'", "Expected numeric value type for metric. Found 'x'", 12, "number"),
        ("start_time = 'x'", "Expected numeric value type for numeric attribute: start_time", 13,
         "number"),
        ("params.a = x", "Parameter value is either not quoted or unidentified quote types", 11,
         "write 'x'"),
        ("params.a = 5", "Expected a quoted string value for parameter (e.g. 'my-value')", 11,
         "in quotes"),
        ("status = 5", "Expected a quoted string value for attributes. Got value 5", 9, "quotes"),
        ("1.0 > metrics.a", "Invalid comparison clause. Expected 'Identifier' found '1.0'", 0,
         "the key first"),
        ("metrics.a IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params,", 0,
         "a value"),
        ("params.a > 'x'", "Invalid comparator '>' not one of '{'!=', '='", 11, "does not go"),
        ("metrics.a ~ 1", "Invalid comparator '~' not one of", 12, "does not go"),
        ("dataset.kind = 'x'", "Invalid dataset key 'kind' specified", 0, "metrics.kind"),
        ("run_id IN ()", "While parsing a list in the query, expected a non-empty", 10, "text"),
        ("run_id IN (1)", "While parsing a list in the query, expected string", 10, "quotes"),
        ("run_id IN ('a' 'b')", "While parsing a list in the query, expected a non-empty", 15,
         "commas"),
        ("tags.a = '\ud800'", "Invalid clause(s) in filter string", 10, "half a character"),
        (f"tags.a LIKE '{'x' * 10_001}'", "Invalid pattern of 10,001 characters", 12, "10,000"),
        (" AND ".join(["metrics.a > 1"] * 201), "Invalid clause(s) in filter string", 3600, "200"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why_where_and_what_to_write(text, reason, at, fix):
    with pytest.raises(FilterError) as raised:
        parse(text, grammars.RUNS)
    assert raised.value.reason.startswith(reason)
    assert raised.value.at == at
    told = str(raised.value)
    assert told.startswith(raised.value.reason)
    assert fix in told.removeprefix(raised.value.reason)
    assert "at the end" in told if at == len(text) else f"at character {at + 1}, " in told
    assert len(told) < 700


def test_a_time_that_is_none_is_refused():
    with pytest.raises(FilterError, match="Invalid time 'soon'"):
        parse("started > 'soon'", grammars.OWN_RUNS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "attributes.name = 'x'",
            "Invalid entity type 'attributes'. Valid entity types are ('attr",
        ),
        ("creation_time > 1.5", "Invalid value for numeric attribute 'creation_time': '1.5'"),
        (
            "tags.x IS NULL AND name IS NULL",
            "IS NULL / IS NOT NULL is only supported for tags, not",
        ),
        ("name IN ('x')", "Only ['experiment_id'] attributes support comparison with a list"),
    ],
)
def test_what_filters_of_experiments_refuse(text, reason):
    with pytest.raises(FilterError) as raised:
        parse(text, grammars.EXPERIMENTS)
    assert raised.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("clause", "order"),
    [
        ("metrics.acc DESC", ("metric", "acc", True)),
        ("metrics.`a b` asc", ("metric", "a b", False)),
        ("attributes.start_time", ("attribute", "start_time", False)),
        ("Created desc", ("attribute", "start_time", True)),
    ],
)
def test_orders(clause, order):
    assert parse_order(clause, grammars.RUNS) == Order(*order)


@pytest.mark.parametrize(
    ("clause", "reason"),
    [
        ("", "Invalid order_by clause ''. Could not be parsed."),
        ("metrics.a, metrics.b", "Invalid order_by clause 'metrics.a, metrics.b'. Could not be"),
        ("'x'", "Invalid order_by clause ''x''. Could not be parsed."),
        ("metrics.a down", "Invalid ordering key in order_by clause 'metrics.a down'."),
        ("nothing", "Invalid attribute key 'nothing' specified. Valid keys are"),
        ("x.y", "Invalid entity type 'x'."),
        ("dataset.name", "Invalid order_by entity: dataset"),
    ],
)
def test_orders_that_cannot_be_used(clause, reason):
    with pytest.raises(FilterError) as raised:
        parse_order(clause, grammars.RUNS)
    assert raised.value.reason.startswith(reason)


def test_an_order_says_each_key_once():
    assert len(parse_orders(["metrics.a", "params.a"], grammars.RUNS)) == 2
    with pytest.raises(FilterError, match="`order_by` contains duplicate fields"):
        parse_orders(["start_time", "name DESC", "created"], grammars.OWN_RUNS)


PIECES = st.sampled_from(
    ["metrics", "params", "tags", "attributes", "dataset", "span", ".", "acc", "`a b`", '"a b"',
     "'x'", '"x"', "5", "1.5", "-3", "(", ")", ",", ";", "=", "!=", ">", "~", "LIKE", "IN", "NOT",
     "IS", "NULL", "AND", "OR", "ASC", "DESC", "'", '"', "`", " ", " ", " ", "name", "status",
     "started", "run_id", "creation_time"]
)  # fmt: skip
TEXTS = st.text() | st.lists(PIECES, max_size=14).map("".join)


@of_any
@settings(deadline=None, max_examples=50)
@given(text=TEXTS)
@example(text="tags.a = 'x' AND " * 300)
@example(text="'" * 1001)
@example(text="`" * 1001 + ".")
def test_any_text_is_a_filter_or_is_refused(grammar, text):
    for read in (parse, parse_order):
        at = 0
        try:
            read(text, grammar)
        except FilterError as error:
            at = error.at
        assert 0 <= at <= len(text)


def fields(kind):
    """Return how keys of a kind are drawn: with what it holds."""
    if kind.field is not None:
        return st.tuples(st.text(), st.just(kind.field))
    return st.sampled_from([(field.name, field) for field in kind.fields.values()])


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


def value_of(field, operator, kind):
    listed = st.lists(st.text(), min_size=1).map(tuple)
    if operator.endswith("NULL"):
        return st.none()
    if operator.endswith("IN"):
        return listed
    if field.type == "time":
        return st.datetimes().map(lambda when: when.isoformat() + "Z")
    if field.type == "integer":
        return st.integers(-(10**17), 10**17)
    if field.type == "number" or operator in {">", ">=", "<", "<="}:
        return NUMBERS if kind.name == "metric" else NUMBERS | st.integers(-(10**17), 10**17)
    return st.text()


@st.composite
def conditions(draw, grammar):
    kind = draw(st.sampled_from(grammar.kinds))
    key, field = draw(fields(kind))
    operator = draw(st.sampled_from(sorted(field.operators - {"RLIKE"})))
    return Condition(kind.name, key, operator, draw(value_of(field, operator, kind)))


@of_any
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_what_is_written_is_read_as_what_it_was(grammar, data):
    drawn = tuple(data.draw(st.lists(conditions(grammar), max_size=4)))
    assert parse(written(drawn, grammar), grammar) == drawn


@of_any
@settings(deadline=None, max_examples=50)
@given(data=st.data())
def test_a_written_order_is_read_as_what_it_was(grammar, data):
    kind = data.draw(st.sampled_from(grammar.orders))
    key, _ = data.draw(fields(kind))
    order = Order(kind.name, key, data.draw(st.booleans()))
    assert parse_order(written_order(order, grammar), grammar) == order


@given(st.integers(1, 2**63 - 1))
def test_page_tokens(offset):
    assert offset_of(token_of(offset)) == offset
    assert json.loads(base64.b64decode(token_of(offset))) == {"offset": offset}


def test_no_token_is_the_first_page():
    assert (offset_of(""), offset_of(None)) == (0, 0)


@given(st.text(min_size=1) | st.binary(min_size=1).map(lambda raw: base64.b64encode(raw).decode()))
@example("zzz")
@example(base64.b64encode(b'{"offset": "x"}').decode())
@example(base64.b64encode(b'{"offset": 1e400}').decode())
@example(base64.b64encode(b"[" * 100_000).decode())
def test_what_is_no_token_is_refused(token):
    found, said = 1, "Invalid page token"
    try:
        found = offset_of(token)
    except BadInput as error:
        said = str(error)
    assert 1 <= found < 2**63
    assert said.startswith("Invalid page token")


def test_patterns_of_regular_expressions_are_not_searched():
    with pytest.raises(BadInput, match="RLIKE is not searched for here"):
        compare("name", "RLIKE", "x")
