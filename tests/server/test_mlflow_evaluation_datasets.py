"""Evaluation datasets as MLflow's clients make, fill, search and delete them."""

import json
import re

import pytest

DATASETS = "/api/3.0/mlflow/datasets"


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("evaluation") / "store", "--every", "0") as found:
        yield found


@pytest.fixture(scope="module")
def call(client):
    """Call the API of datasets; the answer must have the status that is expected."""

    def ask(method, path, body=None, status=200, **parameters):
        answer = client.request(method, f"{DATASETS}/{path}", json=body, params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture(scope="module")
def experiments(client):
    """Return the ids of two experiments."""
    path = "/api/2.0/mlflow/experiments/create"
    return [client.post(path, json={"name": name}).json()["experiment_id"] for name in "ab"]


@pytest.fixture
def dataset(call, experiments):
    body = {"name": "questions", "experiment_ids": experiments[:1], "tags": '{"a": "1"}'}
    return call("POST", "create", body)["dataset"]["dataset_id"]


@pytest.fixture
def upsert(call, dataset):
    def say(*records):
        return call("POST", f"{dataset}/records", {"records": json.dumps(records)})

    return say


@pytest.fixture
def read(call, dataset):
    def ask(**parameters):
        found = call("GET", f"{dataset}/records", **parameters)
        return json.loads(found["records"]), found.get("next_page_token")

    return ask


def test_a_dataset_is_made_and_read_back(call, experiments):
    tags = {"n": 1, "gone": None, "mlflow.user": "ada"}
    body = {"name": "q", "experiment_ids": experiments, "tags": json.dumps(tags)}
    made = call("POST", "create", body)["dataset"]
    assert re.fullmatch("d-[0-9a-f]{32}", made["dataset_id"])
    assert re.fullmatch("[0-9a-f]{8}", made["digest"])
    assert json.loads(made["tags"]) == {"n": "1", "mlflow.user": "ada"}
    assert made["created_by"] == made["last_updated_by"] == "ada"
    assert made["created_time"] == made["last_update_time"] > 1.6e12
    assert "schema" not in made
    assert "profile" not in made
    assert made.pop("experiment_ids") == experiments
    assert call("GET", made["dataset_id"])["dataset"] == made


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "required parameter 'name'"),
        ({"name": 5}, 400, "Invalid value 5 for parameter 'name'"),
        ({"name": "x", "tags": {"a": "1"}}, 400, "for parameter 'tags'"),
        ({"name": "x", "tags": "{a"}, 400, "Invalid tags"),
        ({"name": "x", "tags": '"a"'}, 400, "Invalid tags"),
        ({"name": "x", "experiment_ids": ["99"]}, 404, "No Experiment with id=99"),
        ({"name": "x", "experiment_ids": ["y"]}, 404, "No Experiment with id=y"),
    ],
)
def test_datasets_that_cannot_be_made(call, body, status, said):
    assert said in call("POST", "create", body, status)["message"]


def test_tags_are_set_again_and_removed_quietly(call, dataset):
    assert call("PATCH", f"{dataset}/tags", {"tags": '{"a": "2", "b": true, "c": null}'}) == {}
    call("DELETE", f"{dataset}/tags/a")
    call("DELETE", f"{dataset}/tags/a")
    assert json.loads(call("GET", dataset)["dataset"]["tags"]) == {"b": "True"}


def test_a_dataset_is_for_experiments(call, dataset, experiments):
    first, second = experiments
    assert call("GET", f"{dataset}/experiment-ids") == {"experiment_ids": [first]}
    added = call("POST", f"{dataset}/add-experiments", {"experiment_ids": [second, first]})
    assert added["dataset"]["last_update_time"] >= added["dataset"]["created_time"]
    assert call("GET", f"{dataset}/experiment-ids") == {"experiment_ids": [first, second]}
    call("POST", f"{dataset}/remove-experiments", {"experiment_ids": [first, "99"]})
    assert call("GET", f"{dataset}/experiment-ids") == {"experiment_ids": [second]}
    answer = call("POST", f"{dataset}/add-experiments", {"experiment_ids": ["99"]}, 404)
    assert answer["message"] == "No Experiment with id=99"


