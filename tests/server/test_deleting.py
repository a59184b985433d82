"""Runs, logged models, traces and files deleted over HTTP, and what `whence gc` frees after it."""

import uuid

import pytest

import whence as library
from whence.store.contents import blobs
from whence.store.folder import StoreFolder

ML = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("deleting") / "store"


@pytest.fixture(scope="module")
def client(store, asking):
    with asking(store, "--every", "0") as found:
        yield found


def post(client, path, status=200, **body):
    answer = client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def experiment(client):
    return post(client, f"{ML}/experiments/create", name=uuid.uuid4().hex)["experiment_id"]


def new_run(client, of, **files):
    """Begin a run with files of its own; return its id."""
    run = post(client, f"{ML}/runs/create", experiment_id=of)["run"]["info"]["run_id"]
    for name, text in files.items():
        put(client, f"{of}/{run}/artifacts/{name}", text)
    return run


def put(client, path, text):
    assert client.put(f"{PROXY}/{path}", content=text.encode()).status_code == 200


def register(client, source, **said):
    name = uuid.uuid4().hex
    post(client, f"{ML}/registered-models/create", name=name)
    post(client, f"{ML}/model-versions/create", name=name, source=source, **said)
    return name


def kept(store):
    """Return the contents that are there, as texts."""
    folder = blobs(StoreFolder(store))
    return {folder.path(one.digest).read_text() for one in folder.all()}


def collect(whence, store, *options):
    return whence("gc", "--yes", "--store", store, *options).stdout


def test_a_run_is_deleted_and_restored(client):
    run = new_run(client, experiment(client), a="alone", b="alone")
    said = post(client, f"/api/v1/runs/{run}/delete")
    assert (said["run"], said["files"], said["bytes"], said["held"]) == (run, 2, 5, [])
    listed = client.get("/api/v1/runs").json()["runs"]
    assert run not in {one["id"] for one in listed}
    assert client.get(f"/api/v1/runs/{run}").json()["deleted"] is not None
    assert post(client, f"/api/v1/runs/{run}/restore")["deleted"] is None
    for what in ("delete", "restore"):
        assert "no run 'none'" in post(client, f"/api/v1/runs/none/{what}", 404)["error"]


def test_the_files_of_a_version_outlive_its_run(client, store, whence):
    of = experiment(client)
    one, two, three = (new_run(client, of, model=f"weights {i}", log=f"log {i}") for i in "123")
    name = register(client, f"mlflow-artifacts:/{of}/{one}/artifacts/model", run_id=one)
    other = register(client, f"runs:/{two}/model", run_id=two)
    post(client, f"{ML}/registered-models/alias", name=name, alias="champion", version="1")
    for run in (one, two, three):
        post(client, f"{ML}/runs/delete", run_id=run)
    told = post(client, f"/api/v1/runs/{one}/delete")
    assert told["held"] == [f"version 1 of {name!r} (champion)"]
    said = collect(whence, store, "--deleted")
    for model, run in ((name, one), (other, two)):
        assert f"  run {run}" in said
        assert f"version 1 of {model!r}" in said
    assert {"weights 1", "weights 2", "log 1", "log 2"} <= kept(store)
    assert not {"weights 3", "log 3"} & kept(store)
    refused = client.delete(f"{PROXY}/{of}/{one}/artifacts/model")
    assert refused.status_code == 400
    assert "is made of" in refused.json()["message"]
    assert client.get(f"{PROXY}/{of}/{one}/artifacts/model").text == "weights 1"
    assert client.get(f"{ML}/runs/get", params={"run_id": three}).status_code == 404
    assert client.delete(f"{PROXY}/{of}/{one}/artifacts/log").status_code == 200


def test_a_logged_model_goes_unless_it_is_registered(client, store, whence):
    of = experiment(client)
    run = new_run(client, of)
    made = []
    for text in ("plain", "registered"):
        model = post(client, f"{ML}/logged-models", experiment_id=of, name="m", source_run_id=run)
        made.append(model["model"]["info"]["model_id"])
        put(client, f"{of}/models/{made[-1]}/artifacts/weights", f"{text} weights")
    register(client, f"models:/{made[1]}", model_id=made[1])
    for model in made:
        assert client.delete(f"{ML}/logged-models/{model}").status_code == 200
    assert {"plain weights", "registered weights"} <= kept(store)
    said = collect(whence, store, "--deleted")
    assert f"  logged model {made[1]}" in said
    assert "plain weights" not in kept(store)
    assert "registered weights" in kept(store)


def test_a_run_whose_files_another_run_trains_on_stays(client, store, whence):
    of = experiment(client)
    maker, user = new_run(client, of, data="rows"), new_run(client, of)
    source = f'{{"uri": "mlflow-artifacts:/{of}/{maker}/artifacts/data"}}'
    dataset = {"name": "made", "digest": "d1", "source_type": "http", "source": source}
    post(client, f"{ML}/runs/log-inputs", run_id=user, datasets=[{"dataset": dataset}])
    post(client, f"{ML}/runs/delete", run_id=maker)
    assert "dataset 'made'@d1" in collect(whence, store, "--deleted")
    assert "rows" in kept(store)
    post(client, f"{ML}/runs/delete", run_id=user)
    collect(whence, store, "--deleted")
    assert "rows" not in kept(store)


