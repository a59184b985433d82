"""Logged models as MLflow's clients make, change, read and search them."""

import re

import pytest

MODELS = "/api/2.0/mlflow/logged-models"


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("logged") / "store", "--every", "0") as found:
        yield found


@pytest.fixture(scope="module")
def call(client):
    """Call MLflow's API; the answer must have the status that is expected."""

    def ask(method, path, body=None, status=200, **parameters):
        url = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        answer = client.request(method, url, json=body, params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture(scope="module")
def experiment(call):
    return call("POST", "experiments/create", {"name": "models"})["experiment_id"]


@pytest.fixture
def model(call, experiment):
    body = {"experiment_id": experiment, "name": "m", "tags": [{"key": "a", "value": "1"}]}
    return call("POST", MODELS, body)["model"]["info"]["model_id"]


def test_a_model_is_made_pending_and_read_back(call, experiment):
    body = {
        "experiment_id": experiment,
        "name": "churn",
        "model_type": "agent",
        "source_run_id": "0" * 32,
        "params": [{"key": "b", "value": "2"}, {"key": "a", "value": "1"}],
        "tags": [{"key": "t", "value": ""}],
    }
    made = call("POST", MODELS, body)["model"]
    info = made["info"]
    assert re.fullmatch("m-[0-9a-f]{32}", info["model_id"])
    assert info["artifact_uri"] == (
        f"mlflow-artifacts:/{experiment}/models/{info['model_id']}/artifacts"
    )
    assert (info["name"], info["model_type"]) == ("churn", "agent")
    assert (info["status"], info["source_run_id"]) == ("LOGGED_MODEL_PENDING", "0" * 32)
    assert info["creation_timestamp_ms"] == info["last_updated_timestamp_ms"] > 1.6e12
    assert info["tags"] == [{"key": "t", "value": ""}]
    assert made["data"] == {"params": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    assert call("GET", f"{MODELS}/{info['model_id']}")["model"] == made


def test_what_is_not_said_is_empty_and_the_name_is_invented(call):
    info = call("POST", MODELS, {"experiment_id": "0", "model_type": None})["model"]["info"]
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", info["name"])
    assert (info["model_type"], info["source_run_id"]) == ("", "")


def test_a_place_of_the_experiment_is_where_its_models_lie(call):
    body = {"name": "elsewhere", "artifact_location": "s3://bucket/x"}
    other = call("POST", "experiments/create", body)["experiment_id"]
    info = call("POST", MODELS, {"experiment_id": other})["model"]["info"]
    assert info["artifact_uri"] == f"s3://bucket/x/models/{info['model_id']}/artifacts"


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({}, 400, "INVALID_PARAMETER_VALUE", "required parameter 'experiment_id'"),
        ({"experiment_id": "0", "name": "a/b"}, 400, "INVALID_PARAMETER_VALUE", "model name"),
        ({"experiment_id": "0", "params": "x"}, 400, "INVALID_PARAMETER_VALUE", "'params'"),
        ({"experiment_id": "99"}, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=99"),
        ({"experiment_id": "x"}, 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID 'x'"),
        ({"experiment_id": "0", "tags": 2 * [{"key": "a"}]}, 400, "BAD_REQUEST", "['a']"),
    ],
)
def test_models_that_cannot_be_made(call, body, status, code, said):
    answer = call("POST", MODELS, body, status)
    assert answer["error_code"] == code
    assert said in answer["message"]


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("LOGGED_MODEL_READY", "LOGGED_MODEL_READY"),
        (3, "LOGGED_MODEL_UPLOAD_FAILED"),
        ("1", "LOGGED_MODEL_PENDING"),
        (7, "LOGGED_MODEL_STATUS_UNSPECIFIED"),
    ],
)
def test_a_status_is_said_by_name_or_number(call, model, status, word):
    body = {"model_id": model, "status": status}
    info = call("PATCH", f"{MODELS}/{model}", body)["model"]["info"]
    assert info["status"] == word
    assert info["last_updated_timestamp_ms"] >= info["creation_timestamp_ms"]


def test_a_status_must_be_said(call, model):
    answer = call("PATCH", f"{MODELS}/{model}", {"model_id": model}, 400)
    assert "Missing value for required parameter 'status'" in answer["message"]


