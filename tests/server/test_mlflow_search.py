"""Searching experiments and runs as MLflow's clients do."""

import base64
import json

import pytest

import whence


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    store = tmp_path_factory.mktemp("mlflow") / "store"
    with whence.start_run(
        project="own", name="ours", params={"lr": 0.1, "deep": [1]}, store=store
    ) as run:
        run.log({"acc": 0.75})
    whence.open(store).runs()
    with asking(store, "--every", "0") as found:
        yield found


def call(client, path, expected=200, /, **body):
    answer = client.post(f"/api/2.0/mlflow/{path}", json=body)
    assert answer.status_code == expected, answer.text
    return answer.json()


def begin(client, experiment, name, at, *, user="", tags=None, params=None, metrics=None):
    made = call(
        client, "runs/create", experiment_id=experiment, run_name=name, start_time=at, user_id=user,
        tags=[{"key": key, "value": value} for key, value in (tags or {}).items()],
    )["run"]["info"]["run_id"]  # fmt: skip
    call(
        client, "runs/log-batch", run_id=made,
        params=[{"key": key, "value": value} for key, value in (params or {}).items()],
        metrics=[{"key": key, "value": value, "timestamp": 1, "step": 0}
                 for key, value in (metrics or {}).items()],
    )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def made(client):
    """Make three experiments, one deleted, and five runs, one deleted; return their ids by name."""
    ids = {
        name: call(
            client, "experiments/create", name=name, tags=[{"key": "team", "value": name.upper()}]
        )["experiment_id"]
        for name in ("alpha", "beta", "gone")
    }
    call(client, "experiments/delete", experiment_id=ids["gone"])
    alpha = ids["alpha"]
    ids["one"] = begin(client, alpha, "one", 1000, user="u", tags={"a b": "Yes"},
                       params={"lr": "0.1"}, metrics={"acc": 0.9, "loss": 1.0})  # fmt: skip
    ids["two"] = begin(client, alpha, "two", 3000, params={"lr": "0.01", "opt": "Adam"},
                       metrics={"acc": "NaN", "loss": 0.5})  # fmt: skip
    within = {"mlflow.parentRunId": ids["one"]}
    ids["three"] = begin(
        client, alpha, "three", 2000, params={"opt": "adam"}, tags=within, metrics={"loss": 0.25}
    )
    ids["four"] = begin(client, ids["beta"], "four", 5000, metrics={"acc": 0.7})
    ids["five"] = begin(client, alpha, "five", 2500)
    call(client, "runs/update", run_id=ids["one"], status="FINISHED", end_time=2000)
    call(client, "runs/update", run_id=ids["three"], status="FAILED", end_time=9000)
    call(client, "runs/delete", run_id=ids["five"])
    used = {"name": "digits", "digest": "1a", "source_type": "local", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "test"}]
    call(client, "runs/log-inputs", run_id=ids["two"], datasets=[{"dataset": used, "tags": tags}])
    return ids


def found(client, made, *, where="", of=("alpha",), **more):
    """Return the names of the runs that are found."""
    body = {"experiment_ids": [made[one] for one in of], "filter": where, **more}
    return [one["info"]["run_name"] for one in call(client, "runs/search", **body).get("runs", [])]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("", "two three one"),
        ("metrics.acc > 0.8", "one"),
        ("metrics.acc != 0.9", "two"),
        ("metrics.loss <= 0.5", "two three"),
        ("params.lr = '0.1'", "one"),
        ("params.lr != '0.1'", "two"),
        ("params.lr IS NULL", "three"),
        ("params.opt LIKE 'a%'", "three"),
        ("params.opt ilike 'a%'", "two three"),
        ("tags.`a b` = 'Yes' and attributes.status = 'FINISHED'", "one"),
        ("status IN ('FINISHED', 'FAILED')", "three one"),
        ("attributes.status != 'RUNNING'", "three one"),
        ("run_name ILIKE 'T%'", "two three"),
        ("tags.mlflow.runName = 'two'", "two"),
        ("tags.`mlflow.parentRunId` IS NOT NULL", "three"),
        ("user_id = 'u'", "one"),
        ("start_time >= 2000", "two three"),
        ("attributes.created = 2000", "three"),
        ("end_time < 5000", "one"),
        ("dataset.name = 'digits' AND dataset.context = 'test'", "two"),
        ("datasets.digest IN ('x', '1a')", "two"),
        ("datasets.name != 'digits'", ""),
    ],
)
def test_runs_that_fit(client, made, where, names):
    assert found(client, made, where=where) == names.split()


def test_runs_by_id_and_by_where_they_lie(client, made):
    assert found(client, made, where=f"run_id IN ('{made['one']}', 'x')") == ["one"]
    assert found(client, made, where=f"run_id != '{made['one']}'") == ["two", "three"]
    where = f"artifact_uri = 'mlflow-artifacts:/{made['alpha']}/{made['two']}/artifacts'"
    assert found(client, made, where=where) == ["two"]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        (["metrics.acc"], "four one two three"),
        (["metrics.acc DESC"], "one four two three"),
        (["metrics.loss", "start_time"], "three two one four"),
        (["params.lr DESC"], "one two four three"),
        (["start_time ASC"], "one three two four"),
        (["attributes.end_time DESC"], "three one four two"),
        (["tags.mlflow.runName"], "four one three two"),
        (["status", "run_name DESC"], "three one two four"),
        ([], "four two three one"),
    ],
)
def test_what_comes_first(client, made, order, names):
    assert found(client, made, of=("alpha", "beta"), order_by=order) == names.split()


