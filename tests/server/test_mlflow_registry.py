"""The registry over MLflow's wire: models, versions, aliases, stages, and what is refused."""

import base64
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

MODELS, VERSIONS = "registered-models", "model-versions"
PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    with asking(tmp_path_factory.mktemp("registry") / "store", "--every", "0") as found:
        yield found


@pytest.fixture
def call(client):
    """Make a call; the answer must have the status that is expected."""

    def ask(method, path, status=200, **given):
        said = {"params": given} if method == "GET" else {"json": given}
        answer = client.request(method, f"/api/2.0/mlflow/{path}", **said)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture
def refused(call):
    """Make a call that is refused, and return the error's code and message."""

    def ask(method, path, status, **given):
        found = call(method, path, status, **given)
        return found["error_code"], found["message"]

    return ask


@pytest.fixture
def model(call):
    """Register a model under a name of its own."""
    name = f"model-{uuid.uuid4()}"
    call("POST", f"{MODELS}/create", name=name)
    return name


@pytest.fixture
def add(call, model):
    """Add a version to that model and return it."""

    def create(**given):
        said = {"name": model, "source": "s3://models/one"} | given
        return call("POST", f"{VERSIONS}/create", **said)["model_version"]

    return create


@pytest.fixture
def run(call):
    """Begin a run, and return what is known of it."""
    made = call("POST", "runs/create", experiment_id="0", run_name="trained")
    return made["run"]["info"]


def names(found):
    return [one["name"] for one in found.get("registered_models", [])]


def numbers(found):
    return [one["version"] for one in found.get("model_versions", [])]


def test_a_model_is_made_read_described_renamed_and_deleted(call, refused):
    tags = [{"key": "team", "value": "a"}, {"key": "team", "value": "b"}]
    made = call("POST", f"{MODELS}/create", name="churn", tags=tags, description="who leaves")
    found = made["registered_model"]
    assert (found["name"], found["description"]) == ("churn", "who leaves")
    assert found["tags"] == [{"key": "team", "value": "b"}]
    assert found["creation_timestamp"] == found["last_updated_timestamp"]
    assert call("GET", f"{MODELS}/get", name="churn")["registered_model"] == found
    updated = call("PATCH", f"{MODELS}/update", name="churn", description="other")
    assert updated["registered_model"]["description"] == "other"
    call("POST", f"{VERSIONS}/create", name="churn", source="s3://b/x")
    call("POST", f"{MODELS}/alias", name="churn", alias="best", version="1")
    renamed = call("POST", f"{MODELS}/rename", name="churn", new_name="leavers")
    assert renamed["registered_model"]["aliases"] == [{"alias": "best", "version": "1"}]
    assert renamed["registered_model"]["latest_versions"][0]["name"] == "leavers"
    code, message = refused("GET", f"{MODELS}/get", 404, name="churn")
    assert code == "RESOURCE_DOES_NOT_EXIST"
    assert message == "Registered Model with name=churn not found"
    call("DELETE", f"{MODELS}/delete", name="leavers")
    refused("DELETE", f"{MODELS}/delete", 404, name="leavers")
    again = call("POST", f"{MODELS}/create", name="leavers")["registered_model"]
    assert "tags" not in again
    assert "latest_versions" not in again


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Missing value for required parameter 'name'."),
        ("   ", "Missing value for required parameter 'name'."),
        ("a/b", "Invalid model name 'a/b'. Names cannot contain '/' or ':'."),
        ("a:b", "Invalid model name 'a:b'. Names cannot contain '/' or ':'."),
        ("..", "Invalid value \"..\" for parameter 'name' supplied:"),
    ],
)
def test_a_name_that_could_not_be_in_a_uri_is_refused(refused, name, message):
    code, said = refused("POST", f"{MODELS}/create", 400, name=name)
    assert code == "INVALID_PARAMETER_VALUE"
    assert said.startswith(message)


