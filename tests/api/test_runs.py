"""Runs: what a program says of them is what readers get, the last value of each metric first."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime

import numpy as np
import pytest

import whence
from whence import BadInput, NotFound


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def test_what_was_said_is_read_back(store):
    before = datetime.now(UTC)
    with whence.start_run(
        project="digits", name="baseline", params={"lr": 0.1, "layers": [32, 10], "warm": None},
        tags={"team": "vision"}, store=store,
    ) as run:  # fmt: skip
        for step in range(5):
            run.log({"loss": 1 / (step + 1), "accuracy": step / 5}, step=step)
        run.log_params({"lr": 0.2, "seed": 2**60})
        run.set_tags({"kept": "yes"})
    found = whence.open(store).run("baseline")
    assert (found.id, found.project, found.status) == (run.id, "digits", "finished")
    assert found.params == {"lr": 0.2, "layers": [32, 10], "warm": None, "seed": 2**60}
    assert found.tags == {"team": "vision", "kept": "yes"}
    assert found.metrics == {"loss": 1 / 5, "accuracy": 4 / 5}
    assert before.timestamp() - 1 <= found.started.timestamp() <= found.ended.timestamp()
    points = found.metric("loss")
    assert points["step"].to_pylist() == [0, 1, 2, 3, 4]
    assert points["value"].to_pylist() == [1 / n for n in range(1, 6)]
    assert points["time"].to_pylist() == sorted(points["time"].to_pylist())


def test_steps_come_in_any_order_and_the_largest_is_the_last(store):
    with whence.start_run(store=store) as run:
        for step in (3, -5, 9, 1, 9):
            run.log({"loss": step + 0.5}, step=step)
        run.log({"loss": 7.0})
    (found,) = whence.open(store).runs()
    assert found.metrics == {"loss": 7.0}
    steps = whence.open(store).run(run.id).metric("loss")["step"].to_pylist()
    assert steps == [-5, 1, 3, 9, 9, 10]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 5e-324, -0.0, 2**80])
def test_numbers_stay_what_they_are(store, value):
    with whence.start_run(store=store) as run:
        run.log({"x": value})
    found = whence.open(store).run(run.id)
    (point,) = found.metric("x")["value"].to_pylist()
    assert np.array_equal([point, found.metrics["x"]], [float(value)] * 2, equal_nan=True)
    assert math.isnan(value) or math.copysign(1, point) == math.copysign(1, value)


def test_numbers_of_other_libraries_are_numbers(store):
    with whence.start_run(store=store) as run:
        run.log({"a": np.float32(0.5), "b": np.array([2]), "c": True, "d": np.int64(3)},
                step=np.int64(4))  # fmt: skip
    found = whence.open(store).run(run.id)
    assert found.metrics == {"a": 0.5, "b": 2.0, "c": 1.0, "d": 3.0}
    assert found.metric("a")["step"].to_pylist() == [4]


@pytest.mark.parametrize(
    ("values", "step", "said"),
    [
        ({}, 0, "metrics are"),
        ([("loss", 1.0)], 0, "metrics are"),
        ({"loss": "0.3"}, 0, "metric 'loss' is '0.3', which is no number"),
        ({"loss": None}, 0, "metric 'loss' is None"),
        ({"loss": {"train": 1.0}}, 0, "no number"),
        ({"loss": np.zeros(2)}, 0, "no number"),
        ({"": 1.0}, 0, "a metric's name is ''"),
        ({3: 1.0}, 0, "a metric's name is 3"),
        ({"loss": 1.0}, 1.5, "step is 1.5"),
        ({"loss": 1.0}, 2**64, "step is 18446744073709551616"),
        ({"loss": 1.0}, True, "step is True"),
    ],
)
def test_what_cannot_be_recorded_is_named_and_nothing_of_it_is(store, values, step, said):
    with whence.start_run(store=store) as run:
        run.log({"loss": 0.5}, step=0)
        with pytest.raises(BadInput) as raised:
            run.log(values, step=step)
        assert said in str(raised.value)
    assert whence.open(store).run(run.id).metrics == {"loss": 0.5}


def test_bad_arguments_are_named(store):
    with pytest.raises(BadInput, match="project is ''"):
        whence.start_run(project="", store=store)
    with pytest.raises(BadInput, match="params are 3"):
        whence.start_run(params=3, store=store)
    run = whence.start_run(store=store)
    with pytest.raises(BadInput, match="give one of finished, failed"):
        run.finish("done")
    run.finish()
    run.finish()
    with pytest.raises(BadInput, match="is finished"):
        run.log({"loss": 1.0})
    handle = whence.open(store)
    with pytest.raises(NotFound, match="has no run 'nobody'"):
        handle.run("nobody")
    with pytest.raises(NotFound, match="has no metric 'x'; it has none"):
        handle.run(run.id).metric("x")
    with pytest.raises(BadInput, match="cannot be sorted by 'size'"):
        handle.runs(sort="size")
    for _ in range(2):
        whence.start_run(name="twice", store=store).finish()
    with pytest.raises(BadInput, match="'twice' is more than one run"):
        handle.run("twice")


def test_pages_of_runs_are_sorted(store):
    losses = [0.3, math.nan, 0.1, None, 0.2]
    for number, loss in enumerate(losses):
        with whence.start_run(
            name=str(number), project="abc"[number % 3], params={"lr": number}, store=store
        ) as run:
            if loss is not None:
                run.log({"loss": loss})
    handle = whence.open(store)

    def names(**how):
        return "".join(run.name for run in handle.runs(**how))

    assert names() == "43210"
    assert names(sort="started") == "01234"
    assert names(sort="metrics.loss")[:3] == "240"
    assert names(sort="-metrics.loss")[:3] == "042"
    assert names(sort="-params.lr") == "43210"
    assert names(project="a") == "30"
    assert names(sort="name", limit=2, offset=1) == "12"


def test_an_exception_makes_a_failed_run(store):
    with pytest.raises(ZeroDivisionError), whence.start_run(store=store) as run:  # noqa: PT012 - the run is the point
        run.log({"loss": 1.0})
        raise ZeroDivisionError
    assert whence.open(store).run(run.id).status == "failed"


def of_program(store, text, status=0):
    """Run a program that begins a run and prints its id; return the run."""
    text = f"import os, signal, whence\nrun = whence.start_run(store={str(store)!r})\n" + text
    done = subprocess.run(
        [sys.executable, "-c", f"{text}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == status, done.stderr
    (found,) = whence.open(store).runs()
    return found


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("run.log({'loss': 1.0})", 0, "finished"),
        ("run.log({'loss': 1.0})\n1 / 0", 1, "failed"),
        ("run.log({'loss': 1.0})\nos.kill(os.getpid(), signal.SIGKILL)", -9, "killed"),
        ("run.log({'loss': 1.0})\nos._exit(3)", 3, "killed"),
    ],
)
def test_how_a_program_ends_is_how_its_run_ends(store, text, code, status):
    found = of_program(store, text, code)
    assert (found.status, found.metrics) == (status, {"loss": 1.0})
    assert found.ended is not None


def test_a_forked_child_does_not_end_the_run_of_its_parent(store):
    found = of_program(
        store,
        "pid = os.fork()\n"
        "run.log({'child' if pid == 0 else 'parent': 1.0}, step=0)\n"
        "if pid: os.waitpid(pid, 0); run.log({'parent': 2.0}, step=1)",
    )
    assert found.status == "finished"
    assert found.metrics == {"child": 1.0, "parent": 2.0}


def test_a_run_that_goes_on_is_running_until_its_process_is_gone(store):
    text = (
        f"import whence\nrun = whence.start_run(store={str(store)!r}, name='long')\n"
        "run.log({'loss': 1.0})\nprint('on', flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        found = whence.open(store).run("long")
        assert (found.status, found.ended, found.metrics) == ("running", None, {"loss": 1.0})
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert whence.open(store).run("long").status == "killed"


def test_threads_log_to_one_run(store):
    with whence.start_run(store=store) as run:

        def log(name):
            for step in range(500):
                run.log({name: float(step)}, step=step)

        threads = [threading.Thread(target=log, args=(f"m{i}",)) for i in range(8)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    found = whence.open(store).run(run.id)
    for i in range(8):
        assert found.metric(f"m{i}")["value"].to_pylist() == [float(step) for step in range(500)]


def test_parents_and_hostile_names(store):
    odd = "naïve 🙂 'quote\" <b> %s ../../x"
    with (
        whence.start_run(project=odd, name=odd, store=store) as outer,
        whence.start_run(parent=outer, name="inner", tags={odd: odd}, store=store) as inner,
    ):
        inner.log({odd: 1.0})
    found = whence.open(store).run("inner")
    assert (found.parent, found.tags, found.metrics) == (outer.id, {odd: odd}, {odd: 1.0})
    assert found.metric(odd)["value"].to_pylist() == [1.0]
    assert [run.name for run in whence.open(store).runs(odd)] == [odd]


def test_the_command_line_shows_runs(store, run_whence):
    with whence.start_run(project="digits", name="[bold]", params={"lr": 0.1}, store=store) as run:
        run.log({"loss": 0.25})
    listed = run_whence("runs", "--store", store, cwd=store).stdout
    assert run.id[:12] in listed
    assert "[bold]" in listed
    assert "0.25" in listed
    one = run_whence("runs", run.id[:12], "--store", store, cwd=store).stdout
    assert "[bold]: finished" in one
    told = json.loads(run_whence("runs", run.id, "--json", "--store", store, cwd=store).stdout)
    assert (told["params"], told["metrics"]) == ({"lr": 0.1}, {"loss": 0.25})
    none = run_whence("runs", "--project", "x", "--store", store, cwd=store).stdout
    assert "there are no runs of project 'x' yet" in none
    assert "cannot be sorted" in run_whence(
        "runs", "--sort", "x", "--store", store, cwd=store, status=2
    ).stderr  # fmt: skip


def test_compaction_keeps_every_point(store):
    for _ in range(3):
        with whence.start_run(name="short", store=store) as run:
            run.log({"loss": 0.5})
        whence.open(store).runs()
    (done,) = whence.open(store).compact()
    assert (done.removed, done.added) == (3, 1)
    assert [run.metrics for run in whence.open(store).runs()] == [{"loss": 0.5}] * 3
    assert whence.open(store).run(run.id).metric("loss").num_rows == 1
