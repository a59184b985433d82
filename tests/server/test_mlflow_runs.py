"""Experiments, runs and metrics as MLflow's clients make and read them."""

import math
from pathlib import Path

import pytest

import whence
from whence.store.folder import StoreFolder
from whence.work.fold import fold

REQUIRED = " See the API docs for more information about request parameters."


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("mlflow") / "store"


@pytest.fixture(scope="module")
def client(store, asking):
    with asking(store, "--every", "0") as found:
        yield found


@pytest.fixture
def post(client):
    def ask(path, status=200, /, **body):
        answer = client.post(f"/api/2.0/mlflow/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture
def get(client):
    def ask(path, status=200, /, **given):
        answer = client.get(f"/api/2.0/mlflow/{path}", params=given)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture
def experiment(post, request):
    return post("experiments/create", name=request.node.name)["experiment_id"]


@pytest.fixture
def run(post, experiment):
    made = post("runs/create", experiment_id=experiment, start_time=1000, run_name="first")
    return made["run"]["info"]["run_id"]


def values(points):
    return [(one["step"], one["timestamp"], one["value"]) for one in points["metrics"]]


def test_the_first_experiment_is_there(get):
    found = get("experiments/get", experiment_id="0")["experiment"]
    assert (found["name"], found["artifact_location"]) == ("Default", "mlflow-artifacts:/0")
    assert (found["lifecycle_stage"], found["workspace"]) == ("active", "default")


def test_an_experiment_from_its_making_to_its_return(post, get):
    tags = [{"key": "team", "value": "a"}]
    made = post("experiments/create", name="made", tags=tags)["experiment_id"]
    again = post("experiments/create", 400, name="made")
    assert again["error_code"] == "RESOURCE_ALREADY_EXISTS"
    post("experiments/set-experiment-tag", experiment_id=made, key="k", value="v")
    post("experiments/update", experiment_id=made, new_name="renamed")
    found = get("experiments/get-by-name", experiment_name="renamed")["experiment"]
    assert {tag["key"]: tag["value"] for tag in found["tags"]} == {"team": "a", "k": "v"}
    run = post("runs/create", experiment_id=made)["run"]["info"]["run_id"]
    post("experiments/delete", experiment_id=made)
    assert get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    assert post("runs/create", 400, experiment_id=made)["message"] == (
        f"The experiment {made} must be in the 'active' state. Current state is deleted."
    )
    post("experiments/restore", experiment_id=made)
    assert get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("some where", "{here}/some where"),
        ("file:some/where", "file://{here}/some/where"),
        ("/some/where", "/some/where"),
        ("file:///some/where", "file:///some/where"),
        ("s3://some/where", "s3://some/where"),
        ("s3://some/where/", "s3://some/where/"),
        ("mlflow-artifacts:/", "mlflow-artifacts:/"),
    ],
)
def test_a_relative_location_is_one_below_the_folder_of_the_server(post, get, sent, kept):
    made = post("experiments/create", name=f"at {sent}", artifact_location=sent)["experiment_id"]
    place = kept.format(here=Path.cwd().as_posix())
    assert get("experiments/get", experiment_id=made)["experiment"]["artifact_location"] == place
    run = post("runs/create", experiment_id=made)["run"]["info"]
    assert run["artifact_uri"] == f"{place.rstrip('/')}/{run['run_id']}/artifacts"