def test_a_name_is_taken_once_by_a_model_or_a_prompt(refused, call, model):
    taken = refused("POST", f"{MODELS}/create", 400, name=model)
    assert taken == (
        "RESOURCE_ALREADY_EXISTS",
        f"Registered Model (name={model}) already exists.",
    )
    _, message = refused("POST", f"{MODELS}/create", 400, name=model, tags=[PROMPT])
    assert message.startswith(f"Tried to create a prompt with name '{model}'")
    other = f"{model}-other"
    call("POST", f"{MODELS}/create", name=other)
    code, message = refused("POST", f"{MODELS}/rename", 400, name=other, new_name=model)
    assert code == "RESOURCE_ALREADY_EXISTS"
    assert message.startswith(f"Registered Model (name={model}) already exists.")


def test_numbers_of_versions_are_never_used_again(call, refused, model, add):
    assert [add()["version"] for _ in range(3)] == ["1", "2", "3"]
    call("DELETE", f"{VERSIONS}/delete", name=model, version="3")
    gone = f"Model Version (name={model}, version=3) not found"
    for method, what, given in (
        ("GET", "get", {}),
        ("PATCH", "update", {"description": "x"}),
        ("POST", "transition-stage", {"stage": "Staging"}),
        ("DELETE", "delete", {}),
        ("GET", "get-download-uri", {}),
    ):
        assert refused(method, f"{VERSIONS}/{what}", 404, name=model, version="3", **given) == (
            "RESOURCE_DOES_NOT_EXIST",
            gone,
        )
    assert add()["version"] == "4"
    assert numbers(call("GET", f"{VERSIONS}/search", filter=f"name = '{model}'")) == ["4", "2", "1"]
    call("DELETE", f"{MODELS}/delete", name=model)
    call("POST", f"{MODELS}/create", name=model)
    assert add()["version"] == "1"


def test_a_version_as_clients_read_it(call, model, add):
    tags = [{"key": "t", "value": "1"}]
    made = add(run_id="elsewhere", run_link="http://there", description="first", tags=tags)
    times = [made.pop(name) for name in ("creation_timestamp", "last_updated_timestamp")]
    assert times[0] == times[1]
    assert made == {
        "name": model,
        "version": "1",
        "current_stage": "None",
        "source": "s3://models/one",
        "run_id": "elsewhere",
        "run_link": "http://there",
        "status": "READY",
        "description": "first",
        "tags": tags,
    }
    plain = add()
    assert (plain["run_id"], plain["run_link"], plain["description"]) == ("", "", "")
    found = call("PATCH", f"{VERSIONS}/update", name=model, version="1")["model_version"]
    assert "description" not in found
    uri = call("GET", f"{VERSIONS}/get-download-uri", name=model, version="1")
    assert uri == {"artifact_uri": "s3://models/one"}


def test_a_version_must_be_a_number(refused, model):
    assert refused("GET", f"{VERSIONS}/get", 400, name=model, version="one") == (
        "INVALID_PARAMETER_VALUE",
        "Parameter 'version' must be an integer, got 'one'.",
    )
    refused("GET", f"{VERSIONS}/get", 404, name=model, version=str(2**70))


def test_tags_are_set_and_removed(call, refused, model, add):
    add()
    one = {"name": model, "version": "1"}
    for what, of, key in ((MODELS, {"name": model}, "registered_model"),
                          (VERSIONS, one, "model_version")):  # fmt: skip
        call("POST", f"{what}/set-tag", **of, key="a", value="1")
        call("POST", f"{what}/set-tag", **of, key="a", value="2")
        call("POST", f"{what}/set-tag", **of, key="empty")
        call("DELETE", f"{what}/delete-tag", **of, key="never was")
        found = call("GET", f"{what}/get", **of)[key]
        assert found["tags"] == [{"key": "a", "value": "2"}, {"key": "empty", "value": ""}]
        call("DELETE", f"{what}/delete-tag", **of, key="empty")
        assert call("GET", f"{what}/get", **of)[key]["tags"] == [{"key": "a", "value": "2"}]
        _, message = refused("POST", f"{what}/set-tag", 400, **of, key="a", value="x" * 100_001)
        assert message == "'value' exceeds the maximum length of 100000 characters"
        _, message = refused("POST", f"{what}/set-tag", 400, **of, key="../a", value="x")
        assert message.startswith("Invalid value \"../a\" for parameter 'key' supplied")


