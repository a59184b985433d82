"""A model that fails from a day on, the whole way to its verdict, and disks that fail."""

import datetime as dt
import os
import subprocess

import numpy as np
import pyarrow as pa
import pytest

import whence
from whence.cli import main

START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)
ROLES = {"id": "id", "time": "ts", "prediction": "pred", "label": "y"}
DAYS, A_DAY, HEALTHY = 40, 20, 28


def mount(*arguments):
    """Run the system's mount, or skip the test where nobody may."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a disk")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)  # noqa: S607 - the system's
    if done.returncode != 0:
        pytest.skip(f"this system lets nobody mount a disk: {done.stderr.strip()}")


@pytest.fixture
def make_disk(tmp_path):
    """Mount a new file system of some bytes and return its folder."""
    made = []

    def make(size):
        folder = tmp_path / f"disk{len(made)}"
        folder.mkdir()
        mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)
        made.append(folder)
        return folder

    yield make
    for folder in made:
        # Lazily: a writer may still hold a file of it.
        subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - the system's


@pytest.fixture
def read_only():
    """Make the file system of a folder read-only."""
    return lambda folder: mount("-o", "remount,ro", folder)


def rows(days=DAYS, a_day=A_DAY, bad=30, seed=1):
    """Columns of a classifier that is wrong in 10 % of its rows, and from a day on in half."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), a_day)
    x = random.normal(size=len(day))
    pred = (x > 0).astype(int)
    wrong = random.random(len(day)) < np.where(day >= bad, 0.5, 0.1)
    ts = [START + dt.timedelta(days=int(d), minutes=i) for i, d in enumerate(day)]
    return {
        "id": [f"r{i}" for i in range(len(day))],
        "ts": pa.array(ts, pa.timestamp("us", "UTC")),
        "x": x,
        "pred": pred,
        "y": np.where(wrong, 1 - pred, pred),
    }


@pytest.fixture
def failing():
    """Return the columns of a model that fails from its 31st day on."""
    return rows()


@pytest.fixture
def model(tmp_path):
    """Return a model of an empty store in this test's folder."""
    return whence.model("m", store=tmp_path / "store")


@pytest.fixture
def command(tmp_path, capsys):
    """Run ``whence`` on this test's store and return what it printed; the status must be right."""

    def run(*arguments, status=0):
        capsys.readouterr()
        found = main([*map(str, arguments), "--store", str(tmp_path / "store")])
        told = capsys.readouterr()
        assert found == status, told.out + told.err
        return told.out + told.err

    return run


@pytest.fixture
def ask(model, command):
    """Watch a logged model and ask why, from Python and as a person; return both reports."""

    def all_the_way():
        model.reference(START, START + dt.timedelta(days=HEALTHY))
        watched, verdict = model.watch(), model.why()
        assert verdict.verdict.sentence in command("why", "m").replace("\n", " ")
        command("watch", "m")
        return watched, verdict

    return all_the_way


def stored(watched):
    """Return how many rows a watch counted."""
    return sum(one.rows for one in watched.windows)
