"""Artifacts over MLflow's API: paths, answers and errors as its clients expect them."""

import gzip
import http.client
import json
from pathlib import Path

import pytest

import whence
from whence.store.artifacts import entries
from whence.store.folder import StoreFolder

PROXY = "/api/2.0/mlflow-artifacts"
FILES = f"{PROXY}/artifacts"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("artifacts") / "store"


@pytest.fixture(scope="module")
def client(store, asking):
    with asking(store, "--every", "0", "--most-artifact", "0.1") as found:
        found.port = found.base_url.port
        yield found


@pytest.fixture
def run(client):
    """Return a new run's id and the folder of its artifacts."""
    made = client.post("/api/2.0/mlflow/runs/create", json={"experiment_id": "0"})
    info = made.json()["run"]["info"]
    return info["run_id"], info["artifact_uri"].removeprefix("mlflow-artifacts:/")


def raw(client, method, path, body=None, headers=()):
    """Ask for exactly this path: a client of HTTP would tidy it."""
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    return answer.status, said


def put(client, path, content=b"x", status=200):
    answer = client.put(f"{FILES}/{path}", content=content)
    assert answer.status_code == status, answer.text
    return answer


def error(answer, status, code):
    assert (answer.status_code, answer.json()["error_code"]) == (status, code), answer.text
    return answer.json()["message"]


def test_what_was_put_is_listed_and_comes_back(client, run):
    _, root = run
    assert put(client, f"{root}/a.txt", b"0123456789").content == b""
    put(client, f"{root}/dir/b.json", b"{}")
    answer = client.get(f"{FILES}/{root}/a.txt")
    assert answer.content == b"0123456789"
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Disposition"] == "attachment; filename=a.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    part = client.get(f"{FILES}/{root}/a.txt", headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert client.get(FILES, params={"path": root}).json() == {
        "files": [
            {"path": "a.txt", "is_dir": False, "file_size": 10},
            {"path": "dir", "is_dir": True},
        ]
    }
    nothing = [f"{root}/none", f"{root}/a.txt"]
    assert [client.get(FILES, params={"path": path}).json() for path in nothing] == [{}, {}]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.py", "text/plain"),
        ("MLmodel", "text/plain"),
        ("b.pkl", "application/octet-stream"),
        ("c.png", "image/png"),
        ("d.pdf", "application/pdf"),
        ("e.html", "text/html"),
    ],
)
def test_the_type_is_of_the_name_and_never_shown(client, run, name, kind):
    _, root = run
    put(client, f"{root}/{name}")
    answer = client.get(f"{FILES}/{root}/{name}", headers={"Accept": "text/html"})
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"


def test_names_of_any_letters_are_decoded_once(client, run):
    identifier, root = run
    put(client, f"{root}/g%C3%BC%20te%2Bx.png")
    put(client, f"{root}/50%2541.txt")
    put(client, f"{root}//deep%2Fer.txt")
    found = client.get("/api/2.0/mlflow/artifacts/list", params={"run_id": identifier}).json()
    assert [one["path"] for one in found["files"]] == ["50%41.txt", "deep", "gü te+x.png"]
    answer = client.get(f"{FILES}/{root}/g%C3%BC%20te%2Bx.png")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"gu te+x.png\"; filename*=UTF-8''g%C3%BC%20te+x.png"
    )