def test_a_run_reads_back_as_it_was_logged(post, get, experiment):
    made = post(
        "runs/create", experiment_id=experiment, user_id="me", start_time=1000,
        tags=[{"key": "mlflow.runName", "value": "named"}],
    )["run"]["info"]  # fmt: skip
    run = made["run_id"]
    assert made["artifact_uri"] == f"mlflow-artifacts:/{experiment}/{run}/artifacts"
    post(
        "runs/log-batch", run_id=run,
        metrics=[{"key": "loss", "value": 1.5, "timestamp": 5, "step": 1},
                 {"key": "loss", "value": "NaN", "timestamp": 6, "step": 2},
                 {"key": "top", "value": "Infinity", "timestamp": 6}],
        params=[{"key": "lr", "value": "0.1"}], tags=[{"key": "t", "value": "u"}],
    )  # fmt: skip
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": "s", "schema": "x"}
    used = {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}
    post("runs/log-inputs", run_id=run, datasets=[used, used])
    post("runs/outputs", run_id=run, models=[{"model_id": "m-1", "step": 3}])
    post("runs/update", run_id=run, status="FINISHED", end_time=2000)
    found = get("runs/get", run_id=run)["run"]
    info, data = found["info"], found["data"]
    assert (info["run_name"], info["status"], info["end_time"]) == ("named", "FINISHED", 2000)
    assert (info["user_id"], info["start_time"]) == ("me", 1000)
    assert {(m["key"], m["value"], m["step"]) for m in data["metrics"]} == {
        ("loss", "NaN", 2),
        ("top", "Infinity", 0),
    }
    assert data["params"] == [{"key": "lr", "value": "0.1"}]
    assert {tag["key"]: tag["value"] for tag in data["tags"]} == {
        "mlflow.runName": "named",
        "t": "u",
    }
    assert found["inputs"]["dataset_inputs"] == [used]
    assert found["outputs"]["model_outputs"] == [{"model_id": "m-1", "step": 3}]
    seen = post("experiments/search-datasets", experiment_ids=[experiment])["dataset_summaries"]
    assert seen == [{"experiment_id": experiment, "name": "d", "digest": "1", "context": "train"}]


def test_datasets_are_read_in_the_order_in_which_they_were_said(post, get, run):
    names = list("zdbaceyx")

    def used(name):
        dataset = {"name": name, "digest": "1", "source_type": "local", "source": "s"}
        return {"dataset": dataset, "tags": [{"key": key, "value": "1"} for key in "ba"]}

    post("runs/log-inputs", run_id=run, datasets=[used(name) for name in names])
    found = get("runs/get", run_id=run)["run"]["inputs"]["dataset_inputs"]
    assert [one["dataset"]["name"] for one in found] == names
    assert [tag["key"] for tag in found[0]["tags"]] == ["a", "b"]


def test_the_value_that_stands_is_that_of_the_largest_step_then_time_then_value(post, get, run):
    for value, timestamp, step in ((3.0, 9, 2), (9.0, 99, 1), (1.0, 10, 2), (2.0, 10, 2)):
        post("runs/log-metric", run_id=run, key="m", value=value, timestamp=timestamp, step=step)
    (metric,) = get("runs/get", run_id=run)["run"]["data"]["metrics"]
    assert (metric["value"], metric["timestamp"], metric["step"]) == (2.0, 10, 2)


def test_a_history_is_the_same_before_and_after_a_fold_and_in_pages(store, post, get, run):
    for step in range(7):
        post("runs/log-metric", run_id=run, key="m", value=step, timestamp=10 + step, step=step)
    whole = values(get("metrics/get-history", run_id=run, metric_key="m"))
    assert whole == [(step, 10 + step, float(step)) for step in range(7)]
    opened = StoreFolder(store)
    with opened.lease():
        fold(opened)
    assert opened.metadata.one("SELECT COUNT(*) FROM fresh") == (0,)
    post("runs/log-metric", run_id=run, key="m", value="NaN", timestamp=20, step=7)
    assert values(get("metrics/get-history", run_id=run, metric_key="m")) == [
        *whole,
        (7, 20, "NaN"),
    ]
    paged, token = [], ""
    while True:
        page = get(
            "metrics/get-history", run_id=run, metric_key="m", max_results=3, page_token=token
        )
        paged += values(page)
        token = page.get("next_page_token")
        if token is None:
            break
    assert paged == [*whole, (7, 20, "NaN")]
    few = get("metrics/get-history-bulk-interval", run_ids=run, metric_key="m", max_results=3)
    assert [one["step"] for one in few["metrics"]] == [0, 3, 7]
    some = get(
        "metrics/get-history-bulk-interval", run_ids=run, metric_key="m", start_step=2, end_step=4
    )
    assert [one["step"] for one in some["metrics"]] == [2, 3, 4]


def test_the_same_point_again_is_one_point_of_its_batch(post, get, run):
    point = {"key": "m", "value": 1.0, "timestamp": 5, "step": 0}
    post("runs/log-batch", run_id=run, metrics=[point, point])
    assert values(get("metrics/get-history", run_id=run, metric_key="m")) == [(0, 5, 1.0)]


