"""Runs over HTTP: pages of them, and curves that are no larger than a screen."""

import math

import numpy as np
import pytest

import whence
from whence.store import curves
from whence.store.folder import StoreFolder

LONG = 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a store with a long run, a killed one, and some that are sorted by."""
    found = tmp_path_factory.mktemp("runs") / "store"
    with whence.start_run(project="long", name="long", store=found) as run:
        random = np.random.default_rng(1)
        for step, value in enumerate(random.normal(size=LONG)):
            run.log({"noise": float(value) if step % 1000 else math.nan}, step=step)
    for number in range(3):
        with whence.start_run(
            project="short", name=f"run-{number}", params={"lr": number}, store=found
        ) as run:
            run.log({"loss": 1 / (1 + number)})
    whence.open(found).runs()
    return found


@pytest.fixture(scope="module")
def client(store, asking):
    with asking(store, "--every", "0") as found:
        yield found


def get(client, path, status=200, **given):
    answer = client.get(f"/api/v1/{path}", params=given)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_page_says_what_there_is_to_choose_from(client):
    page = get(client, "runs", project="short", sort="metrics.loss", limit=2)
    assert [one["name"] for one in page["runs"]] == ["run-2", "run-1"]
    assert (page["total"], page["projects"]) == (3, ["long", "short"])
    assert (page["metrics"], page["params"]) == (["loss"], ["lr"])
    assert page["runs"][0]["params"] == {"lr": 2}
    assert get(client, "runs")["total"] == 4
    assert get(client, "runs", project="nobody")["runs"] == []


def test_a_long_curve_comes_in_buckets_that_hide_no_extreme(client, store):
    run = whence.open(store).run("long")
    values = np.array(run.metric("noise")["value"].to_pylist())
    found = get(client, f"runs/{run.id}/curve", metric="noise")
    assert found["points"] == LONG
    assert len(found["steps"]) == 2000
    assert found["steps"] == sorted(found["steps"])
    assert found["steps"][-1] == LONG - 1
    assert min(found["low"]) == np.nanmin(values)
    assert max(found["high"]) == np.nanmax(values)
    assert found["values"] == [values[step] for step in found["steps"]]


def test_a_short_curve_is_whole_and_what_is_no_number_is_null(tmp_path, asking):
    store = tmp_path / "store"
    with whence.start_run(store=store) as run:
        for step, value in ((5, 1.0), (7, math.nan), (9, math.inf)):
            run.log({"x": value}, step=step)
    whence.open(store).runs()
    with asking(store, "--every", "0") as asked:
        found = get(asked, f"runs/{run.id}/curve", metric="x")
    assert found == {
        "metric": "x", "points": 3, "steps": [5, 7, 9], "values": [1.0, None, None],
        "low": [1.0, None, None], "high": [1.0, None, None],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "given", "status", "said"),
    [
        ("runs", {"sort": "size"}, 400, "cannot be sorted by 'size'"),
        ("runs", {"limit": 100_000}, 400, "at most 1,000"),
        ("runs", {"limit": 0}, 400, "give no page"),
        ("runs", {"offset": -1}, 400, "give no page"),
        ("runs", {"offset": 2**63}, 400, "give no page"),
        ("runs/nobody", {}, 404, "has no run 'nobody'"),
        ("runs/nobody/curve", {"metric": "loss"}, 404, "has no run 'nobody'"),
    ],
)
def test_bad_questions_are_answered(client, path, given, status, said):
    assert said in get(client, path, status, **given)["error"]


def test_a_server_folds_runs_and_says_so(tmp_path, asking):
    with asking(tmp_path / "store", "--every", "0.2") as client:
        with client.stream("GET", "/api/v1/live") as stream:
            lines = stream.iter_lines()
            with whence.start_run(name="live", store=tmp_path / "store") as run:
                run.log({"loss": 0.5})
            assert any('"runs"' in line for line in lines)
        assert get(client, f"runs/{run.id}")["metrics"] == {"loss": 0.5}


def longer(store, steps, run=None):
    """Log so many points that the curve is kept, and read the run."""
    made = run or whence.start_run(project="kept", name="kept", store=store, capture=False)
    for step in steps:
        made.log({"x": math.sin(step / 5000)}, step=step)
    whence.open(store).runs()
    return made


def test_a_kept_curve_is_that_of_all_points_and_of_what_came_after(tmp_path, asking):
    store = tmp_path / "store"
    run = longer(store, range(curves.LONG + 1))
    folder = StoreFolder(store)
    assert curves.load(folder.metadata, run.id, "x") is not None
    with asking(store, "--every", "0") as asked:

        def check(points, last):
            found = get(asked, f"runs/{run.id}/curve", metric="x")
            assert (found["points"], found["steps"][-1]) == (points, last)
            assert len(found["steps"]) <= 2000
            assert max(found["high"]) == pytest.approx(1.0, abs=1e-6)
            assert found["steps"] == sorted(found["steps"])
            return found

        check(curves.LONG + 1, curves.LONG)
        longer(store, range(curves.LONG + 1, curves.LONG + 501), run)
        found = check(curves.LONG + 501, curves.LONG + 500)
        assert found["values"][-1] == pytest.approx(math.sin((curves.LONG + 500) / 5000))
        whence.open(store).run(run.id).correct("x", step=5, value=7.0, reason="to be seen")
        assert max(get(asked, f"runs/{run.id}/curve", metric="x")["high"]) == 7.0
        run.log({"x": 9.0}, step=6)  # before the end of what is kept
        whence.open(store).runs()
        assert max(get(asked, f"runs/{run.id}/curve", metric="x")["high"]) == 9.0
        run.finish()
