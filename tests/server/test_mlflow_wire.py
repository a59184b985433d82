"""How MLflow's clients are answered whatever they ask for: errors, methods, paths."""

import json

import pytest

SEE = " See the API docs for more information about request parameters."


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("wire") / "store", "--every", "0") as found:
        yield found


@pytest.mark.parametrize("prefix", ["api", "ajax-api"])
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "2.0/mlflow/experiments/create", "POST"),
        ("DELETE", "2.0/mlflow/runs/search", "POST"),
        ("POST", "2.0/mlflow/runs/get", "GET, HEAD"),
        ("PATCH", "2.0/mlflow-artifacts/artifacts/1/file", "DELETE, GET, HEAD, PUT"),
        ("POST", "3.0/mlflow/server-info", "GET, HEAD"),
    ],
)
def test_another_method_of_a_path_is_not_allowed(client, prefix, method, path, allowed):
    answer = client.request(method, f"/{prefix}/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "path",
    ["/api/2.0/mlflow/none", "/api/3.0/none", "/ajax-api/2.0/mlflow/none", "/ajax-api/none/"],
)
def test_a_path_that_is_none_is_an_unknown_endpoint(client, method, path):
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_the_native_api_keeps_its_own_words(client):
    assert client.get("/api/v1/none").json() == {
        "error": "there is no /api/v1/none; see /api/v1/openapi.json"
    }


def test_slashes_in_front_of_a_path_are_one(client, experiment):
    address, asked = str(client.base_url).rstrip("/"), {"experiment_id": experiment}
    get, delete = "api/2.0/mlflow/experiments/get", "ajax-api/2.0/mlflow/experiments/delete"
    answer = client.get(f"{address}//{get}", params=asked, follow_redirects=True)
    assert answer.json()["experiment"]["experiment_id"] == experiment
    answer = client.post(f"{address}///{delete}", json=asked, follow_redirects=True)
    assert answer.status_code == 200
    gone = client.get(f"/{get}", params=asked).json()
    assert gone["experiment"]["lifecycle_stage"] == "deleted"


@pytest.mark.parametrize("path", ["//elsewhere.example/a", "//%5Celsewhere.example", "////a"])
def test_slashes_in_front_lead_to_no_other_host(client, path):
    address = str(client.base_url).rstrip("/")
    answer = client.request("GET", f"{address}{path}")
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{address}/{path.lstrip('/')}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"run_id": 31, "key": 32, "value": 33},
         f"Invalid value 31 for parameter 'run_id' supplied:  Hint: Value was of type 'int'.{SEE}"),
        ({"run_id": "a", "key": 32, "value": 33},
         f"Invalid value 32 for parameter 'key' supplied:  Hint: Value was of type 'int'.{SEE}"),
        ({"run_id": "a", "value": 33}, f"Missing value for required parameter 'key'.{SEE}"),
        ({"run_id": "a", "key": "", "value": "b"},
         f"Missing value for required parameter 'key'.{SEE}"),
    ],
)  # fmt: skip
def test_the_first_field_that_is_wrong_is_named(client, body, message):
    answer = client.post("/api/2.0/mlflow/runs/set-tag", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("path", "body", "code", "state", "kind"),
    [
        ("experiments/create", {}, "INVALID_PARAMETER_VALUE", "KAM00", "INVALID_PARAMETER_VALUE"),
        ("experiments/create", {"name": "Default"}, "RESOURCE_ALREADY_EXISTS", "KAM00",
         "RESOURCE_ALREADY_EXISTS"),
        ("experiments/delete", {"experiment_id": "99"}, "RESOURCE_DOES_NOT_EXIST", "KAM00",
         "RESOURCE_NOT_FOUND"),
        ("none", {}, "ENDPOINT_NOT_FOUND", "KAM00", "RESOURCE_NOT_FOUND"),
    ],
)  # fmt: skip
def test_errors_say_their_class(client, path, body, code, state, kind):
    said = client.post(f"/api/2.0/mlflow/{path}", json=body).json()
    assert (said["error_code"], said["sqlstate"], said["error_class"]) == (code, state, kind)