def test_records_of_the_same_inputs_are_one(upsert, read, dataset):
    source = {"source_type": "trace", "source_data": {"trace_id": "tr-1"}}
    assert upsert(
        {"inputs": {"q": "a", "k": 1}, "expectations": {"e": 1.5}, "source": source,
         "tags": {"t": "1", "mlflow.user": "ada"}},
        {"inputs": {"q": "b"}, "outputs": "text"},
        {"inputs": {"k": 1, "q": "a"}, "outputs": {"r": [1]}, "expectations": {"f": True}},
    ) == {"inserted_count": 2, "updated_count": 1}  # fmt: skip
    (first, second), token = read()
    assert token is None
    assert re.fullmatch("dr-[0-9a-f]{32}", first.pop("dataset_record_id"))
    assert first.pop("last_update_time") >= first.pop("created_time") > 1.6e12
    assert first == {
        "dataset_id": dataset, "inputs": {"q": "a", "k": 1}, "outputs": {"r": [1]},
        "expectations": {"e": 1.5, "f": True}, "tags": {"t": "1", "mlflow.user": "ada"},
        "source": source | {"source_type": "TRACE"}, "source_id": "tr-1", "source_type": "TRACE",
        "created_by": "ada", "last_updated_by": "ada",
    }  # fmt: skip
    assert (second["outputs"], second["tags"]) == ("text", {})


def test_outputs_stay_until_others_are_said(upsert, read):
    upsert({"inputs": {"q": 1}, "outputs": 5}, {"inputs": {"q": 2}})
    upsert({"inputs": {"q": 1}, "tags": {"a": "b"}})
    (first, second), _ = read()
    assert (first["outputs"], first["tags"], second["outputs"]) == (5, {"a": "b"}, {})
    upsert({"inputs": {"q": 1}, "outputs": None})
    assert "outputs" not in read()[0][0]


def test_the_dataset_tells_of_its_records(call, upsert, dataset):
    before = call("GET", dataset)["dataset"]
    upsert(
        {"inputs": {"s": "x", "i": 1, "b": True, "n": None, "l": [], "o": {}, "f": 0.5}},
        {"inputs": {"s": 2}, "outputs": {"r": 1}, "expectations": {"e": "x"},
         "tags": {"mlflow.user": "ada"}},
    )  # fmt: skip
    after = call("GET", dataset)["dataset"]
    assert json.loads(after["schema"]) == {
        "inputs": {"s": "string", "i": "integer", "b": "boolean", "n": "null", "l": "array",
                   "o": "object", "f": "float"},
        "outputs": {"r": "integer"}, "expectations": {"e": "string"}, "version": "1.0",
    }  # fmt: skip
    assert json.loads(after["profile"]) == {"num_records": 2}
    assert after["last_updated_by"] == "ada"
    assert after["digest"] != before["digest"]


def test_records_come_in_pages_in_the_order_of_their_making(upsert, read):
    upsert(*({"inputs": {"n": n}} for n in range(5)))
    upsert({"inputs": {"n": 0}, "tags": {"later": "yes"}})
    found, token = [], None
    sizes = []
    while token is not None or not found:
        page, token = read(max_results=2, **({"page_token": token} if token else {}))
        found += [one["inputs"]["n"] for one in page]
        sizes.append(len(page))
    assert (found, sizes) == ([0, 1, 2, 3, 4], [2, 2, 1])


def test_numbers_that_are_none_are_kept(upsert, read):
    upsert({"inputs": {"q": 1}, "expectations": {"score": float("inf")}})
    assert read()[0][0]["expectations"] == {"score": float("inf")}


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ("", "required parameter 'records'"),
        ("{bad", "Invalid records"),
        ("5", "Invalid records: Expected `array`"),
        ('[{"inputs": null}]', "$[0].inputs"),
        ('[{"inputs": {}}, {"tags": "x"}]', "$[1].tags"),
        ('[{"source": {"source_type": "BAD"}}]', "Invalid dataset record source type: BAD"),
    ],
)
def test_records_that_cannot_be(call, dataset, read, records, said):
    answer = call("POST", f"{dataset}/records", {"records": records}, 400)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert said in answer["message"]
    assert read() == ([], None)


def test_records_are_deleted_by_id(call, upsert, read, dataset):
    upsert({"inputs": {"n": 1}}, {"inputs": {"n": 2}})
    first, second = (one["dataset_record_id"] for one in read()[0])
    gone = call("DELETE", f"{dataset}/records", {"dataset_record_ids": [first, "dr-nobody"]})
    assert gone == {"deleted_count": 1}
    assert [one["dataset_record_id"] for one in read()[0]] == [second]
    assert json.loads(call("GET", dataset)["dataset"]["profile"]) == {"num_records": 1}
    assert call("DELETE", f"{dataset}/records", {}) == {"deleted_count": 0}


