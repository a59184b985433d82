"""What an export holds besides runs: datasets, logged models, traces; and that they come back."""

import json
import os
import shutil
import subprocess
import sys
from urllib.parse import quote

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import whence as library
from whence.store.folder import StoreFolder
from whence.store.metadata import Metadata
from whence.work.exporting.runs import export

ML = "/api/2.0/mlflow"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
TRACE = "tr-0123456789abcdef0123456789abcdef"
OTHER = "tr-ffffffffffffffffffffffffffffffff"

RECORDED = """
import sys, whence
made = whence.dataset("clicks", "s3://bucket/clicks", digest="d2", store=sys.argv[1],
                      made_from=["predictions:rank@7", "labels:rank", "dataset:raw@d1"])
whence.dataset("nobody used it", "s3://bucket/raw", digest="d1", store=sys.argv[1])
with whence.start_run(project="native", name="trains", store=sys.argv[1], capture=()) as run:
    run.use_dataset(made, context="training")
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory, serving):
    """Return a store filled by a program and by MLflow's API, and the ids of what it has."""
    store = tmp_path_factory.mktemp("belongings") / "s"
    subprocess.run([sys.executable, "-c", RECORDED, store], check=True)
    with serving(store, "--every", "0") as (address, _), httpx.Client(base_url=address) as client:
        ids = fill(client)
    return store, ids


def fill(client):
    def post(path, **body):
        answer = client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    of = post(f"{ML}/experiments/create", name="wire")["experiment_id"]
    run = post(f"{ML}/runs/create", experiment_id=of)["run"]["info"]["run_id"]
    params = [{"key": "depth", "value": "3"}]
    made = post(f"{ML}/logged-models", experiment_id=of, name="net", source_run_id=run,
                model_type="agent", params=params, tags=params)  # fmt: skip
    model = made["model"]["info"]["model_id"]
    post(f"{ML}/runs/outputs", run_id=run, models=[{"model_id": model, "step": 4}])
    post(f"{ML}/runs/log-metric", run_id=run, key="acc", value=0.5, timestamp=1700000000000,
         step=4, model_id=model, dataset_name="d", dataset_digest="1")  # fmt: skip
    gone = post(f"{ML}/logged-models", experiment_id=of, name="deleted")
    client.delete(f"{ML}/logged-models/{gone['model']['info']['model_id']}")
    client.put(f"{PROXY}/{of}/models/{model}/artifacts/deep/weights", content=b"weights")
    client.put(f"{PROXY}/{of}/{run}/artifacts/other", content=b"other")
    post(f"{ML}/registered-models/create", name="reg")
    post(f"{ML}/model-versions/create", name="reg", source=f"models:/{model}", model_id=model)
    place = f"mlflow-artifacts:/{of}/{run}/artifacts/other"
    post(f"{ML}/model-versions/create", name="reg", source=place, run_id=run)
    tell_traces(client, post, of, run)
    post(f"{ML}/runs/update", run_id=run, status="FINISHED")
    return {"experiment": of, "run": run, "model": model}


