"""Searching runs: what SQL finds is what going through all runs in Python finds."""

import math
import random
import re
from types import SimpleNamespace

import pytest

from whence.errors import BadInput
from whence.store import datasets, grammars, project_search, projects, run_edits, run_search, runs
from whence.store.conditions import Condition, Order
from whence.store.filters import parse, parse_orders
from whence.store.folder import StoreFolder
from whence.types.records import RunEnd, RunFacts, RunStart
from whence.types.time import micros, moment, parse_time

TEXTS = ["a", "A", "ab", "Ab%", "a_b", "x*y", "x[y]", "?", "", "naïve 🙂", "O'Hara \"q\"", "0.1",
         "1e-3", "10", "None", "True", "\\", "line\nline"]  # fmt: skip
PARAMS = [*TEXTS, 0.1, 0.001, 10, 2**40, 1e20, -5, True, False, None, [1, "a"], {"k": 1.5}]
PATTERNS = ["a%", "%b", "A_", "%", "", "_", "%*%", "x[y]", "%?%", "%🙂", "%'%", "%\n%", "ab"]
NUMBERS = [-1.5, 0.0, 0.1, 0.25, 0.5, 1.0, 10.0, math.inf, -math.inf]
KEYS = ["acc", "lr", "a b", "naïve.ü"]
PROJECTS = ["one", "two", "O'Hara 🙂", "gone"]
START = 1_700_000_000_000_000
RUNS = 120


def fill(store, draw):
    """Fill a store with random runs."""
    metadata = store.metadata
    with metadata.transaction():
        for number in range(RUNS):
            name = f"{draw.choice(TEXTS)}{draw.choice(['', number])}"
            run = f"{draw.getrandbits(128):032x}"
            # Few times, so that many runs begin at the same one.
            at = START + 1_000_000 * draw.randrange(20) + draw.randrange(2)
            begun = RunStart(run=run, project=draw.choice(PROJECTS), name=name, at=at,
                             parent=draw.choice([None, "parent"]))  # fmt: skip
            runs.start(metadata, begun, "")
            if draw.random() < 0.7:
                status = draw.choice(["finished", "failed", "killed", "unknown"])
                runs.end(metadata, RunEnd(run=run, at=at + 1 + draw.randrange(5000), status=status))
            params = {key: draw.choice(PARAMS) for key in KEYS if draw.random() < 0.7}
            tags = {key: draw.choice(TEXTS) for key in [*KEYS, "mlflow.parentRunId"]
                    if draw.random() < 0.4}  # fmt: skip
            runs.facts(metadata, RunFacts(run=run, at=at, params=params, tags=tags))
            last = [(run, key, draw.choice([*NUMBERS, math.nan, draw.random()]), 1, at)
                    for key in KEYS if draw.random() < 0.7]  # fmt: skip
            runs.latest(metadata, last)
            used = [datasets.Input(datasets.Dataset(draw.choice(TEXTS), draw.choice("ab"), "", ""),
                                   draw.choice([{}, {"mlflow.data.context": draw.choice("xy")}]))
                    for _ in range(draw.randrange(3))]  # fmt: skip
            datasets.add_inputs(metadata, run, begun.project, used)
            if draw.random() < 0.15:
                run_edits.delete(metadata, run)
    projects.delete(metadata, projects.of_name(metadata, "gone").id)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    found = StoreFolder(tmp_path_factory.mktemp("searched"))
    fill(found, random.Random(1))  # noqa: S311 - no secret
    return found


@pytest.fixture(scope="module")
def known(store):
    """Return all that is known of each run."""
    everything = run_search.search(store, run_search.Search(view="all"), limit=10 * RUNS)
    assert len(everything) == RUNS
    used = datasets.inputs_of(store.metadata, [one.id for one in everything])
    numbers = {name: projects.of_name(store.metadata, name).id for name in PROJECTS}
    return [SimpleNamespace(run=one, used=used.get(one.id, []), experiment=numbers[one.project])
            for one in everything]  # fmt: skip


def is_gone(one):
    return one.run.deleted is not None or one.run.project == "gone"


def text(param):
    """Return a param as text."""
    return runs.text_of(param)


def number(param):
    """Return a param as a number, if it is one or says one."""
    said = text(param)
    plain = re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", said)
    return float(said) if plain and not isinstance(param, bool) else None