def test_tags_are_set_again_and_removed_once(call, model):
    body = {"tags": [{"key": "a", "value": "2"}, {"key": "b/c", "value": "3"}]}
    assert call("PATCH", f"{MODELS}/{model}/tags", body) == {}
    call("DELETE", f"{MODELS}/{model}/tags/a")
    info = call("GET", f"{MODELS}/{model}")["model"]["info"]
    assert info["tags"] == [{"key": "b/c", "value": "3"}]
    answer = call("DELETE", f"{MODELS}/{model}/tags/a", status=404)
    assert answer["message"] == f"No tag with key 'a' found for model with ID '{model}'."


def test_params_are_added_and_never_changed(call, model):
    body = {"model_id": model, "params": [{"key": "q", "value": "1"}]}
    assert call("POST", f"{MODELS}/{model}/params", body) == {}
    body["params"] = [{"key": "r", "value": "1"}, {"key": "q", "value": "2"}]
    assert call("POST", f"{MODELS}/{model}/params", body, 400)["error_code"] == "BAD_REQUEST"
    data = call("GET", f"{MODELS}/{model}")["model"]["data"]
    assert data == {"params": [{"key": "q", "value": "1"}]}


def test_a_deleted_model_is_found_only_where_it_is_asked_for(call, model):
    assert call("DELETE", f"{MODELS}/{model}") == {}
    answer = call("GET", f"{MODELS}/{model}", status=404)
    assert answer["message"] == f"Logged model with ID '{model}' not found."
    found = call("GET", f"{MODELS}/{model}", allow_deleted="true")
    assert found["model"]["info"]["model_id"] == model


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"status": 2}),
        ("DELETE", "", None),
        ("PATCH", "/tags", {"tags": []}),
        ("DELETE", "/tags/a", None),
        ("POST", "/params", {}),
    ],
)
def test_unknown_models(call, method, path, body):
    answer = call(method, f"{MODELS}/nobody{path}", body, 404)
    assert answer["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    assert answer["message"] == "Logged model with ID 'nobody' not found."


def test_metrics_come_in_the_order_in_which_they_were_said(call, experiment, model):
    run = call("POST", "runs/create", {"experiment_id": experiment})["run"]["info"]["run_id"]
    said = [
        {"key": "z", "value": 1.0, "timestamp": 5, "step": 1},
        {"key": "a", "value": 0.5, "timestamp": 3, "step": 0,
         "dataset_name": "train", "dataset_digest": "d1"},
    ]  # fmt: skip
    for one in said:
        call("POST", "runs/log-metric", {"run_id": run, "model_id": model, **one})
    data = call("GET", f"{MODELS}/{model}")["model"]["data"]
    assert data["metrics"] == [one | {"model_id": model, "run_id": run} for one in said]


@pytest.fixture(scope="module")
def search(call):
    """Search an experiment of four models, a to d, and return their names together.

    The accuracy of the n-th is n / 10 on `train` and the reverse on `test`; d has none.
    """
    wanted = call("POST", "experiments/create", {"name": "searched"})["experiment_id"]
    run = call("POST", "runs/create", {"experiment_id": wanted})["run"]["info"]["run_id"]
    for number, name in enumerate("abcd"):
        info = call("POST", MODELS, {
            "experiment_id": wanted, "name": name, "model_type": "T" if name < "c" else "",
            "params": [{"key": "p", "value": str(number)}],
            "tags": [{"key": "t g", "value": name}],
        })["model"]["info"]  # fmt: skip
        metrics = [
            {"key": "acc", "timestamp": time, "value": value, "model_id": info["model_id"],
             "dataset_name": dataset, "dataset_digest": digest}
            for time, value, dataset, digest in (
                (1, 99, "train", "1"), (2, number / 10, "train", "1"), (3, -number, "test", "2"))
        ]  # fmt: skip
        if name != "d":
            call("POST", "runs/log-batch", {"run_id": run, "metrics": metrics})
    call("PATCH", f"{MODELS}/{info['model_id']}", {"model_id": info["model_id"], "status": 2})
    gone = call("POST", MODELS, {"experiment_id": wanted, "name": "gone"})["model"]["info"]
    call("DELETE", f"{MODELS}/{gone['model_id']}")

    def ask(status=200, **body):
        found = call("POST", f"{MODELS}/search", {"experiment_ids": [wanted], **body}, status)
        if status != 200:
            return found
        names = "".join(one["info"]["name"] for one in found.get("models", []))
        return (names, found["next_page_token"]) if "next_page_token" in found else names

    return ask


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", "dcba"),
        ("name = 'a'", "a"),
        ("attributes.name IN ('a', 'd')", "da"),
        ("name NOT IN ('a', 'd')", "cb"),
        ("model_type = 'T' AND name != 'a'", "b"),
        ("status = '2'", "d"),
        ("status = 'PENDING'", "cba"),
        ("status IN ('READY')", "d"),
        ("params.p != '1'", "dca"),
        ("tags.`t g` LIKE 'A'", ""),
        ("tags.`t g` ILIKE 'A'", "a"),
        ("metrics.acc < 0", "cb"),
        ("metrics.acc > 0 AND metrics.acc < 0", "cb"),
        ("creation_timestamp > 0", "dcba"),
        ("last_updated_timestamp < 1000", ""),
        ("source_run_id = ''", "dcba"),
    ],
)
def test_filters(search, given, found):
    assert search(filter=given) == found