def test_an_alias_names_one_version(call, refused, model, add):
    add()
    add()
    call("POST", f"{MODELS}/alias", name=model, alias="best", version="1")
    call("POST", f"{MODELS}/alias", name=model, alias="best", version="2")
    call("POST", f"{MODELS}/alias", name=model, alias="calm", version="2")
    found = call("GET", f"{MODELS}/alias", name=model, alias="best")["model_version"]
    assert (found["version"], found["aliases"]) == ("2", ["best", "calm"])
    latest = call("GET", f"{MODELS}/alias", name=model, alias="latest")["model_version"]
    assert latest["version"] == "2"
    call("DELETE", f"{MODELS}/alias", name=model, alias="calm")
    call("DELETE", f"{VERSIONS}/delete", name=model, version="2")
    assert refused("GET", f"{MODELS}/alias", 400, name=model, alias="best") == (
        "INVALID_PARAMETER_VALUE",
        "Registered model alias best not found.",
    )


@pytest.mark.parametrize(
    ("alias", "message"),
    [
        ("a b", "Invalid alias name: 'a b'."),
        ("LATEST", "'latest' alias name (case insensitive) is reserved."),
        ("v12", "Version alias name 'v12' is reserved."),
        ("a" * 256, "'Registered model alias name' exceeds the maximum length of 255 characters"),
    ],
)
def test_an_alias_that_reads_as_something_else_is_refused(refused, add, alias, message):
    made = add()
    code, said = refused(
        "POST", f"{MODELS}/alias", 400, name=made["name"], alias=alias, version="1"
    )
    assert code == "INVALID_PARAMETER_VALUE"
    assert said.startswith(message)


def test_stages_and_the_latest_version_at_each(call, refused, model, add):
    for _ in range(4):
        add()

    def move(version, stage, **given):
        where = {"name": model, "version": version}
        return call("POST", f"{VERSIONS}/transition-stage", **where, stage=stage, **given)

    assert move("1", "production")["model_version"]["current_stage"] == "Production"
    move("2", "Staging")
    move("3", "Production", archive_existing_versions=True)

    def latest(**given):
        found = call("GET", f"{MODELS}/get-latest-versions", name=model, **given)
        posted = call("POST", f"{MODELS}/get-latest-versions", name=model, **given)
        assert found == posted
        return {one["current_stage"]: one["version"] for one in found.get("model_versions", [])}

    assert latest() == {"Archived": "1", "Staging": "2", "Production": "3", "None": "4"}
    assert latest(stages=["staging", "None"]) == {"Staging": "2", "None": "4"}
    where = {"name": model, "version": "1"}
    code, message = refused("POST", f"{VERSIONS}/transition-stage", 400, **where, stage="Live")
    assert code == "INVALID_PARAMETER_VALUE"
    assert message == (
        "Invalid Model Version stage: Live. Value must be one of None, Staging, Production, "
        "Archived."
    )
    archive = {"stage": "None", "archive_existing_versions": True}
    code, _ = refused("POST", f"{VERSIONS}/transition-stage", 500, **where, **archive)
    assert code == "INTERNAL_ERROR"


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "./here",
        "s3://bucket/a/../b",
        "s3://bucket/%252e%252e/b",
        "s3://bucket/a%00",
        "s3://bucket",
        "http://inside:8000/x",
        "mlflow-artifacts://inside:8000/x",
        "mlflow-artifacts:/0/models/m-1/artifacts",
        "runs:/somebodys/model",
        "runs://host/somebodys/model",
        "models:/m-0123",
        "models:/",
        "models:/a/b/c",
    ],
)
def test_a_source_that_reaches_what_is_not_its_own_is_refused(refused, model, run, source):
    for given in ({}, {"run_id": run["run_id"]}, {"run_id": "nobody"}, {"model_id": "m-9"}):
        code, message = refused(
            "POST", f"{VERSIONS}/create", 400, name=model, source=source, **given
        )
        assert code == "INVALID_PARAMETER_VALUE"
        assert "source" in message


def test_a_source_of_a_run_belongs_to_that_run(call, refused, model, add, run):
    inside = f"{run['artifact_uri']}/model"
    assert add(source=inside, run_id=run["run_id"])["run_id"] == run["run_id"]
    add(source=f"runs:/{run['run_id']}/model", run_id=run["run_id"])
    other = call("POST", "runs/create", experiment_id="0")["run"]["info"]["run_id"]
    for source in (inside, f"runs:/{run['run_id']}/model"):
        _, message = refused(
            "POST", f"{VERSIONS}/create", 400, name=model, source=source, run_id=other
        )
        assert message == (
            f"Invalid model version source: '{source}'. The run_id request parameter must "
            "identify the resource that contains the source."
        )


