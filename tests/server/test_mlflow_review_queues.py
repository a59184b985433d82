"""Review queues as MLflow's clients make them, fill them and work through them."""

import uuid

import pytest

QUEUES = "/api/3.0/mlflow/review-queues"
EXPERIMENTS = "/api/2.0/mlflow/experiments"
TRACES = "/api/3.0/mlflow/traces"


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("reviews") / "store", "--every", "0") as found:
        yield found


@pytest.fixture(scope="module")
def post(client):
    """Tell the API of review queues; the answer must have the status that is expected."""

    def say(path, code=200, **body):
        answer = client.post(f"{QUEUES}/{path}", json=body)
        assert answer.status_code == code, answer.text
        return answer.json()

    return say


@pytest.fixture(scope="module")
def get(client):
    """Ask the API of review queues; the answer must have the status that is expected."""

    def ask(path, code=200, **parameters):
        answer = client.get(f"{QUEUES}/{path}", params=parameters)
        assert answer.status_code == code, answer.text
        return answer.json()

    return ask


@pytest.fixture
def make(post, experiment):
    def say(name, *, status=200, **other):
        body = {"experiment_id": experiment, "name": name, "queue_type": "CUSTOM"}
        made = post("create", status, **body | other)
        return made if status != 200 else made["review_queue"]

    return say


@pytest.fixture
def ask_of(client, experiment):
    """Make a label schema and return its id."""

    def say(name):
        body = {"experiment_id": experiment, "name": name, "type": "FEEDBACK"}
        answer = client.post(
            "/api/3.0/mlflow/label-schemas/create", json={**body, "input": {"text": {}}}
        )
        return answer.json()["label_schema"]["schema_id"]

    return say


@pytest.fixture
def trace(client, experiment):
    """Make a trace of the experiment and return its id."""

    def say():
        info = {
            "trace_id": f"tr-{uuid.uuid4().hex}",
            "trace_location": {
                "type": "MLFLOW_EXPERIMENT",
                "mlflow_experiment": {"experiment_id": experiment},
            },
            "request_time": "2025-01-01T00:00:00Z",
            "state": "OK",
        }
        answer = client.post(TRACES, json={"trace": {"trace_info": info}})
        assert answer.status_code == 200, answer.text
        return info["trace_id"]

    return say


def test_a_queue_is_made_and_read_back(get, experiment, make, ask_of):
    asked = sorted([ask_of("right"), ask_of("kind")])
    made = make(" Night shift ", users=[" Bob ", "ann", "BOB"], schema_ids=asked[::-1])
    at = made["creation_time_ms"]
    assert made == {
        "queue_id": made["queue_id"],
        "experiment_id": experiment,
        "name": "Night shift",
        "queue_type": "CUSTOM",
        "creation_time_ms": at,
        "last_update_time_ms": at,
        "users": ["ann", "bob"],
        "schema_ids": asked,
    }
    assert get("get", queue_id=made["queue_id"])["review_queue"] == made
    for name in ("Night shift", "NIGHT SHIFT"):
        found = get("get-by-name", experiment_id=experiment, name=name)
        assert found["review_queue"] == made
    assert make("night SHIFT", status=400)["error_code"] == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"name": "Default"}, "reserved"),
        ({"name": "  "}, "1 to 250"),
        ({"queue_type": "OTHER"}, "one of USER or CUSTOM"),
        ({"users": [str(one) for one in range(11)]}, "at most 10"),
        ({"users": [" "]}, "1 to 250"),
        ({"schema_ids": ["ls-none"]}, "not found"),
        ({"queue_type": "USER", "users": ["somebody else"]}, "give only 'queue'"),
        ({"name": ""}, "Missing value for required parameter 'name'"),
    ],
)
def test_what_is_no_queue_is_refused(make, body, words):
    refused = make(**{"name": "queue", "status": 400} | body)
    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
    assert words in refused["message"]


def test_a_user_has_one_queue_that_stays_as_it_is(post, experiment, make, ask_of):
    of_zoe = {"experiment_id": experiment, "user": " Zoe "}
    made = post("get-or-create-user", **of_zoe)["review_queue"]
    assert (made["name"], made["queue_type"], made["created_by"]) == ("zoe", "USER", "zoe")
    assert made["users"] == ["zoe"]
    assert post("get-or-create-user", **of_zoe)["review_queue"] == made
    refused = post("update", 400, queue_id=made["queue_id"], name="other")
    assert "cannot be updated" in refused["message"]
    make("kim", status=400, queue_type="USER", schema_ids=[ask_of("right")])
    make("shared")
    refused = post("get-or-create-user", 400, experiment_id=experiment, user="Shared")
    assert refused["error_code"] == "RESOURCE_ALREADY_EXISTS"


def test_only_what_is_said_changes(post, make, ask_of):
    asked = ask_of("right")
    made = make("one", users=["ann"], schema_ids=[asked])
    make("two")

    def change(status=200, **body):
        return post("update", status, queue_id=made["queue_id"], **body)

    assert change(users=["bob"])["review_queue"] == made
    changed = change(name="Three", new_owner=" Me ")["review_queue"]
    assert (changed["name"], changed["created_by"], changed["users"]) == ("Three", "Me", ["ann"])
    changed = change(update_users=True, users=["bob"])["review_queue"]
    assert (changed["users"], changed["schema_ids"]) == (["bob"], [asked])
    assert "schema_ids" not in change(update_schema_ids=True)["review_queue"]
    assert change(400, name="TWO")["error_code"] == "RESOURCE_ALREADY_EXISTS"
    assert change(name="THREE")["review_queue"]["name"] == "THREE"
    for wrong in ({"name": "default"}, {"new_owner": " "}):
        change(400, **wrong)
    post("update", 404, queue_id="rq-none", name="x")