def test_a_deleted_dataset_is_gone_with_all_that_it_had(call, upsert, read, dataset):
    upsert({"inputs": {"n": 1}})
    assert call("DELETE", dataset) == call("DELETE", dataset) == {}
    answer = call("GET", dataset, status=404)
    assert answer["message"] == f"Evaluation dataset with id '{dataset}' not found"
    assert read() == ([], None)
    assert call("GET", f"{dataset}/experiment-ids") == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("GET", "", None, "Evaluation dataset with id 'nobody' not found"),
        ("PATCH", "/tags", {"tags": "{}"}, "Could not find evaluation dataset with ID nobody"),
        ("POST", "/add-experiments", {}, "Dataset 'nobody' not found"),
        ("POST", "/remove-experiments", {}, "Dataset 'nobody' not found"),
        ("POST", "/records", {"records": "[]"}, "Evaluation dataset with id 'nobody' not found"),
    ],
)
def test_unknown_datasets(call, method, path, body, said):
    answer = call(method, f"nobody{path}", body, 404)
    assert (answer["error_code"], answer["message"]) == ("RESOURCE_DOES_NOT_EXIST", said)


@pytest.fixture(scope="module")
def search(client, call):
    """Search the datasets of two experiments, x with ab and y with bc; return their names."""
    path = "/api/2.0/mlflow/experiments/create"
    x, y = (client.post(path, json={"name": name}).json()["experiment_id"] for name in "xy")
    for name, wanted, tags in (
        ("a", [x], {"k": "v", "mlflow.user": "ada"}),
        ("b", [x, y], {"k": "w"}),
        ("c", [y], {}),
    ):
        call("POST", "create", {"name": name, "experiment_ids": wanted, "tags": json.dumps(tags)})
    known = {"x": [x], "y": [y], "": ["99"], "xy": [x, y]}

    def ask(of="xy", status=200, **body):
        found = call("POST", "search", {"experiment_ids": known[of], **body}, status)
        if status != 200:
            return found
        names = "".join(one["name"] for one in found.get("datasets", []))
        return (names, found["next_page_token"]) if "next_page_token" in found else names

    return ask


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", "cba"),
        ("name = 'a'", "a"),
        ("name IN ('a', 'c')", "ca"),
        ("name ILIKE 'A' AND tags.k = 'v'", "a"),
        ("name > 'a'", "cb"),
        ("tags.k != 'v'", "b"),
        ("created_by = 'ada'", "a"),
        ("last_updated_by LIKE 'a%'", "a"),
        ("created_time > 0", "cba"),
        ("last_update_time < 1000", ""),
    ],
)
def test_filters(search, given, found):
    assert search(filter_string=given) == found


def test_orders_experiments_and_pages(search):
    assert (search("x"), search("y"), search("")) == ("ba", "cb", "")
    assert search(order_by=["name"]) == "abc"
    assert search(order_by=["name DESC"]) == "cba"
    assert search(order_by=["last_update_time ASC"]) == "abc"
    names, token = search(max_results=2)
    assert (names, search(max_results=2, page_token=token)) == ("cb", "a")


def test_a_search_can_be_a_question(call, search):
    assert search("x", order_by=["name"]) == "ab"
    found = call("GET", "search", filter_string="name = 'b'", order_by="name")
    assert [one["name"] for one in found["datasets"]] == ["b"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"filter_string": "digest = 'x'"}, "Invalid attribute key 'digest' specified"),
        ({"filter_string": "foo.x = 'x'"}, "Invalid identifier token 'foo' specified"),
        ({"filter_string": "created_time > 1.5"}, "Invalid value for numeric attribute"),
        ({"order_by": ["created_by"]}, "Invalid attribute key 'created_by' specified"),
        ({"page_token": "zz"}, "Invalid page token"),
        ({"max_results": 0}, "It must be a positive integer"),
        ({"max_results": 50_001}, "It must be at most 50000"),
    ],
)
def test_searches_that_cannot_be(search, body, said):
    answer = search(status=400, **body)
    assert answer["error_code"] == "INVALID_PARAMETER_VALUE"
    assert said in answer["message"]
