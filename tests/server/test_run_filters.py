"""Filters of runs in our own faces: Python, the command line, HTTP."""

import httpx
import pytest

import whence
from whence import BadInput


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    found = tmp_path_factory.mktemp("filtered") / "store"
    for number in range(4):
        with whence.start_run(
            project="ab"[number % 2], name=f"run-{number}", tags={"team": "vision"},
            params={"lr": number / 10, "opt": ["sgd", "adam"][number // 2]}, store=found,
        ) as run:  # fmt: skip
            run.log({"accuracy": number / 4, "val/loss": 1.0})
    whence.open(found).runs()
    return found


CASES = [
    ("metrics.accuracy > 0.3 and params.lr = 0.2", ["run-2"]),
    ("params.lr <= 0.1", ["run-1", "run-0"]),
    ("params.opt IN ('adam') and project = 'b'", ["run-3"]),
    ("status = 'finished' and name LIKE 'run-%' and metrics.val/loss = 1",
     ["run-3", "run-2", "run-1", "run-0"]),
    ("tags.team != 'vision'", []),
    ("started < '2020-01-01'", []),
    ("ended IS NOT NULL and metrics.accuracy >= 0.75", ["run-3"]),
]  # fmt: skip


@pytest.mark.parametrize(("where", "names"), CASES)
def test_a_filter_finds_the_same_in_python_and_over_http(store, client, where, names):
    assert [run.name for run in whence.open(store).runs(where=where)] == names
    page = client.get("/api/v1/runs", params={"where": where}).json()
    assert [run["name"] for run in page["runs"]] == names
    assert page["total"] == len(names)


@pytest.fixture(scope="module")
def client(store, asking):
    with asking(store, "--every", "0") as found:
        yield found


def test_a_filter_goes_with_a_project_an_order_and_a_page(store):
    handle = whence.open(store)
    found = handle.runs("a", where="metrics.accuracy >= 0", sort="metrics.accuracy")
    assert [run.name for run in found] == ["run-0", "run-2"]
    found = handle.runs(where="params.lr > 0", sort="-params.lr", limit=1, offset=1)
    assert [run.name for run in found] == ["run-2"]


def test_a_filter_that_cannot_be_used_says_where_and_what_to_write(store, client, run_whence):
    said = "at character 1, 'accuracy > 0.9': write metrics.accuracy"
    with pytest.raises(BadInput) as raised:
        whence.open(store).runs(where="accuracy > 0.9")
    assert said in str(raised.value)
    answer = client.get("/api/v1/runs", params={"where": "accuracy > 0.9"})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert said in answer.json()["error"]
    told = run_whence("runs", "--where", "accuracy > 0.9", "--store", store, cwd=store, status=2)
    assert said in told.stderr


def test_the_command_line_filters(store, run_whence):
    listed = run_whence(
        "runs", "--where", "metrics.accuracy > 0.6", "--store", store, cwd=store
    ).stdout
    assert "run-3" in listed
    assert "run-2" not in listed
    none = run_whence("runs", "--where", "metrics.x > 1", "--store", store, cwd=store).stdout
    assert "no run fits" in none
