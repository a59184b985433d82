"""A server whose clients keep the artifacts of new experiments elsewhere, by themselves."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

import whence

API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a folder with a name that a URI must escape."""
    return tmp_path_factory.mktemp("artifacts of clients")


@pytest.fixture(scope="module")
def client(tmp_path_factory, root, asking):
    store = tmp_path_factory.mktemp("elsewhere") / "store"
    with asking(store, "--every", "0", "--default-artifact-root", root.as_uri()) as found:
        yield found


@pytest.fixture
def run(client, experiment):
    """Return a new run's id, and the folder in which its client keeps artifacts."""
    info = created(client, "runs/create", experiment_id=experiment)["run"]["info"]
    return info["run_id"], folder_of(info["artifact_uri"])


def created(client, path, status=200, **body):
    answer = client.post(f"{API}/{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def location(client, identifier):
    found = client.get(f"{API}/experiments/get", params={"experiment_id": identifier})
    return found.json()["experiment"]["artifact_location"]


def folder_of(uri):
    made = Path(url2pathname(urlsplit(uri).path))
    made.mkdir(parents=True, exist_ok=True)
    return made


def listed(client, run, path=""):
    answer = client.get(f"{API}/artifacts/list", params={"run_id": run, "path": path})
    assert answer.status_code == 200, answer.text
    return answer.json().get("files", [])


def fetched(client, run, path, status=200):
    answer = client.get("/get-artifact", params={"run_id": run, "path": path})
    assert answer.status_code == status, answer.text
    return answer.content if status == 200 else answer.json()["message"]


def test_new_experiments_lie_below_the_root_by_their_ids(client, root, experiment):
    assert location(client, "0") == f"{root.as_uri()}/0"
    assert location(client, experiment) == f"{root.as_uri()}/{experiment}"
    own = created(client, "experiments/create", name="own", artifact_location="s3://bucket/x")
    assert location(client, own["experiment_id"]) == "s3://bucket/x"


def test_runs_models_and_versions_name_the_place(client, root, experiment):
    below = f"{root.as_uri()}/{experiment}"
    info = created(client, "runs/create", experiment_id=experiment)["run"]["info"]
    assert info["artifact_uri"] == f"{below}/{info['run_id']}/artifacts"
    model = created(client, "logged-models", experiment_id=experiment, name="m")["model"]["info"]
    assert model["artifact_uri"] == f"{below}/models/{model['model_id']}/artifacts"
    created(client, "registered-models/create", name="r")
    source = f"{info['artifact_uri']}/m"
    made = created(client, "model-versions/create", name="r", source=source, run_id=info["run_id"])
    assert made["model_version"]["source"] == source
    found = client.get(
        f"{API}/model-versions/get-download-uri", params={"name": "r", "version": "1"}
    )
    assert found.json() == {"artifact_uri": source}
    (folder_of(source) / "weights").write_bytes(b"w")
    asked = {"name": "r", "version": "1", "path": "weights"}
    assert client.get("/model-versions/get-artifact", params=asked).content == b"w"
    (folder_of(model["artifact_uri"]) / "MLmodel").write_bytes(b"flavors:")
    path = f"/ajax-api/2.0/mlflow/logged-models/{model['model_id']}/artifacts/files"
    asked = {"artifact_file_path": "MLmodel"}
    assert client.get(path, params=asked).content == b"flavors:"
    outside = created(client, "model-versions/create", 400, name="r", source=f"{below}/../x",
                      run_id=info["run_id"])  # fmt: skip
    assert outside["error_code"] == "INVALID_PARAMETER_VALUE"


def test_what_clients_wrote_is_listed_and_sent(client, run):
    identifier, folder = run
    (folder / "dir").mkdir()
    (folder / "a.txt").write_bytes(b"0123")
    (folder / "dir/100%25 é.json").write_bytes(b"{}")
    assert listed(client, identifier) == [
        {"path": "a.txt", "is_dir": False, "file_size": 4},
        {"path": "dir", "is_dir": True},
    ]
    assert listed(client, identifier, "dir") == [
        {"path": "dir/100%25 é.json", "is_dir": False, "file_size": 2}
    ]
    assert listed(client, identifier, "none") == listed(client, identifier, "a.txt") == []
    assert fetched(client, identifier, "a.txt") == b"0123"
    assert fetched(client, identifier, "dir/100%25 é.json") == b"{}"
    assert fetched(client, identifier, "none", 404) == "No such artifact: 'none'"
    assert "refers to a directory" in fetched(client, identifier, "dir", 400)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows asks for a right to make links")
def test_nothing_leads_out_of_a_run(client, run, experiment, tmp_path):
    identifier, folder = run
    other = created(client, "runs/create", experiment_id=experiment)["run"]["info"]
    (folder_of(other["artifact_uri"]) / "theirs").write_bytes(b"t")
    (tmp_path / "secret").write_bytes(b"s")
    (folder / "file").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "other").symlink_to(folder_of(other["artifact_uri"]))
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "kept").write_bytes(b"k")
    (folder / "inside").symlink_to(folder / "kept")
    assert [one["path"] for one in listed(client, identifier)] == ["inside", "kept"]
    assert fetched(client, identifier, "inside") == b"k"
    for path in ("file", "folder/secret", "other/theirs", "loop", f"../../{other['run_id']}",
                 f"..%2f..%2f{other['run_id']}", str(tmp_path / "secret")):  # fmt: skip
        assert fetched(client, identifier, path, 400).startswith("Invalid path"), path