def tell_traces(client, post, of, run):
    place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": of}}
    for trace in (TRACE, OTHER):
        info = {"trace_id": trace, "trace_location": place, "state": "OK",
                "request_time": "2026-01-01T00:00:00Z", "execution_duration": "1.5s",
                "request_preview": "how?", "tags": {"ü": "b"}}  # fmt: skip
        if trace == TRACE:
            info["trace_metadata"] = {"mlflow.sourceRun": run}
        post("/api/3.0/mlflow/traces", trace={"trace_info": info})
    client.put(f"{PROXY}/{of}/traces/{TRACE}/artifacts/attachments/a.txt", content=b"attached")
    said = [{"traceId": TRACE[3:], "spanId": f"{number:016x}", "name": f"work {number}",
             "startTimeUnixNano": "1700000000000000001", "endTimeUnixNano": "1700000001000000000",
             **({"parentSpanId": f"{1:016x}"} if number > 1 else {}),
             "attributes": [{"key": "n", "value": {"doubleValue": "NaN"}},
                            {"key": "t", "value": {"stringValue": "x\ny"}}]}
            for number in (1, 2)]  # fmt: skip
    answer = client.post("/v1/traces", headers={"x-mlflow-experiment-id": of},
                         json={"resourceSpans": [{"scopeSpans": [{"spans": said}]}]})  # fmt: skip
    assert answer.status_code == 200
    judged = {"assessment_name": "good", "source": {"source_type": "HUMAN", "source_id": "eve"},
              "feedback": {"value": {"score": 1.5}}, "rationale": "it was"}  # fmt: skip
    first = post(f"/api/3.0/mlflow/traces/{TRACE}/assessments", assessment=judged)
    post(f"/api/3.0/mlflow/traces/{TRACE}/assessments", assessment={
        **judged, "feedback": {"value": False}, "overrides": first["assessment"]["assessment_id"],
    })  # fmt: skip
    post(f"{ML}/traces/link-to-run", trace_ids=[TRACE], run_id=run)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def tree(folder):
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    marker = json.loads(files.pop("export.json"))
    return files, {key: value for key, value in marker.items() if key != "made"}


@pytest.fixture
def out(whence, filled, tmp_path):
    told = whence("export", "out", "--store", filled[0]).stdout
    assert "2 runs, 1 point, 3 artifacts, 1 logged model, 2 traces" in told
    return tmp_path / "out"


def test_datasets_say_what_they_were_made_from(out):
    stated, raw, clicks = json.loads((out / "datasets.json").read_text())
    assert (stated["name"], stated["project"]) == ("clicks", "Default")
    assert (clicks["name"], clicks["digest"], clicks["project"]) == ("clicks", "d2", "native")
    assert sorted(clicks["made_from"]) == ["dataset:raw@d1", "labels:rank", "predictions:rank@7"]
    assert (raw["name"], raw["made_from"]) == ("nobody used it", [])


def test_logged_models_are_there_with_their_files(out, filled):
    ids = filled[1]
    (one,) = lines(out / "logged_models.jsonl")
    assert (one["id"], one["name"], one["run"]) == (ids["model"], "net", ids["run"])
    assert (one["project"], one["kind"], one["params"]) == ("wire", "agent", {"depth": "3"})
    (point,) = one["metrics"]
    assert (point["key"], point["value"], point["step"]) == ("acc", 0.5, 4)
    assert (point["dataset"], point["digest"], point["run"]) == ("d", "1", ids["run"])
    assert [(tie["run"], tie["role"], tie["step"]) for tie in one["runs"]] == [
        (ids["run"], "output", 4)
    ]
    (file,) = one["artifacts"]
    assert file["path"] == "deep/weights"
    assert (out / file["file"]).read_bytes() == b"weights"
    (model,) = json.loads((out / "registry.json").read_text())
    places = {version["version"]: version["place"] for version in model["versions"]}
    assert places == {1: f"models:/{ids['model']}", 2: f"runs:/{ids['run']}/other"}


def test_traces_are_there_with_assessments_spans_and_files(out, filled):
    one, other = lines(out / "traces.jsonl")
    assert (one["id"], other["id"]) == (TRACE, OTHER)
    assert (one["state"], one["project"], one["duration"]) == ("OK", "wire", 1_500_000)
    assert (one["request"], one["tags"]["ü"]) == ("how?", "b")
    assert [(link["kind"], link["target"]) for link in one["links"]] == [("run", filled[1]["run"])]
    assert [(said["value"], said["valid"]) for said in one["assessments"]] == [
        ({"score": 1.5}, False),
        (False, True),
    ]
    assert one["assessments"][1]["overrides"] == one["assessments"][0]["id"]
    (file,) = one["artifacts"]
    assert (out / file["file"]).read_bytes() == b"attached"
    assert other["assessments"] == other["artifacts"] == []
    table = pq.read_table(out / "spans.parquet")
    assert table["started"].cast("int64").to_pylist() == [1700000000000000001] * 2
    spans = table.drop_columns(["started", "ended"]).to_pylist()
    assert [(span["trace"], span["name"]) for span in spans] == [
        (TRACE, "work 1"), (TRACE, "work 2"),
    ]  # fmt: skip
    assert [span["parent"] for span in spans] == [None, f"{1:016x}"]
    assert json.loads(spans[0]["attributes"])["t"] == "x\ny"
    assert json.loads(spans[0]["attributes"])["n"] == {"$number": "nan"}