def test_the_same_point_sent_again_is_read_once(post, get, run):
    for value in (1.0, 1.0, "NaN", "NaN", 2.0):
        post("runs/log-metric", run_id=run, key="again", value=value, timestamp=5, step=1)
    read = [(1, 5, "NaN"), (1, 5, 1.0), (1, 5, 2.0)]
    assert values(get("metrics/get-history", run_id=run, metric_key="again")) == read
    bulk = get("metrics/get-history-bulk", run_id=run, metric_key="again")
    assert values(bulk) == read
    sample = get("metrics/get-history-bulk-interval", run_ids=run, metric_key="again")
    assert values(sample) == read


def test_datasets_are_those_of_the_experiments_that_there_are(post, run, experiment):
    used = {"dataset": {"name": "d", "digest": "1", "source_type": "local", "source": "s"}}
    post("runs/log-inputs", run_id=run, datasets=[used])
    found = post("experiments/search-datasets", experiment_ids=[experiment, "4711"])
    assert found["dataset_summaries"] == [{"experiment_id": experiment, "name": "d", "digest": "1"}]
    assert not post("experiments/search-datasets", experiment_ids=["4711"]).get("dataset_summaries")


def test_a_param_does_not_change(post, run):
    post("runs/log-parameter", run_id=run, key="lr", value="1")
    post("runs/log-parameter", run_id=run, key="lr", value="1")
    refused = post("runs/log-parameter", 400, run_id=run, key="lr", value="2")
    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
    assert "was already logged with value='1'" in refused["message"]
    batch = post("runs/log-batch", 400, run_id=run, params=[{"key": "lr", "value": "3"}],
                 metrics=[{"key": "m", "value": 1, "timestamp": 1}])  # fmt: skip
    assert "Changing param values is not allowed" in batch["message"]


def test_a_batch_that_is_refused_leaves_nothing(post, get, run):
    post("runs/log-parameter", run_id=run, key="lr", value="1")
    post(
        "runs/log-batch", 400, run_id=run,
        params=[{"key": "new", "value": "1"}, {"key": "lr", "value": "3"}],
        metrics=[{"key": "m", "value": 1, "timestamp": 1}], tags=[{"key": "t", "value": "1"}],
    )  # fmt: skip
    data = get("runs/get", run_id=run)["run"]["data"]
    assert data["params"] == [{"key": "lr", "value": "1"}]
    assert "metrics" not in data
    assert [tag["key"] for tag in data["tags"]] == ["mlflow.runName"]


def test_a_tag_changes_and_goes_and_the_name_is_one(post, get, run):
    post("runs/set-tag", run_id=run, key="t", value="1")
    post("runs/set-tag", run_id=run, key="t", value="2")
    post("runs/set-tag", run_id=run, key="mlflow.runName", value="by tag")
    found = get("runs/get", run_id=run)["run"]
    assert found["info"]["run_name"] == "by tag"
    assert {"key": "t", "value": "2"} in found["data"]["tags"]
    assert post("runs/update", run_id=run, run_name="by update")["run_info"]["run_name"] == (
        "by update"
    )
    post("runs/delete-tag", run_id=run, key="t")
    gone = post("runs/delete-tag", 404, run_id=run, key="t")
    assert gone["message"] == f"No tag with name: t in run with id {run}"
    tags = get("runs/get", run_id=run)["run"]["data"]["tags"]
    assert tags == [{"key": "mlflow.runName", "value": "by update"}]