@pytest.mark.parametrize("mark", ["?", "#", "?x", "#x"])
def test_a_location_cannot_cut_off_what_is_appended_to_it(client, root, mark):
    answer = client.post(
        f"{API}/experiments/create",
        json={"name": mark, "artifact_location": f"file://{root}/other{mark}"},
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("where", ["{root}/..", "{root}/../other", "{root}/%2e%2e/other", "/etc"])
def test_a_location_of_a_clients_own_is_read_below_the_root_alone(client, root, where):
    place = f"file://{where.format(root=root)}"
    made = created(client, "experiments/create", name=place, artifact_location=place)
    run = created(client, "runs/create", **made)["run"]["info"]["run_id"]
    for path in ("/get-artifact", f"{API}/artifacts/list"):
        answer = client.get(path, params={"run_id": run, "path": "passwd"})
        assert (answer.status_code, answer.json()["error_code"]) == (501, "NOT_IMPLEMENTED")


def test_the_server_itself_writes_nothing_there(client, run):
    identifier, folder = run
    asked = {"run_uuid": identifier, "path": "a"}
    path = "/ajax-api/2.0/mlflow/upload-artifact"
    assert client.post(path, params=asked, content=b"x").status_code == 501
    assert list(folder.iterdir()) == []


def test_a_plain_path_stays_one_and_experiments_that_are_there_stay_where_they_are(
    tmp_path, asking
):
    store, first, second = tmp_path / "store", tmp_path / "first", tmp_path / "second"
    with asking(store, "--every", "0") as client:
        created(client, "runs/create", experiment_id="0")
        before = created(client, "experiments/create", name="before")["experiment_id"]
    with asking(store, "--every", "0", "--default-artifact-root", f"{first}/") as client:
        assert location(client, "0") == "mlflow-artifacts:/0"  # a run is in it
        assert location(client, before) == f"mlflow-artifacts:/{before}"
        made = created(client, "experiments/create", name="made")["experiment_id"]
        assert location(client, made) == f"{first}/{made}"
    with asking(store, "--every", "0", "--default-artifact-root", second) as client:
        assert location(client, made) == f"{first}/{made}"


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("s3://bucket/x?versionId=1", "has a query or fragment"),
        ("/srv/x#y", "has a query or fragment"),
        ("s4://bucket/x", "has a scheme that no client knows"),
        ("some/where", "is relative"),
        ("file:some/where", "is relative"),
        ("", "is relative"),
        ("s3:/bucket", "names no host or bucket"),
        ("file://elsewhere/x", "is a file of another machine"),
        ("file:///srv/%2e%2e/x", "leads out of a folder"),
        ("file:///", "is the root of this machine"),
    ],
)
def test_a_root_that_clients_could_not_use_is_an_error(tmp_path, uri, why):
    ended = subprocess.run(
        [sys.executable, "-m", "whence.cli", "serve", "--port", "0", "--store", tmp_path / "store",
         "--default-artifact-root", uri],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert f"--default-artifact-root {uri!r} {why}" in ended.stderr


@pytest.mark.parametrize("where", ["", "store", "store/within"])
def test_a_root_below_which_the_store_could_be_read_is_an_error(tmp_path, where):
    ended = subprocess.run(
        [sys.executable, "-m", "whence.cli", "serve", "--port", "0", "--store", tmp_path / "store",
         "--default-artifact-root", tmp_path / where],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "lie in one another" in ended.stderr


def test_files_that_a_run_logged_here_are_read_wherever_those_of_clients_lie(tmp_path, asking):
    store = tmp_path / "store"
    with whence.start_run(store=store, capture=False) as run:
        run.log_text("here", "said.txt")
    whence.open(store).run(run.id)  # folds
    with asking(store, "--every", "0", "--default-artifact-root", "s3://bucket") as client:
        assert [one["path"] for one in listed(client, run.id)] == ["said.txt"]
        assert fetched(client, run.id, "said.txt") == b"here"
        theirs = created(client, "experiments/create", name="theirs")
        info = created(client, "runs/create", **theirs)["run"]["info"]
        assert fetched(client, info["run_id"], "said.txt", 501).startswith(
            "The artifacts lie at s3:"
        )