def test_filters_of_metrics_speak_of_datasets(search):
    train, test = ({"dataset_name": name} for name in ("train", "test"))
    assert search(datasets=[train]) == "cba"
    assert search(datasets=[train | {"dataset_digest": "2"}]) == ""
    assert search(datasets=[train, {"dataset_name": "other"}]) == "cba"
    assert search(filter="metrics.acc < 0", datasets=[train]) == ""
    assert search(filter="metrics.acc < 0", datasets=[test | {"dataset_digest": "2"}]) == "cb"
    assert search(filter="metrics.acc < 0 AND name = 'b'", datasets=[train, test]) == "b"


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ([{"field_name": "name"}], "abcd"),
        ([{"field_name": "name", "ascending": False}], "dcba"),
        ([{"field_name": "model_type"}, {"field_name": "name"}], "cdab"),
        ([{"field_name": "creation_timestamp"}], "abcd"),
        ([{"field_name": "status"}], "cbad"),
        ([{"field_name": "metrics.acc"}], "cbad"),
        ([{"field_name": "metrics.acc", "ascending": False}], "abcd"),
        ([{"field_name": "metrics.acc", "dataset_name": "train"}], "abcd"),
        ([{"field_name": "metrics.acc", "dataset_digest": "1", "ascending": False}], "cbad"),
        ([{"field_name": "metrics.acc", "dataset_name": "none"}], "dcba"),
        ([{"field_name": "metrics.none"}, {"field_name": "name"}], "abcd"),
    ],
)
def test_orders(search, orders, found):
    assert search(order_by=orders) == found


def test_pages_follow_one_another_with_the_same_search_only(search):
    asked = {"order_by": [{"field_name": "name"}], "filter": "name != 'x'"}
    first, token = search(max_results=3, **asked)
    assert first == "abc"
    assert search(page_token=token, **asked) == "d"
    answer = search(400, page_token=token, **(asked | {"filter": ""}))
    assert answer["message"] == (
        "Filter string in the page token does not match the requested filter string. "
        "Expected: None. Found: name != 'x'"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"experiment_ids": None}, "required parameter 'experiment_ids'"),
        ({"experiment_ids": ["x"]}, "Invalid experiment ID 'x'"),
        ({"datasets": [{"dataset_digest": "1"}]}, "`dataset_name` in the `datasets` clause"),
        ({"filter": "name > 'a'"}, "Invalid comparison operator"),
        ({"filter": "name = 'a' OR name = 'b'"}, "Invalid filter string"),
        ({"filter": "foo.bar = 'a'"}, "Invalid entity type: 'foo'"),
        ({"order_by": [{"field_name": "size"}]}, "Invalid order by field name: size"),
        ({"order_by": [{"field_name": "params.p"}]}, "Only metrics are supported"),
        ({"page_token": "eHg="}, "Invalid page token: eHg="),
        ({"max_results": -1}, "Invalid value -1 for parameter 'max_results'"),
    ],
)
def test_searches_that_cannot_be(search, body, said):
    answer = search(400, **body)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert said in answer["message"]


def test_experiments_that_are_not_there_have_no_models(call):
    assert call("POST", f"{MODELS}/search", {"experiment_ids": ["99"]}) == {}
    assert call("POST", f"{MODELS}/search", {"experiment_ids": []}) == {}
