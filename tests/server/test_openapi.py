"""The API against its own description: whatever it allows, no answer is a server's error."""

import json
import shutil
import subprocess
import sys
from urllib.parse import quote

import pytest

from whence.server.native.endpoints import ENDPOINTS

EXAMPLES = 4


def test_every_endpoint_is_described(get):
    paths = get("/openapi.json")["paths"]
    assert {(path, method) for path, of in paths.items() for method in of} == {
        (f"/api/v1{one.path}", one.method.lower()) for one in ENDPOINTS
    }
    for of in paths.values():
        for operation in of.values():
            assert operation["summary"]
            assert "400" in operation["responses"]


@pytest.mark.parametrize("model", ["team/fraud", None], ids=["a model that is there", "any"])
def test_no_request_makes_it_fail(logged, asking, tmp_path, model):
    store = shutil.copytree(logged[0], tmp_path / "store")  # requests here change incidents
    with asking(store, "--every", "0") as client:
        ask_anything(client, tmp_path, model)


def ask_anything(client, tmp_path, model):
    config = tmp_path / "schemathesis.toml"
    lines = ["[parameters]"]
    if model is not None:
        page = client.get(f"/api/v1/models/{quote(model, safe='')}").json()
        (head,) = page["incidents"]
        given = {"path.model": model, "path.incident": head["incident"]["id"],
                 "query.column": ["shop", "x"], "query.start": ["2023-09-21", "2023-10-01"],
                 "query.where": ['{"shop": "c"}', '{"x": [0, null]}']}  # fmt: skip
        lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in given.items()]
    config.write_text("\n".join(lines) + "\n", "utf-8")
    url = str(client.base_url).rstrip("/")
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", config, "run",
         f"{url}/api/v1/openapi.json", "--url", url, "--checks", "not_a_server_error",
         "--max-examples", str(EXAMPLES), "--phases", "coverage,fuzzing", "--seed", "7",
         "--suppress-health-check", "all", "--no-color"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert f"{len(ENDPOINTS)}/{len(ENDPOINTS)}" in done.stdout
    assert " passed" in done.stdout