OUTSIDE = [
    "../x", "%2e%2e/x", "..%2Fx", "%252e%252e/x", "a/../../x", "%2Fetc/x", "/etc/x", "C:/x",
    "C:%5Cx", "a%5C..%5Cx", "a%00b", "a%0Ab", "a%23b", "file:///etc/x",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leaves_the_store(client, store, path):
    for method in ("PUT", "GET", "DELETE"):
        status, said = raw(client, method, f"{FILES}/{path}", b"x" if method == "PUT" else None)
        assert (status, json.loads(said)["message"]) == (400, "Invalid path"), method
    listed = raw(client, "GET", f"{FILES}?path={path}")
    assert listed[0] == 400
    assert {one.name for one in entries(StoreFolder(store).metadata)} <= {"0", "runs"}


def test_a_dot_in_a_path_is_the_folder_itself(client, run):
    _, root = run
    assert raw(client, "PUT", f"{FILES}/{root}/./dotted/./c", b"x")[0] == 200
    assert raw(client, "GET", f"{FILES}/{root}/dotted/c") == (200, b"x")
    listed = raw(client, "GET", f"{FILES}?path={root}/dotted/.")
    assert [one["path"] for one in json.loads(listed[1])["files"]] == ["c"]


def test_a_file_is_no_folder_and_a_folder_no_file(client, run):
    _, root = run
    put(client, f"{root}/dir/b")
    for path in (f"{root}/dir", f"{root}/dir/b/c"):
        error(put(client, path, status=400), 400, "INVALID_PARAMETER_VALUE")
    said = error(client.get(f"{FILES}/{root}/dir"), 400, "INVALID_PARAMETER_VALUE")
    assert said == f"Artifact path refers to a directory, not a file: '{root}/dir'"
    said = error(client.get(f"{FILES}/{root}/no"), 404, "RESOURCE_DOES_NOT_EXIST")
    assert said == f"No such artifact: '{root}/no'"
    assert raw(client, "PUT", f"{FILES}/{root}/e/", b"x")[0] == 400
    assert client.get(f"{FILES}/{root}/dir/b").content == b"x"


def test_a_folder_goes_with_all_in_it(client, run):
    _, root = run
    for path in ("dir/a", "dir/deep/b", "dirt", "c"):
        put(client, f"{root}/{path}")
    for path in ("dir", "none"):
        gone = client.delete(f"{FILES}/{root}/{path}")
        assert (gone.status_code, gone.json()) == (200, {})
    found = client.get(FILES, params={"path": root}).json()["files"]
    assert [one["path"] for one in found] == ["c", "dirt"]
    assert client.delete(f"{FILES}/").status_code == 404


def test_a_runs_files_by_its_id(client, run):
    identifier, root = run
    put(client, f"{root}/a.txt", b"abc")
    put(client, f"{root}/dir/b.txt")
    listing = "/api/2.0/mlflow/artifacts/list"
    for key in ("run_id", "run_uuid"):
        found = client.get(listing, params={key: identifier, "path": "dir"}).json()
        assert found == {
            "root_uri": f"mlflow-artifacts:/{root}",
            "files": [{"path": "dir/b.txt", "is_dir": False, "file_size": 1}],
        }
        got = client.get("/get-artifact", params={key: identifier, "path": "a.txt"})
        assert got.content == b"abc"
    assert client.get(listing.replace("/api", "/ajax-api"), params={"run_id": identifier}).json()
    missing = {"run_id": "f" * 32, "path": "a"}
    for path in (listing, "/get-artifact"):
        said = error(client.get(path, params=missing), 404, "RESOURCE_DOES_NOT_EXIST")
        assert said == f"Run with id={'f' * 32} not found"
        outside = {"run_id": identifier, "path": "../x"}
        assert error(client.get(path, params=outside), 400, "INVALID_PARAMETER_VALUE")
    assert error(client.get("/get-artifact", params={"run_id": identifier}), 400, "BAD_REQUEST")


def test_what_a_program_of_ours_logged_is_there_too(client, store):
    with whence.start_run(store=store, capture=()) as run:
        run.log_text("from python", "native.txt")
    whence.open(store).run(run.id)  # folds
    shown = client.get("/api/2.0/mlflow/artifacts/list", params={"run_id": run.id}).json()
    assert shown["files"] == [{"path": "native.txt", "is_dir": False, "file_size": 11}]
    got = client.get("/get-artifact", params={"run_id": run.id, "path": "native.txt"})
    assert got.text == "from python"


def test_a_page_uploads_small_files(client, run):
    identifier, root = run
    path = "/ajax-api/2.0/mlflow/upload-artifact"
    asked = {"run_uuid": identifier, "path": "up/c.txt"}
    answer = client.post(path, params=asked, content=b"hello")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.get(f"{FILES}/{root}/up/c.txt").content == b"hello"
    large = bytes(10 * 2**20 + 1)
    for given, content, said in (
        ({"path": "x"}, b"x", "Request must specify run_uuid."),
        ({"run_uuid": identifier}, b"x", "Request must specify path."),
        (asked, b"", "Request must specify data."),
        (asked, large, "Artifact size is too large. Max size is 10MB."),
        (asked | {"path": "../x"}, b"x", "Invalid path"),
    ):
        answer = client.post(path, params=given, content=content)
        assert error(answer, 400, "INVALID_PARAMETER_VALUE") == said


def test_a_versions_files_lie_where_it_came_from(client, run):
    identifier, root = run
    put(client, f"{root}/model/MLmodel", b"flavors: {}")
    client.post("/api/2.0/mlflow/registered-models/create", json={"name": identifier})
    version = {"name": identifier, "source": f"mlflow-artifacts:/{root}/model",
               "run_id": identifier}  # fmt: skip
    client.post("/api/2.0/mlflow/model-versions/create", json=version)
    asked = {"name": identifier, "version": "1", "path": "MLmodel"}
    assert client.get("/model-versions/get-artifact", params=asked).content == b"flavors: {}"
    none = client.get("/model-versions/get-artifact", params=asked | {"path": "no"})
    assert error(none, 404, "RESOURCE_DOES_NOT_EXIST") == f"No such artifact: '{root}/model/no'"


def test_a_logged_models_files(client):
    made = client.post("/api/2.0/mlflow/logged-models", json={"experiment_id": "0", "name": "m"})
    model = made.json()["model"]["info"]["model_id"]
    put(client, f"0/models/{model}/artifacts/d/x", b"abc")
    path = f"/api/2.0/mlflow/logged-models/{model}/artifacts/directories"
    found = client.get(path, params={"artifact_directory_path": "d"}).json()
    assert found["files"] == [{"path": "d/x", "is_dir": False, "file_size": 3}]
    path = f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files"
    assert client.get(path, params={"artifact_file_path": "d/x"}).content == b"abc"
    assert error(client.get(path), 400, "BAD_REQUEST")
    none = path.replace(model, "m-none")
    answer = client.get(none, params={"artifact_file_path": "x"})
    said = error(answer, 404, "RESOURCE_DOES_NOT_EXIST")
    assert said == "Logged model with ID 'm-none' not found."


def test_parts_and_signed_addresses_are_refused_as_for_a_folder_of_a_server(client, run):
    identifier, root = run
    body = {"path": "x", "num_parts": 2, "upload_id": "u", "parts": [{"part_number": 1}]}
    for what in ("create", "complete", "abort"):
        answer = client.post(f"{PROXY}/mpu/{what}/{root}", json=body)
        said = error(answer, 501, "NOT_IMPLEMENTED")
        assert said == "Multipart upload is not supported for the current artifact repository"
    said = error(client.get(f"{PROXY}/presigned/{root}/a"), 501, "NOT_IMPLEMENTED")
    assert said == "Multipart download is not supported for the current artifact repository"
    for what in ("upload", "download"):
        path = f"/api/2.0/mlflow/artifacts/presigned-{what}-url"
        answer = client.post(path, json={"run_id": identifier, "path": "a"})
        said = error(answer, 400, "INVALID_PARAMETER_VALUE")
        assert said.startswith(f"Presigned {what} is not supported for ")


def test_artifacts_elsewhere_are_not_read_here(client):
    """Whoever may make an experiment must not be able to name any file of the server's."""
    made = client.post("/api/2.0/mlflow/experiments/create",
                       json={"name": "out", "artifact_location": "file:///etc"})  # fmt: skip
    run = client.post("/api/2.0/mlflow/runs/create", json=made.json()).json()["run"]["info"]
    asked = {"run_id": run["run_id"], "path": "passwd"}
    for path in ("/get-artifact", "/api/2.0/mlflow/artifacts/list"):
        error(client.get(path, params=asked), 501, "NOT_IMPLEMENTED")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_large_file_goes_to_the_disk_and_not_into_memory(client, run):
    _, root = run
    before = peak(client.process.pid)
    content = bytes(range(256)) * (90 * 4096)  # 94 MB
    put(client, f"{root}/large", content)
    assert client.get(f"{FILES}/{root}/large").content == content
    assert peak(client.process.pid) - before < 40 * 2**20


def peak(process):
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = (one for one in status.splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_file_that_is_too_long_is_cut_off_and_nothing_of_it_stays(client, store, run):
    _, root = run
    pieces = (bytes(2**20) for _ in range(101))  # 106 MB, of a length that is not said
    too_large = put(client, f"{root}/cut", pieces, status=413)
    assert "is the most that this server takes" in error(too_large, 413, "INVALID_PARAMETER_VALUE")
    head = {"Content-Length": str(10**9)}
    assert raw(client, "PUT", f"{FILES}/{root}/cut", None, head)[0] == 413
    packed = {"Content-Encoding": "gzip"}
    assert raw(client, "PUT", f"{FILES}/{root}/cut", gzip.compress(b"x"), packed)[0] == 400
    assert client.get(FILES, params={"path": root}).json() == {}
    assert list((store / "artifacts/.drafts").iterdir()) == []


def test_the_native_api_shows_pictures_and_texts_and_saves_the_rest(client, run):
    identifier, root = run
    names = {
        "a.txt": ("text/plain; charset=utf-8", "inline"),
        "b.json": ("text/plain; charset=utf-8", "inline"),
        "c.png": ("image/png", "inline"),
        "d.html": ("text/html", "attachment; filename=d.html"),
        "e.svg": ("image/svg+xml", "attachment; filename=e.svg"),
        "f/g.bin": ("application/octet-stream", "attachment; filename=g.bin"),
    }
    for name in names:
        put(client, f"{root}/{name}", b"abc")
    listed = client.get(f"/api/v1/runs/{identifier}/artifacts").json()
    assert [(one["path"], one["size"]) for one in listed] == [(name, 3) for name in names]
    for name, (kind, shown) in names.items():
        answer = client.get(f"/api/v1/runs/{identifier}/artifacts/{name.replace('/', '%2F')}")
        assert answer.content == b"abc"
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Content-Disposition"] == shown
        assert "script-src" not in answer.headers["Content-Security-Policy"]
    for path, status in (("none", 404), ("..%2Fx", 400), ("%2Fetc%2Fpasswd", 400)):
        answer = client.get(f"/api/v1/runs/{identifier}/artifacts/{path}")
        assert answer.status_code == status
    assert client.get("/api/v1/runs/none/artifacts").status_code == 404