def test_all_of_it_comes_back_once(whence, filled, out, tmp_path, serving):
    store, ids = filled
    told = whence("import-runs", "out", "--store", "t").stdout
    assert "2 runs, 1 point, 3 artifacts" in told
    assert "2 versions of registered models; 1 logged model; 2 traces" in told
    again = whence("import-runs", "out", "--store", "t")
    assert "nothing to do" in again.stdout
    assert again.stderr == ""
    whence("export", "b", "--store", "t")
    assert tree(out) == tree(tmp_path / "b")
    then, now = StoreFolder(store).metadata, StoreFolder(tmp_path / "t").metadata
    for table in ("spans", "assessments", "trace_links", "origins", "run_models"):
        ask = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert then.all(ask) == now.all(ask)
    with (
        serving(tmp_path / "t", "--every", "0") as (address, _),
        httpx.Client(base_url=address) as client,
    ):
        asked = {"name": "reg", "version": "1"}
        uri = client.get(f"{ML}/model-versions/get-download-uri", params=asked).json()
        assert uri == {"artifact_uri": f"models:/{ids['model']}"}
        model = client.get(f"{ML}/logged-models/{ids['model']}").json()["model"]["info"]
        place = model["artifact_uri"].removeprefix("mlflow-artifacts:/")
        assert client.get(f"{PROXY}/{place}/deep/weights").content == b"weights"
        trace = client.get("/api/3.0/mlflow/traces/get", params={"trace_id": TRACE}).json()
        assert len(trace["trace"]["spans"]) == 2
    made = library.open(tmp_path / "t").lineage("dataset:clicks@d2")
    assert {edge.before for edge in made.edges if edge.after == "dataset:clicks@d2"} == {
        "predictions:rank@7", "labels:rank", "dataset:raw@d1",
    }  # fmt: skip


@pytest.mark.usefixtures("out")
def test_what_was_there_before_stays_as_it_is(whence, filled):
    told = whence("import-runs", "out", "--store", filled[0])
    assert f"trace {TRACE} was left out: it is here already" in told.stderr
    assert "logged model" in told.stderr
    assert "2 traces" not in told.stdout


def test_only_what_belongs_to_the_runs_asked_for_is_exported(whence, filled, tmp_path):
    store, ids = filled
    whence("export", "a", "--store", store, "--project", "native")
    whence("export", "b", "--store", store, "--where", f"id = '{ids['run']}'")
    whence("export", "c", "--store", store, "--project", "wire")
    found = {
        name: (
            [one["id"] for one in lines(tmp_path / name / "logged_models.jsonl")],
            [one["id"] for one in lines(tmp_path / name / "traces.jsonl")],
            [one["name"] for one in json.loads((tmp_path / name / "datasets.json").read_text())],
            pq.read_table(tmp_path / name / "spans.parquet").num_rows,
        )
        for name in "abc"
    }
    assert found == {
        "a": ([], [], ["clicks"], 0),
        "b": ([ids["model"]], [TRACE], [], 2),
        "c": ([ids["model"]], [TRACE, OTHER], [], 2),
    }


