"""Label schemas as MLflow's clients make, change, list and delete them."""

import time

import pytest

SCHEMAS = "/api/3.0/mlflow/label-schemas"
EXPERIMENTS = "/api/2.0/mlflow/experiments"
THUMBS = {"pass_fail": {"positive_label": "Right", "negative_label": "Wrong"}}


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("labels") / "store", "--every", "0") as found:
        yield found


@pytest.fixture(scope="module")
def call(client):
    """Call the API of label schemas; the answer must have the status that is expected."""

    def ask(method, path, body=None, status=200, **parameters):
        answer = client.request(method, f"{SCHEMAS}/{path}", json=body, params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture
def make(call, experiment):
    def say(name, answered=THUMBS, *, status=200, **other):
        body = {"experiment_id": experiment, "name": name, "type": "FEEDBACK", "input": answered}
        made = call("POST", "create", body | other, status=status)
        return made if status != 200 else made["label_schema"]

    return say


def test_a_label_schema_is_made_and_read_back(call, experiment, make):
    before = time.time()
    made = make("right", instruction="Is it right?", enable_comment=True, type="EXPECTATION")
    at = made["created_at"]
    assert before - 1 <= at / 1000 <= time.time() + 1
    assert made == {
        "schema_id": made["schema_id"],
        "experiment_id": experiment,
        "name": "right",
        "type": "EXPECTATION",
        "instruction": "Is it right?",
        "enable_comment": True,
        "input": THUMBS,
        "created_at": at,
        "last_updated_at": at,
        "is_default": False,
    }
    assert call("GET", "get", schema_id=made["schema_id"])["label_schema"] == made
    named = call("GET", "get-by-name", experiment_id=experiment, name="right")
    assert named["label_schema"] == made


@pytest.mark.parametrize(
    ("answered", "shown"),
    [
        ({"categorical": {"options": ["a", "b"]}}, {"options": ["a", "b"], "multi_select": False}),
        ({"numeric": {"min_value": 0}}, {"min_value": 0.0}),
        ({"numeric": {}}, {}),
        ({"text": {"max_length": 5}}, {"max_length": 5}),
        ({"text": {}}, {}),
    ],
)
def test_people_answer_with_one_of_several_controls(make, answered, shown):
    (kind,) = answered
    assert make("question", answered)["input"] == {kind: shown}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"input": {}}, "exactly one of"),
        ({"input": {"text": {}, "numeric": {}}}, "exactly one of"),
        ({"input": {"slider": {}}}, "slider"),
        ({"input": {"pass_fail": {"positive_label": "Yes"}}}, "labels hold ''"),
        ({"input": {"categorical": {"options": []}}}, "0 options"),
        ({"input": {"categorical": {"options": list("abcdefghijk")}}}, "11 options"),
        ({"input": {"categorical": {"options": ["a", "a"]}}}, "only once"),
        ({"input": {"categorical": {"options": ["a" * 65]}}}, "1 to 64 characters"),
        ({"input": {"numeric": {"min_value": 1, "max_value": 1}}}, "from 1.0 to 1.0"),
        ({"input": {"text": {"max_length": 0}}}, "max_length is 0"),
        ({"input": {"text": {"max_length": "long"}}}, "got `str`"),
        ({"type": "OPINION"}, "one of FEEDBACK or EXPECTATION"),
        ({"instruction": "x" * 1001}, "at most 1000"),
        ({"name": "x" * 251}, "1 to 250"),
        ({"name": " feedback "}, "reserved"),
        ({"name": ""}, "Missing value for required parameter 'name'"),
    ],
)
def test_what_nobody_could_answer_is_refused(make, body, words):
    refused = make(**{"name": "question", "status": 400} | _renamed(body))
    assert refused["error_code"] == "INVALID_PARAMETER_VALUE"
    assert words in refused["message"]


def _renamed(body):
    return {{"input": "answered"}.get(key, key): value for key, value in body.items()}


def test_a_name_is_taken_once_in_an_experiment(call, make):
    first, second = make("one"), make("two")
    assert make("one", status=400)["error_code"] == "RESOURCE_ALREADY_EXISTS"
    body = {"schema_id": second["schema_id"], "name": "one"}
    assert call("PATCH", "update", body, status=400)["error_code"] == "RESOURCE_ALREADY_EXISTS"
    body["schema_id"] = first["schema_id"]
    assert call("PATCH", "update", body)["label_schema"]["name"] == "one"


def test_only_what_is_said_changes(call, make):
    made = make("one", {"categorical": {"options": ["a"]}}, instruction="Say")
    schema = {"schema_id": made["schema_id"]}
    changed = call("PATCH", "update", schema | {"enable_comment": True})["label_schema"]
    assert changed["last_updated_at"] >= made["last_updated_at"]
    expected = made | {"enable_comment": True, "last_updated_at": changed["last_updated_at"]}
    assert changed == expected
    options = {"options": ["b", "c"], "multi_select": False}
    changed = call("PATCH", "update", schema | {"input": {"categorical": options}})
    assert changed["label_schema"]["input"] == {"categorical": options}
    for another in (THUMBS, {"categorical": options | {"multi_select": True}}):
        call("PATCH", "update", schema | {"input": another}, status=400)
    call("PATCH", "update", {"schema_id": "ls-none", "name": "x"}, status=404)


def test_each_experiment_has_a_question_from_the_start(call, experiment):
    (found,) = call("GET", "list", experiment_id=experiment)["label_schemas"]
    assert (found["name"], found["is_default"], found["input"]) == ("Feedback", True, {"text": {}})
    assert call("GET", "list", experiment_id=experiment)["label_schemas"] == [found]
    schema = {"schema_id": found["schema_id"]}
    refused = call("DELETE", "delete", schema, status=400)
    assert "default question cannot be deleted" in refused["message"]
    refused = call("PATCH", "update", schema | {"instruction": "x"}, status=400)
    assert "default question cannot be edited" in refused["message"]


def test_the_list_has_pages(call, experiment, make):
    made = [make(name)["created_at"] for name in "abc"]
    names, token = [], ""
    while True:
        page = call("GET", "list", experiment_id=experiment, max_results=2, page_token=token)
        names += [one["name"] for one in page["label_schemas"]]
        token = page["next_page_token"]
        if not token:
            break
        assert len(page["label_schemas"]) == 2
    assert sorted(names) == ["Feedback", "a", "b", "c"]
    if len({*made}) == len(made):  # those of one millisecond have no order of making
        assert names == ["Feedback", "c", "b", "a"]
    for wrong in (0, 50_001):
        call("GET", "list", status=400, experiment_id=experiment, max_results=wrong)


def test_a_label_schema_is_deleted(call, experiment, make):
    schema = {"schema_id": make("one")["schema_id"]}
    assert call("DELETE", "delete", schema) == {}
    refused = call("GET", "get", status=404, **schema)
    assert refused["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    call("GET", "get-by-name", status=404, experiment_id=experiment, name="one")
    assert call("DELETE", "delete", schema) == {}
    make("one")


def test_a_deleted_experiment_has_none(client, call, experiment, make):
    make("one")
    client.post(f"{EXPERIMENTS}/delete", json={"experiment_id": experiment})
    call("GET", "list", status=404, experiment_id=experiment)
    call("GET", "get-by-name", status=404, experiment_id=experiment, name="one")
    make("two", status=404)