def like(value, pattern, *, small):
    """Compare with a pattern, in small letters of ASCII only."""
    if small:
        lower = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}
        value, pattern = value.translate(lower), pattern.translate(lower)
    parts = {"%": ".*", "_": "."}
    regex = "".join(parts.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(regex, value, re.DOTALL) is not None


def holds(value, operator, wanted):
    """Compare as SQL does: what is absent fits nothing, but that it is absent."""
    if operator == "IS NULL":
        return value is None
    if operator == "IS NOT NULL":
        return value is not None
    if value is None:
        return False
    return {
        "=": lambda: value == wanted,
        "!=": lambda: value != wanted,
        ">": lambda: value > wanted,
        ">=": lambda: value >= wanted,
        "<": lambda: value < wanted,
        "<=": lambda: value <= wanted,
        "LIKE": lambda: like(value, wanted, small=False),
        "ILIKE": lambda: like(value, wanted, small=True),
        "IN": lambda: value in wanted,
        "NOT IN": lambda: value not in wanted,
    }[operator]()


def attribute(one, key, wanted=None):
    """Return a run's attribute as it is compared."""
    run = one.run
    ended = None if run.ended is None else micros(run.ended)
    if key == "status":
        said = wanted if isinstance(wanted, tuple) else (wanted,)
        of_mlflow = {"unknown": "running"}.get(run.status, run.status).upper()
        return of_mlflow if any(str(word).isupper() for word in said) else run.status
    return {
        "run_id": run.id,
        "run_name": run.name,
        "user_id": run.user,
        "project": run.project,
        "parent": run.parent,
        "started": micros(run.started),
        "ended": ended,
        "start_time": micros(run.started) // 1000,
        "end_time": None if ended is None else ended // 1000,
        "artifact_uri": f"mlflow-artifacts:/{one.experiment}/{run.id}/artifacts",
    }[key]


def tag(one, key):
    fields = {"mlflow.runName": one.run.name, "mlflow.parentRunId": one.run.parent}
    return one.run.tags.get(key, fields.get(key))


def fits(one, condition):
    kind, key, operator, wanted = condition
    if kind == "metric":
        return holds(one.run.metrics.get(key), operator, wanted)
    if kind == "parameter":
        missing = key not in one.run.params
        as_said = number if isinstance(wanted, int | float) else text
        return holds(None if missing else as_said(one.run.params[key]), operator, wanted)
    if kind == "tag":
        return holds(tag(one, key), operator, wanted)
    if kind == "dataset":
        values = [used.tags.get("mlflow.data.context") if key == "context"
                  else getattr(used.dataset, key) for used in one.used]  # fmt: skip
        return any(holds(value, operator, wanted) for value in values)
    if key in {"started", "ended"} and wanted is not None:
        wanted = micros(parse_time(wanted))
    return holds(attribute(one, key, wanted), operator, wanted)


def compared(param):
    """Return a param so that numbers come before texts, as SQLite has it."""
    if isinstance(param, bool | int | float):
        return (0, param)
    return (1, (param if isinstance(param, str) else text(param)).encode())


def sorted_by(found, orders):
    """Sort with a stable sort, from the last order to the first."""
    found = sorted(found, key=lambda one: one.run.id)
    if not any(order.key in {"started", "start_time"} for order in orders):
        found.sort(key=lambda one: one.run.started, reverse=True)
    for kind, key, down in reversed(orders):

        def value(one, kind=kind, key=key):
            if kind == "metric":
                return one.run.metrics.get(key)
            if kind == "parameter":
                param = one.run.params.get(key)
                return None if param is None else compared(param)
            said = tag(one, key) if kind == "tag" else attribute(
                one, {"start_time": "started", "end_time": "ended"}.get(key, key))  # fmt: skip
            return said.encode() if isinstance(said, str) else said

        def is_number(one, value=value):
            return value(one) is not None and value(one) == value(one)

        here = [one for one in found if is_number(one)]
        here.sort(key=value, reverse=down)
        no_number = [one for one in found if value(one) is not None and not is_number(one)]
        found = here + no_number + [one for one in found if value(one) is None]
    return found


def a_condition(draw):
    kind = draw.choice(grammars.OWN_RUNS.kinds)
    if kind.field is not None:
        field, key = kind.field, draw.choice(KEYS)
        if kind.name == "tag":
            key = draw.choice([*KEYS, "mlflow.runName", "mlflow.parentRunId"])
    else:
        field = kind.fields[draw.choice(sorted(kind.fields))]
        key = field.name
    operator = draw.choice(sorted(field.operators))
    texts = [*TEXTS, "finished", "FINISHED", "RUNNING", "running", "unknown", *PROJECTS, "parent"]
    if operator.endswith("NULL"):
        value = None
    elif operator.endswith("IN"):
        value = tuple(draw.sample(texts, draw.randrange(1, 9)))
    elif operator.endswith("LIKE"):
        value = draw.choice([*PATTERNS, "F%", "f%", "%artifacts", "mlflow-artifacts:/1/%"])
    elif field.type == "time":
        value = moment(START + 1_000_000 * draw.randrange(20)).isoformat()
    elif kind.name == "attribute" and field.type == "number":
        value = START // 1000 + 1000 * draw.randrange(20)
    elif field.type == "number" or operator in {">", ">=", "<", "<="}:
        value = draw.choice([one for one in NUMBERS if kind.name == "metric" or math.isfinite(one)])
    else:
        value = draw.choice(texts)
    return Condition(kind.name, key, operator, value)


def an_order(draw):
    kind = draw.choice(grammars.OWN_RUNS.orders)
    key = draw.choice([*KEYS, "mlflow.runName"])
    if kind.field is None:
        key = kind.fields[draw.choice(sorted(kind.fields))].name
    return Order(kind.name, key, draw.random() < 0.5)


def ids(found):
    return [one.id for one in found]


@pytest.mark.parametrize("seed", range(120))
def test_what_is_found_is_what_fits(store, known, seed):
    draw = random.Random(seed)  # noqa: S311 - no secret
    where = [a_condition(draw) for _ in range(draw.choice([1, 1, 1, 2, 3]))]
    view = draw.choice(["active", "deleted", "all"])
    wanted = draw.choice([None, None, ["one"], ["one", "O'Hara 🙂", "nobody"], []])
    asked = run_search.Search(where, [], wanted, view)
    expected = [
        one.run.id for one in known
        if all(fits(one, condition) for condition in where)
        and (wanted is None or one.run.project in wanted)
        and (view == "all" or is_gone(one) is (view == "deleted"))
    ]  # fmt: skip
    assert sorted(ids(run_search.search(store, asked, limit=RUNS))) == sorted(expected), where
    assert run_search.count(store, asked) == len(expected)


@pytest.mark.parametrize("seed", range(60))
def test_what_comes_first_is_what_sorting_says(store, known, seed):
    draw = random.Random(seed)  # noqa: S311 - no secret
    drawn = [an_order(draw) for _ in range(draw.choice([0, 1, 1, 2, 3]))]
    orders = list({(order.kind, order.key): order for order in drawn}.values())
    asked = run_search.Search(order=orders, view="all")
    expected = [one.run.id for one in sorted_by(known, orders)]
    assert ids(run_search.search(store, asked, limit=RUNS)) == expected, orders
    paged = [run for offset in range(0, RUNS, 20)
             for run in ids(run_search.search(store, asked, limit=20, offset=offset))]  # fmt: skip
    assert paged == expected


def test_a_filter_of_many_comparisons(store):
    text = " AND ".join(["tags.acc IS NOT NULL", "params.lr < 5", "dataset.name != 'z'"] * 66)
    many = run_search.Search(parse(text, grammars.OWN_RUNS))
    once = run_search.Search(many.where[:3])
    assert ids(run_search.search(store, many, limit=RUNS)) == ids(
        run_search.search(store, once, limit=RUNS)
    )


def test_what_would_be_sql_is_text(store):
    hostile = "x' OR 1=1 --"
    asked = run_search.Search(
        (Condition("metric", hostile, ">", 1.0), Condition("tag", hostile, "=", hostile)),
        (Order("metric", hostile, descending=True), Order("parameter", hostile, descending=False)),
        [hostile],
    )
    assert run_search.search(store, asked, limit=1) == []


def test_indexes_are_used(store):
    def plan(where, order, of=None):
        asked = run_search.Search(
            parse(where, grammars.RUNS), parse_orders(order, grammars.RUNS), of
        )
        lines = []

        def explain(query, *values):
            rows = store.metadata.all(f"EXPLAIN QUERY PLAN {query}", *values)
            lines.extend(row[3] for row in rows)
            return []

        explained = SimpleNamespace(metadata=SimpleNamespace(all=explain))
        run_search.search(explained, asked, limit=10)
        return " ".join(lines)

    assert "USING INDEX runs_by_start" in plan("", [])
    assert "USING INDEX runs_by_project" in plan("", [], ["one"])
    assert "latest_by_value (key=? AND value>?)" in plan("metrics.acc > 0.9", [])
    by_metric = plan("", ["metrics.acc DESC"])
    assert "by0 USING COVERING INDEX latest_by_value (key=? AND value>?)" in by_metric
    assert "by0 USING PRIMARY KEY (run=? AND key=?)" in by_metric  # if not all have a number
    for table in ("params", "tags"):
        assert f"{table} USING PRIMARY KEY (run=? AND key=?)" in plan(f"{table}.a = 'x'", [])


def test_pages_that_make_no_sense(store):
    for limit, offset in ((0, 0), (-1, 0), (1, -1), (2**63, 0), (1, 2**63)):
        with pytest.raises(BadInput, match="give no page"):
            run_search.search(store, run_search.Search(), limit=limit, offset=offset)
    with pytest.raises(BadInput, match="cannot be sorted by 'size'"):
        run_search.native(sort="size")


def test_projects_are_found(tmp_path):
    metadata = StoreFolder(tmp_path).metadata
    tags = {"b": {"t": "x"}, "a": {}, "Ab": {"t": "Y", "o p": "1"}}
    made = {name: projects.create(metadata, name, place=None, tags=tags[name]) for name in tags}
    for name, created in (("b", 1), ("a", 2), ("Ab", 3)):
        metadata.run("UPDATE projects SET created = ? WHERE name = ?", 10**9 * created, name)
    projects.delete(metadata, made["b"])

    def names(where="", order=(), **how):
        conditions = parse(where, grammars.EXPERIMENTS)
        orders = parse_orders(order, grammars.EXPERIMENTS)
        found = project_search.search(metadata, conditions, orders, **{"limit": 9, **how})
        return [one.name for one in found if one.name in made]

    assert names() == ["Ab", "a"]
    assert names(order=["name"]) == ["Ab", "a"]
    assert names(order=["name DESC"], view="all") == ["b", "a", "Ab"]
    assert names(order=["experiment_id"], view="all") == ["b", "a", "Ab"]
    assert names(view="deleted") == ["b"]
    assert names("name LIKE 'A%'") == ["Ab"]
    assert names("name ILIKE 'A%'") == ["Ab", "a"]
    assert names("tags.t = 'x'", view="all") == ["b"]
    assert names("tags.t != 'x'", view="all") == ["Ab"]
    assert names("tags.t IS NULL") == ["a"]
    assert names("tags.`o p` IS NOT NULL") == ["Ab"]
    assert names(f"experiment_id IN ('{made['a']}', '99')") == ["a"]
    assert names(f"experiment_id != '{made['a']}'") == ["Ab"]
    assert names("creation_time > 2000000") == ["Ab"]
    assert names("creation_time <= 2000000", view="all") == ["a", "b"]
    assert names("last_update_time > 0 AND name != 'a'") == ["Ab"]
    with pytest.raises(BadInput, match="Invalid experiment ID 'x'"):
        names("experiment_id = 'x'")
    assert sorted(project_search.names_of(metadata, [made["a"], made["b"], 99])) == ["a", "b"]


def test_what_was_deleted_is_hidden_from_lists(store, known):
    there = [one.run for one in known if not is_gone(one)]
    gone = next(one.run for one in known if is_gone(one) and one.run.name not in
                {run.name for run in there})  # fmt: skip
    assert runs.projects(store) == sorted({run.project for run in there})
    assert set(runs.names(store, "latest")) == {key for run in there for key in run.metrics}
    assert runs.names(store, "latest", "gone") == []
    assert runs.named(store, gone.id) == gone.id
    with pytest.raises(BadInput, match="has no run"):
        runs.named(store, gone.id[:12])
    assert run_search.count(store, run_search.native()) == len(there)
