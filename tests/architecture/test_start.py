"""Importing Whence loads nothing but Whence: a service pays for what it uses."""

import re
import subprocess
import sys

from whence.server.app import MLFLOW
from whence.server.mlflow import mlflow_routes


def loaded(statement):
    """Return the modules a fresh Python has loaded after a statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_whence_loads_whence_alone():
    assert loaded("import whence") - loaded("pass") == {"whence"}


def test_a_public_name_is_loaded_at_its_first_use():
    assert "whence.api.model" in loaded("import whence; whence.model")


def test_a_server_starts_without_what_only_its_work_needs():
    heavy = {"numpy", "scipy", "sklearn", "pyarrow", "deltalake", "duckdb", "apprise", "PIL",
             "whence.server.mlflow", "whence.server.native.routes"}  # fmt: skip
    assert not heavy & loaded("import whence.server.app")


def test_mlflow_s_api_gets_every_request_that_it_answers():
    assert {re.sub(r"^(/api/[23]\.0|/ajax-api|/)/.*", r"\1/{rest:path}", route.path)
            for route in mlflow_routes(None)} == set(MLFLOW)  # fmt: skip