def test_a_renaming_of_what_is_deleted_is_the_state_that_is_wrong(client, experiment):
    client.post("/api/2.0/mlflow/experiments/delete", json={"experiment_id": experiment})
    answer = client.post(
        "/api/2.0/mlflow/experiments/update",
        json={"experiment_id": experiment, "new_name": "other"},
    )
    assert answer.status_code == 500
    assert answer.json() == {
        "error_code": "INVALID_STATE",
        "message": "Cannot rename a non-active experiment.",
        "sqlstate": "XXM00",
        "error_class": "CLIENT_INTERNAL_ERROR",
    }


PROMPT = {
    "prompt_template": "Say {{ what }}",
    "prompt_parameters": [{"key": "what", "value": "hello"}],
    "model_route": "some/model",
    "model_parameters": [{"key": "temperature", "value": 0.5}, {"key": "n", "value": 1}],
    "model_input": "Say hello",
    "model_output": "hello",
    "model_output_parameters": [{"key": "latency", "value": "20"}],
    "mlflow_version": "3.17.2",
}
TRY = "/ajax-api/2.0/mlflow/runs/create-promptlab-run"


def test_a_prompt_that_was_tried_is_a_run_with_its_table(client, experiment):
    sent = PROMPT | {"experiment_id": experiment, "run_name": "tried", "start_time": 456}
    run = client.post(TRY, json=sent).json()["run"]
    info = run["info"]
    assert (info["run_name"], info["user_id"], info["start_time"]) == ("tried", "unknown", 456)
    assert (info["status"], info["end_time"] > 456) == ("FINISHED", True)
    assert {one["key"]: one["value"] for one in run["data"]["params"]} == {
        "temperature": "0.5",
        "n": "1",
        "model_route": "some/model",
        "prompt_template": "Say {{ what }}",
    }
    tags = {one["key"]: one["value"] for one in run["data"]["tags"]}
    assert tags["mlflow.runSourceType"] == "PROMPT_ENGINEERING"
    (table,) = json.loads(tags["mlflow.loggedArtifacts"])
    asked = {"run_id": info["run_id"], "path": table["path"]}
    assert client.get("/get-artifact", params=asked).json() == {
        "columns": ["what", "prompt", "output", "latency"],
        "data": [["hello", "Say hello", "hello", "20"]],
    }


@pytest.mark.parametrize(
    "missing",
    [
        "experiment_id",
        "prompt_template",
        "prompt_parameters",
        "model_route",
        "model_input",
        "mlflow_version",
    ],
)
def test_a_prompt_needs_its_parts(client, missing):
    sent = PROMPT | {"experiment_id": "0"}
    del sent[missing]
    answer = client.post(TRY, json=sent)
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        f"CreatePromptlabRun request must specify {missing}.",
    )


def test_a_prompt_that_cannot_be_kept_is_a_run_that_failed(client, experiment):
    twice = [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}]
    sent = PROMPT | {"experiment_id": experiment, "model_parameters": twice}
    assert "Duplicate parameter keys" in client.post(TRY, json=sent).json()["message"]
    found = client.post("/api/2.0/mlflow/runs/search", json={"experiment_ids": [experiment]})
    (run,) = found.json()["runs"]
    assert run["info"]["status"] == "FAILED"


def test_a_prompt_of_an_experiment_whose_files_lie_elsewhere_begins_no_run(client):
    made = {"name": "elsewhere", "artifact_location": "s3://bucket/a"}
    experiment = client.post("/api/2.0/mlflow/experiments/create", json=made).json()
    answer = client.post(TRY, json=PROMPT | experiment)
    assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")
    asked = {"experiment_ids": [experiment["experiment_id"]]}
    assert client.post("/api/2.0/mlflow/runs/search", json=asked).json() == {}