def test_a_logged_model_brings_its_run_and_learns_its_versions(call, refused, model, add, run):
    made = call(
        "POST", "logged-models", experiment_id="0", name="net", source_run_id=run["run_id"]
    )["model"]["info"]
    logged, place = made["model_id"], made["artifact_uri"]
    found = add(source=f"models:/{logged}", model_id=logged)
    assert (found["source"], found["run_id"]) == (f"models:/{logged}", run["run_id"])
    uri = call("GET", f"{VERSIONS}/get-download-uri", name=model, version="1")
    assert uri == {"artifact_uri": place}
    add(source=f"{place}/part", model_id=logged)
    tags = call("GET", f"logged-models/{logged}")["model"]["info"]["tags"]
    said = {tag["key"]: tag["value"] for tag in tags}
    assert json.loads(said["mlflow.modelVersions"]) == [
        {"name": model, "version": 1},
        {"name": model, "version": 2},
    ]
    given = {"name": model, "source": f"models:/{logged}"}
    refused("POST", f"{VERSIONS}/create", 400, **given, model_id="m-other")


def test_a_copy_is_of_the_version_that_was_named(call, refused, model, add):
    add(source="s3://models/first", run_id="abc")
    add(source="s3://models/second")
    call("POST", f"{MODELS}/alias", name=model, alias="best", version="1")
    copy = add(source=f"models:/{model}@best")
    assert (copy["source"], copy["run_id"]) == (f"models:/{model}/1", "abc")
    assert add(source=f"models:/{model}/latest")["source"] == f"models:/{model}/3"
    call("DELETE", f"{VERSIONS}/delete", name=model, version="1")
    uri = call("GET", f"{VERSIONS}/get-download-uri", name=model, version="4")
    assert uri == {"artifact_uri": "s3://models/first"}
    given = {"name": model, "source": f"models:/{model}/2"}
    _, message = refused("POST", f"{VERSIONS}/create", 400, **given, run_id="other")
    assert message.endswith("must match the referenced model version.")
    refused("POST", f"{VERSIONS}/create", 404, name=model, source=f"models:/{model}/99")


def test_models_are_searched_by_name_tags_and_pages(call, refused):
    for number in range(7):
        tags = [{"key": "odd", "value": str(number % 2)}]
        call("POST", f"{MODELS}/create", name=f"Sought{number}", tags=tags)
    call("POST", f"{MODELS}/create", name="Sought-prompt", tags=[PROMPT])

    def search(**given):
        return call("GET", f"{MODELS}/search", **given)

    every = [f"Sought{number}" for number in range(7)]
    assert names(search(filter="name LIKE 'Sought%'")) == every
    assert names(search(filter="name LIKE 'sought%'")) == []
    assert names(search(filter="name ILIKE 'sought%' AND tags.odd != '0'")) == every[1::2]
    newest = search(filter="name LIKE 'Sought%'", order_by=["timestamp DESC"], max_results=2)
    assert names(newest) == ["Sought6", "Sought5"]
    first = search(filter="name LIKE 'Sought%'", max_results=4)
    assert base64.b64decode(first["next_page_token"]) == b'{"offset": 4}'
    second = search(
        filter="name LIKE 'Sought%'", max_results=3, page_token=first["next_page_token"]
    )
    assert names(first) + names(second) == every
    assert "next_page_token" not in second
    prompts = "name LIKE 'Sought%' AND tags.`mlflow.prompt.is_prompt` = 'true'"
    assert names(search(filter=prompts)) == ["Sought-prompt"]
    refused("GET", f"{MODELS}/search", 400, filter="run_id = 'x'")
    refused("GET", f"{MODELS}/search", 400, page_token="no token")  # noqa: S106 - of a page
    _, message = refused("GET", f"{MODELS}/search", 400, max_results=1001)
    assert message.startswith("Invalid value \"1001\" for parameter 'max_results' supplied:")
    code, _ = refused("GET", f"{MODELS}/search", 500, order_by=["name", "name DESC"])
    assert code == "INTERNAL_ERROR"