def test_queues_are_listed_by_user_and_by_trace(get, post, experiment, make, trace):
    one, two = make("one", users=["ann"]), make("two", users=["ann", "bob"])
    within = trace()
    post("items/add", queue_id=two["queue_id"], item_ids=[within])

    def names(**asked):
        found = get("list", experiment_id=experiment, **asked)
        return sorted(queue["name"] for queue in found.get("review_queues", []))

    assert names() == names(user=" ANN ") == ["one", "two"]
    assert names(user="bob") == names(item_id=within) == ["two"]
    assert names(user="kim") == names(item_id="tr-none") == []
    first = get("list", experiment_id=experiment, max_results=1)
    rest = get("list", experiment_id=experiment, page_token=first["next_page_token"])
    shown = [*first["review_queues"], *rest["review_queues"]]
    assert rest["next_page_token"] == ""
    assert {queue["queue_id"] for queue in shown} == {one["queue_id"], two["queue_id"]}
    get("list", 400, experiment_id=experiment, max_results=0)


def test_traces_are_put_in_once_and_taken_out(get, post, make, trace, ask_of):
    queue, a, b = {"queue_id": make("one")["queue_id"]}, trace(), trace()
    added = post("items/add", **queue, item_ids=[a, f" {a} "])["items"]
    at = added[0]["creation_time_ms"]
    assert added == [
        {
            **queue,
            "item_type": "TRACE",
            "item_id": a,
            "status": "PENDING",
            "creation_time_ms": at,
            "last_update_time_ms": at,
        }
    ]
    again = post("items/add", **queue, item_ids=[b, a], item_type="TRACE")["items"]
    assert [one["item_id"] for one in again] == [b, a]
    assert again[1] == added[0]
    locked = {"update_schema_ids": True, "schema_ids": [ask_of("right")]}
    assert "locked" in post("update", 400, **queue, **locked)["message"]

    refused = post("items/add", 404, **queue, item_ids=[trace(), "tr-none"])
    assert "tr-none" in refused["message"]
    assert len(get("items/list", **queue)["items"]) == 2
    post("items/add", 400, **queue, item_ids=[])
    for _ in "again":
        post("items/remove", **queue, item_ids=[a])
    assert [one["item_id"] for one in get("items/list", **queue)["items"]] == [b]
    post("update", 400, **queue, **locked)
    post("items/remove", **queue, item_ids=[b])
    assert post("update", **queue, **locked)["review_queue"]["schema_ids"] == locked["schema_ids"]


def test_a_trace_of_another_experiment_is_refused(client, post, make, trace):
    elsewhere = client.post(f"{EXPERIMENTS}/create", json={"name": f"x{uuid.uuid4()}"}).json()
    queue = make("one", experiment_id=elsewhere["experiment_id"])
    refused = post("items/add", 404, queue_id=queue["queue_id"], item_ids=[trace()])
    assert refused["error_code"] == "RESOURCE_DOES_NOT_EXIST"


def test_who_reviewed_first_stays_until_something_changes(get, post, make, trace):
    item = {"queue_id": make("one")["queue_id"], "item_id": trace()}
    post("items/add", queue_id=item["queue_id"], item_ids=[item["item_id"]])

    def decide(status, code=200, **body):
        answer = post("items/set-status", code, **item, status=status, **body)
        return answer if code != 200 else answer["item"]

    assert "required" in decide("COMPLETE", 400)["message"]
    done = decide("COMPLETE", completed_by=" Bob ")
    assert (done["status"], done["completed_by"]) == ("COMPLETE", "bob")
    assert done["completed_time_ms"] == done["last_update_time_ms"]
    assert decide("COMPLETE", completed_by="ann") == done
    assert get("items/list", queue_id=item["queue_id"], status="COMPLETE")["items"] == [done]
    assert "items" not in get("items/list", queue_id=item["queue_id"], status="PENDING")
    assert decide("DECLINED", completed_by="ann")["completed_by"] == "ann"
    decide("PENDING", 400, completed_by="ann")
    assert {"completed_by", "completed_time_ms"}.isdisjoint(decide("PENDING"))
    decide("DONE", 400, completed_by="ann")
    item["item_id"] = "tr-none"
    assert "not attached" in decide("COMPLETE", 404, completed_by="ann")["message"]


def test_what_is_deleted_leaves_nothing_in_a_queue(client, get, post, experiment, make, trace):
    queue, gone, stays = {"queue_id": make("one")["queue_id"]}, trace(), trace()
    post("items/add", **queue, item_ids=[gone, stays])
    body = {"experiment_id": experiment, "request_ids": [gone]}
    client.post(f"{TRACES}/delete-traces", json=body)
    assert [one["item_id"] for one in get("items/list", **queue)["items"]] == [stays]
    for _ in "again":
        assert post("delete", **queue) == {}
    get("get", 404, **queue)
    get("items/list", 404, **queue)
    assert "review_queues" not in get("list", experiment_id=experiment, item_id=stays)
    make("one")