def test_a_file_of_an_export_leads_nowhere_else(whence, out, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (one,) = lines(out / "logged_models.jsonl")
    one["artifacts"] = [{**one["artifacts"][0], "path": "../../../secret", "file": "../secret"}]
    (out / "logged_models.jsonl").write_text(json.dumps(one) + "\n")
    told = whence("import-runs", "out", "--store", "t")
    assert "secret" in told.stderr
    paths = StoreFolder(tmp_path / "t").metadata.all("SELECT path FROM artifacts")
    assert not any("secret" in path for (path,) in paths)


def test_a_store_with_traces_only_is_exported(whence, serving, tmp_path):
    with (
        serving(tmp_path / "s", "--every", "0") as (address, _),
        httpx.Client(base_url=address) as client,
    ):
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}
        info = {"trace_id": TRACE, "trace_location": place, "request_time": "2026-01-01T00:00:00Z"}
        client.post("/api/3.0/mlflow/traces", json={"trace": {"trace_info": info}})
    assert "0 runs, 0 points, 0 artifacts, 1 trace" in whence("export", "o", "--store", "s").stdout
    assert "1 trace" in whence("import-runs", "o", "--store", "t").stdout


def paths(folder):
    return [path for (path,) in StoreFolder(folder).metadata.all("SELECT path FROM artifacts")]


def write_lines(path, said):
    path.write_text("".join(json.dumps(one) + "\n" for one in said))


needs_links = pytest.mark.skipif(os.name == "nt", reason="Windows lets few users make links")


@needs_links
@pytest.mark.parametrize("link", ["logged_models", "MODEL", "deep", "weights"])
def test_a_link_in_an_export_is_not_followed(whence, filled, out, tmp_path, link):
    (file,) = (out / "logged_models").rglob("weights")
    places = {place.name: place for place in file.parents} | {file.name: file}
    place = places[filled[1]["model"] if link == "MODEL" else link]
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    told = whence("import-runs", "out", "--store", "t")
    assert "behind a link" in told.stderr
    assert "1 logged model" in told.stdout
    assert not any("weights" in path for path in paths(tmp_path / "t"))


def test_a_file_without_a_digest_is_left_out(whence, out, tmp_path):
    (one,) = lines(out / "logged_models.jsonl")
    write_lines(out / "logged_models.jsonl",
                [{**one, "artifacts": [{**one["artifacts"][0], "sha256": ""}]}])  # fmt: skip
    assert "SHA-256 is not said" in whence("import-runs", "out", "--store", "t").stderr
    assert not any("weights" in path for path in paths(tmp_path / "t"))


@needs_links
@pytest.mark.parametrize("name", ["traces.jsonl", "spans.parquet", "projects.json"])
def test_an_export_whose_own_files_lie_elsewhere_is_refused(whence, out, tmp_path, name):
    (out / name).rename(tmp_path / "elsewhere")
    (out / name).symlink_to(tmp_path / "elsewhere")
    refused = whence("import-runs", "out", "--store", "t", status=2).stderr
    assert name in refused
    assert "link" in refused


def test_a_folder_in_the_place_of_a_table_is_refused(whence, out):
    (out / "spans.parquet").rename(out / "part")
    (out / "spans.parquet").mkdir()
    (out / "part").rename(out / "spans.parquet/part.parquet")
    assert "it is a folder" in whence("import-runs", "out", "--store", "t", status=2).stderr


def test_spans_that_come_later_are_imported_too(whence, out, tmp_path):
    shutil.copytree(out, tmp_path / "early")
    spans = pq.read_table(out / "spans.parquet")
    pq.write_table(spans.slice(0, 1), tmp_path / "early/spans.parquet")
    whence("import-runs", "early", "--store", "t")
    whence("import-runs", "out", "--store", "t")
    whence("export", "b", "--store", "t")
    assert pq.read_table(tmp_path / "b/spans.parquet").equals(spans)
    assert "nothing to do" in whence("import-runs", "out", "--store", "t").stdout


def test_files_that_were_missing_are_looked_for_again(whence, out, tmp_path):
    whole = {path: path.read_bytes() for name in ("artifacts", "logged_models", "traces")
             for path in (out / name).rglob("*") if path.is_file()}  # fmt: skip
    assert len(whole) == 3
    for path, content in whole.items():
        path.unlink()  # it may be a link into the store
        path.write_bytes(bytes(len(content)))
    told = whence("import-runs", "out", "--store", "t")
    assert "2 runs, 1 point, 0 artifacts" in told.stdout
    assert told.stderr.count("another SHA-256") == 3
    for path, content in whole.items():
        path.write_bytes(content)
    whence("import-runs", "out", "--store", "t")
    whence("export", "b", "--store", "t")
    assert tree(out) == tree(tmp_path / "b")