def test_a_dataset_of_runs_that_are_gone_holds_nothing(client, store, whence):
    of = experiment(client)
    maker, user = new_run(client, of, data="old rows"), new_run(client, of)
    dataset = {"name": "old", "digest": "d1", "source_type": "http",
               "source": f"mlflow-artifacts:/{of}/{maker}/artifacts/data"}  # fmt: skip
    post(client, f"{ML}/runs/log-inputs", run_id=user, datasets=[{"dataset": dataset}])
    post(client, f"{ML}/runs/delete", run_id=user)
    collect(whence, store, "--deleted")
    assert "old rows" in kept(store)
    post(client, f"{ML}/runs/delete", run_id=maker)
    assert f"{maker}" in collect(whence, store, "--deleted")
    assert client.get(f"{ML}/runs/get", params={"run_id": maker}).status_code == 404
    assert "old rows" not in kept(store)


@pytest.mark.parametrize(
    "place", ["models:/{model}", "mlflow-artifacts:/{of}/models/{model}/artifacts"]
)
def test_the_run_that_made_a_registered_logged_model_stays(client, store, whence, place):
    of = experiment(client)
    run = new_run(client, of)
    made = post(client, f"{ML}/logged-models", experiment_id=of, name="m", source_run_id=run)
    model = made["model"]["info"]["model_id"]
    put(client, f"{of}/models/{model}/artifacts/weights", "weights")
    name = uuid.uuid4().hex
    library.open(store).register(name, artifact=place.format(model=model, of=of))
    assert post(client, f"/api/v1/runs/{run}/delete")["held"] == [f"version 1 of {name!r}"]
    client.delete(f"{ML}/logged-models/{model}")
    said = collect(whence, store, "--deleted")
    for what in (f"  run {run}", f"  logged model {model}"):
        assert what in said
    assert client.get(f"/api/v1/runs/{run}").json()["deleted"] is not None
    assert client.delete(f"{PROXY}/{of}/models/{model}/artifacts/weights").status_code == 400
    library.open(store).registered(name).delete(1)
    collect(whence, store, "--deleted")
    assert client.get(f"/api/v1/runs/{run}").status_code == 404


def test_models_and_traces_are_tied_again_to_a_run_that_is_imported_again(
    client, store, whence, tmp_path
):
    of = experiment(client)
    run = new_run(client, of)
    made = post(client, f"{ML}/logged-models", experiment_id=of, name="m", source_run_id=run)
    model = made["model"]["info"]["model_id"]
    post(client, f"{ML}/runs/outputs", run_id=run, models=[{"model_id": model, "step": 4}])
    trace = f"tr-{uuid.uuid4().hex}"
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": of}}
    info = {"trace_id": trace, "trace_location": place, "state": "OK",
            "request_time": "2026-01-01T00:00:00Z"}  # fmt: skip
    post(client, "/api/3.0/mlflow/traces", trace={"trace_info": info})
    post(client, f"{ML}/traces/link-to-run", trace_ids=[trace], run_id=run)
    whence("export", "out", "--store", store)
    whence("import-runs", "out", "--store", "t")

    def ties():
        metadata = StoreFolder(tmp_path / "t").metadata
        return (
            metadata.all("SELECT model, role, step FROM run_models WHERE run = ?", run),
            metadata.all("SELECT trace FROM trace_links WHERE target = ?", run),
        )

    assert ties() == ([(model, "output", 4)], [(trace,)])
    library.open(tmp_path / "t").run(run).delete()
    whence("gc", "--deleted", "--yes", "--store", "t")
    assert ties() == ([], [])
    whence("import-runs", "out", "--store", "t")
    assert ties() == ([(model, "output", 4)], [(trace,)])
    assert library.open(tmp_path / "t").run(run).id == run


def test_the_files_of_deleted_traces_are_freed(client, store, whence):
    of = experiment(client)
    ids = [f"tr-{uuid.uuid4().hex}" for _ in range(2)]
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": of}}
    for trace in ids:
        info = {"trace_id": trace, "trace_location": place, "state": "OK",
                "request_time": "2026-01-01T00:00:00Z"}  # fmt: skip
        post(client, "/api/3.0/mlflow/traces", trace={"trace_info": info})
        for name in ("traces.json", "attachments/photo.txt"):
            put(client, f"{of}/traces/{trace}/artifacts/{name}", f"{trace} {name}")
    run = new_run(client, of, log="of a run")
    collect(whence, store)  # what other tests left
    answer = post(client, f"{ML}/traces/delete-traces", experiment_id=of, request_ids=ids[:1])
    assert answer == {"traces_deleted": 1}
    size = sum(len(f"{ids[0]} {name}") for name in ("traces.json", "attachments/photo.txt"))
    would = whence("gc", "--dry-run", "--store", store).stdout
    assert f"2 contents that no artifact has: {size} bytes" in would
    assert f"{size} bytes freed" in collect(whence, store)
    left = kept(store)
    assert not any(text.startswith(ids[0]) for text in left)
    assert sum(text.startswith(ids[1]) for text in left) == 2
    assert "of a run" in left
    assert [one.path for one in library.open(store).run(run).artifacts()] == ["log"]