def test_views_of_runs(client, made):
    assert found(client, made, run_view_type="DELETED_ONLY") == ["five"]
    assert found(client, made, run_view_type="ALL") == ["two", "five", "three", "one"]
    assert found(client, made, run_view_type=1) == ["two", "three", "one"]
    assert found(client, made, of=()) == []


def test_pages_of_runs(client, made):
    body = {"experiment_ids": [made["alpha"]], "max_results": 2}
    first = call(client, "runs/search", **body)
    assert [one["info"]["run_name"] for one in first["runs"]] == ["two", "three"]
    assert json.loads(base64.b64decode(first["next_page_token"])) == {"offset": 2}
    second = call(client, "runs/search", **body, page_token=first["next_page_token"])
    assert [one["info"]["run_name"] for one in second["runs"]] == ["one"]
    assert "next_page_token" not in second
    assert call(client, "runs/search", experiment_ids=["99"]) == {}


def test_runs_that_programs_recorded_are_found_too(client):
    (own,) = [one for one in call(client, "experiments/search", max_results=9)["experiments"]
              if one["name"] == "own"]  # fmt: skip
    for where in ("params.lr = '0.1'", "params.deep LIKE '[1%'", "metrics.acc = 0.75",
                  "attributes.status = 'FINISHED'"):  # fmt: skip
        answer = call(client, "runs/search", experiment_ids=[own["experiment_id"]], filter=where)
        assert [one["info"]["run_name"] for one in answer["runs"]] == ["ours"], where


def names_of(answer):
    return [one["name"] for one in answer.get("experiments", [])
            if one["name"] in {"alpha", "beta", "gone"}]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, "beta alpha"),
        ({"view_type": "ALL"}, "gone beta alpha"),
        ({"view_type": 2}, "gone"),
        ({"filter": "name LIKE 'A%'"}, ""),
        ({"filter": "name ILIKE 'A%'"}, "alpha"),
        ({"filter": "tags.team = 'BETA'"}, "beta"),
        ({"filter": "tags.team IS NOT NULL AND name != 'beta'"}, "alpha"),
        ({"filter": "creation_time > 0", "order_by": ["name"]}, "alpha beta"),
        ({"order_by": ["attribute.name DESC"], "view_type": "ALL"}, "gone beta alpha"),
        ({"order_by": ["experiment_id ASC"]}, "alpha beta"),
    ],
)
def test_experiments_that_fit(client, made, asked, names):
    assert names_of(call(client, "experiments/search", max_results=9, **asked)) == names.split()
    assert made["alpha"] != made["beta"]


def test_experiments_by_get_and_in_pages(client, made):
    asked = {"max_results": "1", "order_by": ["name"], "filter": "name IN ('x')"}
    path = "/api/2.0/mlflow/experiments/search"
    assert client.get(path, params=asked).status_code == 400
    asked["filter"] = "tags.team ILIKE '%a'"
    first = client.get(path, params=asked).json()
    assert names_of(first) == ["alpha"]
    asked["page_token"] = first["next_page_token"]
    second = client.get(path, params=asked).json()
    assert names_of(second) == ["beta"]
    assert "next_page_token" not in second
    assert second["experiments"][0]["experiment_id"] == made["beta"]


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("runs/search", {"filter": "acc > 1"}, "Invalid attribute key 'acc' specified. Valid keys"),
        ("runs/search", {"filter": "m.acc > 1"}, "Invalid entity type 'm'. Valid values are ['met"),
        ("runs/search", {"filter": "params.a = 5"},
         "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 5"),
        ("runs/search", {"filter": "metrics.a > 1 OR metrics.b > 1"},
         "Invalid clause(s) in filter string: 'OR'"),
        ("runs/search", {"order_by": ["metrics.a up"]},
         "Invalid ordering key in order_by clause 'metrics.a up'."),
        ("runs/search", {"order_by": ["start_time", "start_time DESC"]},
         "`order_by` contains duplicate fields: ['start_time', 'start_time DESC']"),
        ("runs/search", {"experiment_ids": ["x"]},
         "Invalid experiment ID 'x'. Experiment ID must be a valid integer."),
        ("runs/search", {"max_results": 0},
         "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
        ("runs/search", {"max_results": 50_001}, "Invalid value 50001 for parameter 'max_results'"),
        ("runs/search", {"page_token": "bad"}, "Invalid page token, could not base64-decode"),
        ("runs/search", {"filter": 5}, "Invalid value 5 for parameter 'filter' supplied"),
        ("experiments/search", {},
         "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
        ("experiments/search", {"max_results": 50_001},
         "Invalid value 50001 for parameter 'max_results' supplied. It must be at most 50000"),
        ("experiments/search", {"max_results": 5, "filter": "params.x = 'y'"},
         "Invalid entity type 'params'. Valid entity types are ('attribute', 'tag', 'tags')"),
        ("experiments/search", {"max_results": 5, "filter": "experiment_id = 'x'"},
         "Invalid experiment ID 'x'. Experiment ID must be a valid integer."),
        ("experiments/search", {"max_results": 5, "order_by": ["tags.x"]},
         "Invalid order_by entity: tag"),
        ("experiments/search", {"max_results": 5, "page_token": "e30="},
         "Invalid page token, parsed value={}"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_in_the_words_of_mlflow(client, path, body, said):
    answer = call(client, path, 400, **body)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert answer["message"].startswith(said)