def test_an_assessment_outlives_the_one_that_it_replaced(whence, filled, tmp_path, serving):
    shutil.copytree(filled[0], tmp_path / "s")
    with serving(tmp_path / "s", "--every", "0") as (address, _):
        trace = f"{address}/api/3.0/mlflow/traces/{TRACE}/assessments"
        first = "SELECT id FROM assessments WHERE overrides IS NULL"
        ((gone,),) = StoreFolder(tmp_path / "s").metadata.all(first)
        assert httpx.delete(f"{trace}/{gone}").status_code == 200
    whence("export", "a", "--store", "s")
    assert "left out" not in whence("import-runs", "a", "--store", "t").stderr
    (said,) = lines(tmp_path / "a/traces.jsonl")[0]["assessments"]
    assert said["overrides"] == gone
    whence("export", "b", "--store", "t")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_an_assessment_of_another_trace_stays_as_it_is(whence, out, tmp_path):
    whence("import-runs", "out", "--store", "t")
    ask = "SELECT * FROM assessments ORDER BY id"
    before = StoreFolder(tmp_path / "t").metadata.all(ask)
    one, other = lines(out / "traces.jsonl")
    false = [{**said, "name": "false", "valid": False} for said in one["assessments"]]
    write_lines(out / "traces.jsonl", [one, {**other, "assessments": false}])
    assert "one of that id here" in whence("import-runs", "out", "--store", "t").stderr
    assert StoreFolder(tmp_path / "t").metadata.all(ask) == before


@pytest.fixture(scope="module")
def odd(tmp_path_factory, serving):
    """Return a store with a deleted project, and with versions made of whole folders."""
    store = tmp_path_factory.mktemp("odd") / "s"
    ids = {}
    with serving(store, "--every", "0") as (address, _), httpx.Client(base_url=address) as client:

        def post(path, **body):
            answer = client.post(f"{ML}/{path}", json=body)
            assert answer.status_code == 200, answer.text
            return answer.json()

        gone = post("experiments/create", name="gone")["experiment_id"]
        run = post("runs/create", experiment_id=gone)["run"]["info"]["run_id"]
        data = {"name": "old", "digest": "1", "source_type": "local", "source": "{}"}
        post("runs/log-inputs", run_id=run, datasets=[{"dataset": data}])
        post("logged-models", experiment_id=gone, name="old")
        post("experiments/delete", experiment_id=gone)
        post("registered-models/create", name="reg")
        homes = {"kept": {}, "root": {"artifact_location": "mlflow-artifacts:"}}
        for name, more in homes.items():
            home = post("experiments/create", name=name, **more)["experiment_id"]
            run = post("runs/create", experiment_id=home)["run"]["info"]["run_id"]
            post("runs/update", run_id=run, status="FINISHED")
            made = post("logged-models", experiment_id=home, name=name)
            ids[name] = run, made["model"]["info"]["model_id"]
            prefix = "" if more else f"{home}/"
            folders = (f"{prefix}{run}/artifacts", f"{prefix}models/{ids[name][1]}/artifacts")
            for folder, key, owner in zip(folders, ("run_id", "model_id"), ids[name], strict=True):
                content = f"{name} {key}".encode()
                client.put(f"{PROXY}/{folder}/deep b/file", content=content).raise_for_status()
                for rest in ("", "/deep%20b"):
                    source = f"mlflow-artifacts:/{folder}{rest}"
                    post("model-versions/create", name="reg", source=source, **{key: owner})
    return store, ids


def test_what_belongs_to_a_deleted_project_is_not_exported(whence, odd, tmp_path):
    whence("export", "a", "--store", odd[0])
    assert [one["name"] for one in lines(tmp_path / "a/logged_models.jsonl")] in (
        ["kept", "root"], ["root", "kept"],
    )  # fmt: skip
    assert json.loads((tmp_path / "a/datasets.json").read_text()) == []
    whence("import-runs", "a", "--store", "t")
    assert "gone" not in {
        name for (name,) in StoreFolder(tmp_path / "t").metadata.all("SELECT name FROM projects")
    }


