"""What many tests need: the command as a user runs it, and a simulated model in production."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

# Tests run side by side; threads of numerical libraries on top would only wait for each other.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commands import Commands, run_anew

START = datetime(2023, 9, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def commands():
    """Return what runs commands as forks of one process; see tests/commands.py."""
    started = Commands()
    yield started
    started.end()


@pytest.fixture(scope="session")
def run_whence(commands):
    """Run ``whence`` in a folder and return the finished process."""

    def run(*arguments, cwd, status=0, env=None):
        environment = {**os.environ, "WHENCE_STORE": "", **(env or {})}
        # Elsewhere than on Linux a process that has loaded libraries may not be forked.
        start = commands.run if sys.platform == "linux" else run_anew
        done = start([*map(str, arguments)], cwd, environment)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def serving():
    """Serve a store in a process of its own; a context with (address, process)."""

    @contextmanager
    def serve(store, *options):
        process = subprocess.Popen(
            [sys.executable, "-m", "whence.cli", "serve", "--port", "0", "--store", str(store),
             *map(str, options)],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        try:
            said = process.stdout.readline()
            assert said.startswith("Whence serves http://127.0.0.1:"), said
            yield said.split()[-1].rstrip("/"), process
        finally:
            process.terminate()
            process.stdout.close()
            assert process.wait(timeout=60) == 0

    return serve


@pytest.fixture(scope="session")
def made_once(tmp_path_factory, worker_id):
    """Fill a folder that takes long to fill: once, however many processes run tests."""
    fcntl = pytest.importorskip("fcntl", reason="Windows has no such lock")
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent

    def make(name, fill):
        folder, made = shared / name, shared / f"{name}.made"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not made.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                made.touch()
        return folder

    return make


@pytest.fixture
def whence(run_whence, tmp_path):
    """Run ``whence`` in an empty folder of this test."""

    def run(*arguments, status=0, env=None):
        return run_whence(*arguments, cwd=tmp_path, status=status, env=env)

    return run


class Shop:
    """A fraud classifier in production, simulated: days of rows with a known truth.

    The score is a logistic function of `amount` and `age`; `country`, `device` and `noise` do
    not matter. What can be broken: the label's relation inside a slice, or an input's unit.
    """

    def __init__(self, days=60, rows_a_day=400, seed=7):
        self.random = np.random.default_rng(seed)
        self.days = days
        n = days * rows_a_day
        self.day = np.repeat(np.arange(days), rows_a_day)
        self.amount = self.random.lognormal(3, 1, n)
        self.age = self.random.normal(40, 12, n).clip(18, 90)
        self.country = self.random.choice(["DE", "FR", "PL", "IT"], n, p=[0.4, 0.3, 0.2, 0.1])
        self.device = self.random.choice(["ios", "android", "web"], n)
        self.noise = self.random.normal(0, 1, n)
        self.seen_amount = self.amount.copy()
        self.label = (self.random.random(n) < self.chance(self.amount, self.age)).astype(int)

    @staticmethod
    def chance(amount, age):
        return 1 / (1 + np.exp(-(2.2 * (np.log(amount) - 3) - 0.08 * (age - 40))))

    def flip_labels(self, mask, share):
        """Change the relation of inputs and label in some rows, from day to day at random."""
        hit = mask & (self.random.random(len(mask)) < share)
        self.label[hit] = 1 - self.label[hit]

    def turn_amount(self, mask):
        """Let large amounts mean the opposite in some rows: another relation."""
        turned = self.random.random(len(mask)) < self.chance(np.exp(6) / self.amount, self.age)
        self.label = np.where(mask, turned, self.label).astype(int)

    def table(self):
        score = self.chance(self.seen_amount, self.age)
        seconds = self.random.integers(0, 86_400, len(self.day))
        times = [
            START + timedelta(days=int(d), seconds=int(s))
            for d, s in zip(self.day, seconds, strict=True)
        ]
        return pa.table(
            {
                "id": [f"r{i}" for i in range(len(self.day))],
                "ts": pa.array(times, pa.timestamp("us", "UTC")),
                "amount": self.seen_amount,
                "age": self.age,
                "country": self.country,
                "device": self.device,
                "noise": self.noise,
                "pred": (score > 0.5).astype(int),
                "score": score,
                "label": self.label,
            }
        )

    def write(self, path, columns=None):
        table = self.table()
        pq.write_table(table if columns is None else table.select(columns), path)
        return path


@pytest.fixture(scope="session")
def shop():
    """Return the class, to be made with a seed."""
    return Shop


PREDICTIONS = ("--time", "ts", "--id", "id", "--prediction", "pred", "--proba", "score")


@pytest.fixture(scope="session")
def broken_slice(tmp_path_factory, run_whence):
    """A store in which German web customers changed on day 40; its labels came late."""
    folder = tmp_path_factory.mktemp("slice")
    made = Shop()
    hit = (made.day >= 40) & (made.country == "DE") & (made.device == "web")
    made.flip_labels(hit, 0.7)
    everything = [name for name in made.table().column_names if name != "label"]
    made.write(folder / "preds.parquet", everything)
    made.write(folder / "labels.parquet", ["id", "label"])
    run_whence("import", "preds.parquet", "--model", "fraud", *PREDICTIONS, cwd=folder)
    run_whence(
        "import", "labels.parquet", "--model", "fraud", "--id", "id", "--label", "label", cwd=folder
    )
    run_whence("reference", "fraud", "--from", "2023-09-01", "--to", "2023-09-28", cwd=folder)
    run_whence(
        "event", "new checkout", "--at", "2023-10-11", "--kind", "deploy",
        "--scope", "device=web", cwd=folder,
    )  # fmt: skip
    run_whence("event", "office party", "--at", "2023-09-20", cwd=folder)
    return folder