def test_a_deleted_run_is_not_changed_and_comes_back(post, get, run):
    post("runs/delete", run_id=run)
    for path in ("log-metric", "log-parameter", "set-tag", "log-batch", "update"):
        body = {"key": "m", "value": "1", "timestamp": 1} if path != "update" else {}
        refused = post(f"runs/{path}", 400, run_id=run, **body)
        assert "must be in the 'active' state" in refused["message"]
    post("runs/restore", run_id=run)
    post("runs/set-tag", run_id=run, key="t", value="1")
    assert get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("runs/log-metric", {"run_id": "{run}", "value": 1, "timestamp": 1},
         f"Missing value for required parameter 'key'.{REQUIRED}"),
        ("runs/log-metric", {"key": "m", "value": 1, "timestamp": 1},
         f"Missing value for required parameter 'run_id'.{REQUIRED}"),
        ("runs/log-metric", {"run_id": 31, "key": "m", "value": 1, "timestamp": 1},
         f"parameter 'run_id' supplied:  Hint: Value was of type 'int'.{REQUIRED}"),
        ("runs/log-metric", {"run_id": "{run}", "key": "a//b", "value": 1, "timestamp": 1},
         "would resolve to 'a/b'"),
        ("runs/log-metric", {"run_id": "{run}", "key": "m", "value": 1, "timestamp": -1},
         "Timestamp must be a nonnegative long"),
        ("runs/log-metric",
         {"run_id": "{run}", "key": "m", "value": 1, "timestamp": 1, "dataset_name": "d"},
         "Both dataset_name and dataset_digest must be provided"),
        ("runs/log-batch", {"run_id": "{run}", "metrics": [{"key": "m"}]},
         f"Missing value for required parameter 'metrics[0].value'.{REQUIRED}"),
        ("runs/log-batch", {"run_id": "{run}", "tags": [{"key": f"t{i}"} for i in range(101)]},
         "at most 100 tags. Got 101 tags."),
        ("runs/log-batch",
         {"run_id": "{run}", "params": [{"key": "p", "value": "1"}, {"key": "p", "value": "2"}]},
         "Duplicate parameter keys have been submitted: ['p']."),
        ("runs/log-parameter", {"run_id": "{run}", "key": "x" * 251, "value": "1"},
         "'Param key' exceeds the maximum length of 250 characters"),
        ("runs/log-model", {"run_id": "{run}", "model_json": "no"}, "is not a valid JSON"),
        ("experiments/create", {"name": "x", "artifact_location": "s3://b/c#d"},
         "URL can't include fragments or params"),
        ("experiments/create", {"name": "x", "artifact_location": "s3://b/c?d=e"},
         "Invalid query string"),
        ("experiments/create", {"name": "x", "artifact_location": "runs:/b"},
         "cannot be a runs:/ URI"),
        ("experiments/create", {"name": "x", "artifact_location": "s3://" + "b" * 2044},
         "cannot be greater than 2048 characters"),
        ("experiments/create", {"name": "x", "artifact_location": "file://elsewhere/b"},
         "is not a valid remote uri"),
        ("experiments/create", {"name": "x" * 501}, "exceeds the maximum length of 500"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_mlflows_words(post, run, path, body, message):
    sent = {key: run if value == "{run}" else value for key, value in body.items()}
    refused = post(path, 400, **sent)
    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
    assert message in refused["message"]


def test_what_is_not_there_is_not_found(post, get):
    assert get("runs/get", 404, run_id="0" * 32)["message"] == f"Run with id={'0' * 32} not found"
    missing = get("experiments/get", 404, experiment_id="4711")
    assert missing == {
        "error_code": "RESOURCE_DOES_NOT_EXIST",
        "message": "No Experiment with id=4711 exists",
        "sqlstate": "KAM00",
        "error_class": "RESOURCE_NOT_FOUND",
    }
    assert post("runs/set-tag", 404, run_id="nix", key="a", value="b")["error_code"] == (
        "RESOURCE_DOES_NOT_EXIST"
    )


def test_a_body_that_is_not_said_to_be_json_is_refused(client):
    answer = client.post("/api/2.0/mlflow/runs/create", content=b"{}")
    assert answer.json()["message"] == "Bad Request. Content-Type header is missing."


def test_a_run_of_our_own_is_a_run_of_theirs_and_the_other_way(store, post, get, run):
    with whence.start_run(project="native", name="own", params={"lr": 0.5}, store=store) as own:
        own.log({"loss": math.pi}, step=4)
    read = whence.open(store)
    assert read.run(run).name == "first"
    assert read.run(run).status == "running"  # as its client says: no process stands behind it
    native = get("runs/get", run_id=own.id)["run"]
    assert native["data"]["params"] == [{"key": "lr", "value": "0.5"}]
    assert native["info"]["status"] == "FINISHED"
    assert values(get("metrics/get-history", run_id=own.id, metric_key="loss"))[0][2] == math.pi
    post("runs/set-tag", run_id=own.id, key="seen", value="yes")
    assert read.run(own.id).tags["seen"] == "yes"


def test_the_server_says_what_it_speaks(client):
    assert client.get("/version").text.split(".")[0].isdecimal()
    for prefix in ("api", "ajax-api"):
        assert client.get(f"/{prefix}/3.0/mlflow/server-info").json()["store_type"] == "SqlStore"