def test_places_of_versions_mean_the_same_in_another_store(whence, odd, tmp_path, serving):
    whence("export", "a", "--store", odd[0])
    (model,) = json.loads((tmp_path / "a/registry.json").read_text())
    assert [version["place"] for version in model["versions"]] == [
        place for run, logged in odd[1].values() for place in (
            f"runs:/{run}", f"runs:/{run}/deep b",
            f"models:/{logged}", f"models:/{logged}/deep%20b",
        )
    ]  # fmt: skip
    whence("import-runs", "a", "--store", "t")
    whence("export", "b", "--store", "t")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    with (
        serving(tmp_path / "t", "--every", "0") as (address, _),
        httpx.Client(base_url=address) as client,
    ):
        for version, name in (("4", "kept"), ("8", "root")):
            asked = {"name": "reg", "version": version}
            uri = client.get(f"{ML}/model-versions/get-download-uri", params=asked).json()
            place = uri["artifact_uri"].removeprefix("mlflow-artifacts:/")
            assert client.get(f"{PROXY}/{place}/file").text == f"{name} model_id"


def test_choosing_traces_never_reads_all_metadata(filled, tmp_path, monkeypatch):
    plans = []
    read = Metadata.all

    def explained(self, query, *values):
        plans.extend(row[-1] for row in read(self, f"EXPLAIN QUERY PLAN {query}", *values))
        return read(self, query, *values)

    monkeypatch.setattr(Metadata, "all", explained)
    assert export(StoreFolder(filled[0]), tmp_path / "o", project="wire").traces == 2
    of_metadata = [plan for plan in plans if "trace_metadata" in plan]
    assert of_metadata
    assert not [plan for plan in of_metadata if plan.startswith("SCAN")]


def test_odd_ids_and_numbers_come_back_as_they_were(whence, out, tmp_path):
    big = 2**200
    one, _ = lines(out / "traces.jsonl")
    odd = ("ü-spur", "日本 #?%2F", "e\u0301", "\u00e9", "😀")
    tokens = {"input_tokens": big}
    write_lines(out / "traces.jsonl", [
        {**one, "id": name, "tokens": tokens, "assessments": [
            {**said, "id": f"{name} {said['id']}", "value": [big, {"ü": "\u2028"}]}
            for said in one["assessments"]
        ]} for name in odd
    ])  # fmt: skip
    spans = pq.read_table(out / "spans.parquet").to_pylist()[:1]
    schema = pq.read_schema(out / "spans.parquet")
    said = {"i": big, "tiny": 5e-324, "n": {"$number": "nan"}, "ü": "\x00"}
    attributes = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    rows = [{**spans[0], "trace": name, "attributes": attributes} for name in odd]
    pq.write_table(pa.Table.from_pylist(rows, schema), out / "spans.parquet")
    (file,) = (out / "traces").rglob("a.txt")
    for name in odd:
        place = out / "traces" / quote(name, safe="") / one["artifacts"][0]["path"]
        place.parent.mkdir(parents=True)
        place.write_bytes(file.read_bytes())
    assert "5 traces" in whence("import-runs", "out", "--store", "t").stdout
    assert "nothing to do" in whence("import-runs", "out", "--store", "t").stdout
    whence("export", "b", "--store", "t")
    found = {one["id"]: one for one in lines(tmp_path / "b/traces.jsonl")}
    assert found.keys() == {*odd}
    for trace in found.values():
        assert trace["tokens"] == tokens
        assert [said["value"] for said in trace["assessments"]] == [[big, {"ü": "\u2028"}]] * 2
        assert (tmp_path / "b" / trace["artifacts"][0]["file"]).read_text() == "attached"
    back = pq.read_table(tmp_path / "b/spans.parquet")
    assert back["attributes"].to_pylist() == [attributes] * 5
    assert {*back["trace"].to_pylist()} == {*odd}
