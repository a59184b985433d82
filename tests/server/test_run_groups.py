"""Groups of runs over HTTP: one answer counts them all, through any filter."""

import pytest

import whence
from whence.view.run_groups import MOST_GROUPS

GIVEN = (
    {"lr": 0.1, "opt": "adam"},
    {"lr": "1e-1", "opt": "sgd"},
    {"lr": 0.01, "opt": "adam"},
    {"opt": None},
    {"lr": "fast", "opt": True},
)
"""A number that is written in two ways, a run without it, and what is no number."""


@pytest.fixture(scope="module")
def client(tmp_path_factory, asking):
    store = tmp_path_factory.mktemp("groups") / "store"
    for number, params in enumerate(GIVEN):
        with whence.start_run(project=f"p{number % 2}", params=params, store=store, capture=False):
            pass
    for seed in range(MOST_GROUPS + 3):
        params = {"seed": seed}
        with whence.start_run(project="seeds", params=params, store=store, capture=False):
            pass
    whence.open(store).runs()
    with asking(store, "--every", "0") as found:
        yield found


def grouped(client, by, status=200, **given):
    """Return the answer; its groups as pairs of texts and how many."""
    answer = client.get("/api/v1/run-groups", params={"by": by, **given})
    assert answer.status_code == status, answer.text
    found = answer.json()
    if status != 200:
        return found["error"]
    return {tuple(sorted(one["texts"])): one["total"] for one in found["groups"]}, found["total"]


def test_a_number_is_one_value_however_it_is_written(client):
    groups, total = grouped(client, "params.lr", where="project != 'seeds'")
    assert groups == {("0.1", "1e-1"): 2, ("0.01",): 1, ("fast",): 1, (): 1}
    assert total == len(GIVEN)


def test_each_groups_texts_find_its_runs_as_a_filter(client):
    for by in ("params.lr", "params.opt", "project", "status"):
        groups, _ = grouped(client, by, where="project != 'seeds'")
        for texts, many in groups.items():
            listed = ", ".join(f"'{text}'" for text in texts)
            test = f"{by} IN ({listed})" if texts else f"{by} IS NULL"
            given = {"where": f"project != 'seeds' and {test}"}
            assert client.get("/api/v1/runs", params=given).json()["total"] == many, test


def test_groups_are_those_of_a_project_and_of_a_filter_on_the_same_param(client):
    assert grouped(client, "params.lr", project="p0")[0] == {
        ("0.1",): 1,
        ("0.01",): 1,
        ("fast",): 1,
    }
    groups, total = grouped(client, "params.opt", where="params.opt = 'adam' and params.lr <= 0.05")
    assert (groups, total) == ({("adam",): 1}, 1)
    assert grouped(client, "project", where="params.opt = 'nobody'") == ({}, 0)


def test_of_many_values_the_most_frequent_are_told_and_all_are_counted(client):
    groups, total = grouped(client, "params.seed")
    assert len(groups) == MOST_GROUPS
    assert groups[()] == len(GIVEN)
    assert total == len(GIVEN) + MOST_GROUPS + 3


def test_bad_groupings_are_answered(client):
    for by in ("metrics.loss", "params.", "name", "projects"):
        assert "give project, status or params.NAME" in grouped(client, by, 400)
    assert "write metrics.loss" in grouped(client, "status", 400, where="loss < 1")
