"""Scorers as MLflow's clients register, list, read and delete them."""

import json
import time

import pytest

SCORERS = "/api/3.0/mlflow/scorers"
ABSENT = "999999"


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("scorers") / "store", "--every", "0") as found:
        yield found


@pytest.fixture(scope="module")
def call(client):
    """Call the API of scorers; the answer must have the status that is expected."""

    def ask(method, path, body=None, status=200, **parameters):
        answer = client.request(method, f"{SCORERS}/{path}", json=body, params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture
def make(client, request):
    """Make an experiment of this test's own."""
    made = []

    def new():
        body = {"name": f"{request.node.name}-{len(made)}"}
        made.append(client.post("/api/2.0/mlflow/experiments/create", json=body).json())
        return made[-1]["experiment_id"]

    return new


@pytest.fixture
def experiment(make):
    return make()


@pytest.fixture
def register(call, experiment):
    def say(name, content=None, of=experiment, **expected):
        text = json.dumps({"name": name}) if content is None else content
        body = {"experiment_id": of, "name": name, "serialized_scorer": text}
        return call("POST", "register", body, **expected)

    return say


def test_each_registration_is_the_next_version(experiment, register):
    before = time.time()
    first, second = register("polite"), register("polite", '{"strict": true}')
    assert (first["version"], second["version"]) == (1, 2)
    assert first["scorer_id"] == second["scorer_id"] != register("short")["scorer_id"]
    assert first["experiment_id"] == experiment
    assert first["name"] == "polite"
    assert second["serialized_scorer"] == '{"strict": true}'
    assert before - 1 <= first["creation_time"] / 1000 <= time.time() + 1


def test_a_version_is_read_by_its_number_and_the_latest_without(call, experiment, register):
    made = [register("polite"), register("polite")]
    asked = {"experiment_id": experiment, "name": "polite"}
    latest = call("GET", "get", **asked)["scorer"]
    assert latest == call("GET", "get", **asked, version=2)["scorer"]
    assert latest == {
        "experiment_id": int(experiment),
        "scorer_name": "polite",
        "scorer_version": 2,
        "serialized_scorer": '{"name": "polite"}',
        "creation_time": made[1]["creation_time"],
        "scorer_id": made[1]["scorer_id"],
    }
    found = call("GET", "versions", **asked)["scorers"]
    assert [one["scorer_version"] for one in found] == [1, 2]


def test_the_latest_of_each_are_listed_by_experiment_and_name(call, client, make, register):
    here, there, gone = make(), make(), make()
    for of, name in ((here, "b"), (here, "a"), (here, "b"), (there, "a"), (gone, "a")):
        register(name, of=of)
    client.post("/api/2.0/mlflow/experiments/delete", json={"experiment_id": gone})

    def listed(**asked):
        found = call("GET", "list", **asked).get("scorers", [])
        return [
            (str(one["experiment_id"]), one["scorer_name"], one["scorer_version"]) for one in found
        ]

    own = [(here, "a", 1), (here, "b", 2)]
    assert listed(experiment_id=here) == own
    assert listed(experiment_ids=[here, there, gone, ABSENT]) == [*own, (there, "a", 1)]
    everywhere = listed()
    assert {*own, (there, "a", 1)} <= set(everywhere)
    assert (gone, "a", 1) not in everywhere
    assert listed(experiment_id=make()) == []
    call("GET", "list", status=400, experiment_id=here, experiment_ids=[there])
    refused = call("GET", "list", status=400, experiment_id=gone)
    assert "must be in the 'active' state" in refused["message"]


def test_a_version_or_all_of_a_scorer_is_deleted(call, experiment, register):
    asked = {"experiment_id": experiment, "name": "polite"}
    first = register("polite")
    register("polite")
    call("DELETE", "delete", {**asked, "version": 1})
    left = call("GET", "versions", **asked)["scorers"]
    assert [one["scorer_version"] for one in left] == [2]
    call("DELETE", "delete", {**asked, "version": 1}, status=404)
    call("DELETE", "delete", asked)
    assert call("GET", "list", experiment_id=experiment) == {}
    for path in ("get", "versions"):
        call("GET", path, status=404, **asked)
    call("DELETE", "delete", asked, status=404)
    again = register("polite")
    assert again["version"] == 1
    assert again["scorer_id"] != first["scorer_id"]


def test_a_scorer_that_lost_its_versions_one_by_one_keeps_its_id(call, experiment, register):
    asked = {"experiment_id": experiment, "name": "polite"}
    first = register("polite")
    call("DELETE", "delete", {**asked, "version": 1})
    call("GET", "get", status=404, **asked)
    again = register("polite")
    assert (again["version"], again["scorer_id"]) == (1, first["scorer_id"])


def test_code_of_a_scorer_is_kept_as_it_came(call, experiment, register):
    code = json.dumps({"name": "own", "call_source": "raise SystemExit", "call_signature": "()"})
    register("own", code)
    found = call("GET", "get", experiment_id=experiment, name="own")["scorer"]
    assert found["serialized_scorer"] == code


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"name": ""}, 400, "Missing value for required parameter 'name'"),
        ({"name": "  "}, 400, "Scorer name cannot be empty or contain only whitespace."),
        ({"name": 3}, 400, "Invalid value 3 for parameter 'name'"),
        ({"serialized_scorer": "{"}, 400, "serialized_scorer must be valid JSON"),
        ({"serialized_scorer": "[]"}, 400, "serialized_scorer must be an object"),
        ({"serialized_scorer": None}, 400, "required parameter 'serialized_scorer'"),
        ({"experiment_id": ABSENT}, 404, f"No Experiment with id={ABSENT} exists"),
        ({"experiment_id": "x"}, 400, "Experiment ID must be a valid integer"),
    ],
)
def test_what_cannot_be_registered_is_refused(call, experiment, body, status, words):
    whole = {"experiment_id": experiment, "name": "polite", "serialized_scorer": "{}"}
    refused = call("POST", "register", whole | body, status=status)
    assert words in refused["message"]


def test_a_scorer_that_is_not_there_is_named(call, experiment, register):
    register("polite")
    asked = {"experiment_id": experiment, "name": "rude"}
    refused = call("GET", "get", status=404, **asked)
    assert refused["error_code"] == "RESOURCE_DOES_NOT_EXIST"
    where = f"not found for experiment {experiment}."
    assert refused["message"] == f"Scorer with name 'rude' {where}"
    asked["name"] = "polite"
    refused = call("GET", "get", status=404, **asked, version=7)
    assert refused["message"] == f"Scorer with name 'polite' and version 7 {where}"


def test_no_scorer_is_let_loose_on_new_traces(call, experiment, register):
    scorer = register("polite")["scorer_id"]
    asked = {"experiment_id": experiment, "name": "polite", "sample_rate": 0}
    said = call("PUT", "online-config", asked)["config"]
    assert (said["scorer_id"], said["sample_rate"]) == (scorer, 0)
    assert call("GET", "online-configs", scorer_ids=[scorer]) == {"configs": []}
    refused = call("PUT", "online-config", asked | {"sample_rate": 0.5}, status=400)
    assert "does not use a gateway model" in refused["message"]
    refused = call("PUT", "online-config", asked | {"sample_rate": 2}, status=400)
    assert "between 0.0 and 1.0" in refused["message"]
    call("PUT", "online-config", asked | {"name": "rude"}, status=404)