def test_versions_are_searched_the_last_changed_first(call, refused, model, add):
    add(run_id="one", tags=[{"key": "kind", "value": "small"}])
    add(run_id="two", source="s3://models/two")
    add()
    call("PATCH", f"{VERSIONS}/update", name=model, version="1", description="touched")

    def search(wanted, **given):
        said = f"name = '{model}'" + (f" AND {wanted}" if wanted else "")
        return call("GET", f"{VERSIONS}/search", filter=said, **given)

    assert numbers(search("")) == ["1", "3", "2"]
    assert numbers(search("", order_by=["version_number ASC"])) == ["1", "2", "3"]
    assert numbers(search("", order_by=["creation_timestamp DESC"])) == ["3", "2", "1"]
    assert numbers(search("run_id IN ('one', 'two')")) == ["1", "2"]
    assert numbers(search("run_id = ''")) == ["3"]
    assert numbers(search("source_path LIKE '%/two'")) == ["2"]
    assert numbers(search("version_number > 1")) == ["3", "2"]
    assert numbers(search("tags.kind = 'small'")) == ["1"]
    first = search("", max_results=2)
    assert numbers(search("", page_token=first["next_page_token"])) == ["2"]
    assert refused("GET", f"{VERSIONS}/search", 400, max_results=0) == (
        "INVALID_PARAMETER_VALUE",
        "Invalid value for max_results. It must be a positive integer, but got 0",
    )
    refused("GET", f"{VERSIONS}/search", 400, max_results=200_001)


def test_prompts_are_hidden_models_whose_versions_have_no_files(call, refused):
    call("POST", f"{MODELS}/create", name="greeting", tags=[PROMPT])
    text = {"key": "mlflow.prompt.text", "value": "Hello {{name}}"}
    made = call(
        "POST", f"{VERSIONS}/create", name="greeting", source="dummy-source", tags=[PROMPT, text]
    )["model_version"]
    assert made["source"] == "dummy-source"
    _, message = refused(
        "POST", f"{VERSIONS}/create", 400, name="greeting", source="s3://b/x", tags=[PROMPT]
    )
    assert message.startswith("Invalid prompt source: 's3://b/x'.")
    assert "greeting" not in names(call("GET", f"{MODELS}/search", max_results=1000))
    assert numbers(call("GET", f"{VERSIONS}/search", filter="name = 'greeting'")) == []
    asked = "name = 'greeting' AND tags.`mlflow.prompt.is_prompt` = 'true'"
    assert numbers(call("GET", f"{VERSIONS}/search", filter=asked)) == ["1"]
    call("POST", f"{MODELS}/create", name="not a prompt")
    given = {"name": "not a prompt", "source": "models:/greeting/1"}
    _, message = refused("POST", f"{VERSIONS}/create", 400, **given)
    assert message.endswith("Prompt versions cannot be used as model version sources.")


def test_what_clients_register_is_what_the_native_api_reads(client, call, model, add):
    add(run_id="abc", description="first")
    add(source=f"models:/{model}/1")
    call("POST", f"{MODELS}/alias", name=model, alias="best", version="2")
    call("POST", f"{MODELS}/create", name=f"{model}-prompt", tags=[PROMPT])
    listed = client.get("/api/v1/registry").json()
    assert listed["total"] == len(listed["models"])
    (row,) = [one for one in listed["models"] if one["name"].startswith(model)]
    assert (row["latest"], row["aliases"]) == (2, {"best": 2})
    page = client.get(f"/api/v1/registry/{model}").json()
    assert page["model"] == row
    assert [one["version"] for one in page["versions"]] == [2, 1]
    assert [one["run"] for one in page["versions"]] == ["abc", "abc"]
    assert page["versions"][0]["aliases"] == ["best"]
    assert len(client.get("/api/v1/registry", params={"limit": 1}).json()["models"]) == 1
    assert client.get("/api/v1/registry", params={"limit": 0}).status_code == 400
    assert client.get("/api/v1/registry/nobody").status_code == 404


def test_versions_made_at_the_same_moment_have_numbers_of_their_own(add):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: int(add()["version"]), range(40)))
    assert sorted(made) == list(range(1, 41))
