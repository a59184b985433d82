import datetime as dt
from contextlib import contextmanager

import httpx
import numpy as np
import pytest

import whence

START = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)
HEALTHY, BAD, DAYS, A_DAY = 20, 30, 40, 120
MODEL = "team/fraud"
"""A slash in its name, because people name models so."""


def rows(bad=BAD):
    """Rows of a classifier wrong in 10 %, and from a day on in half of the rows of one shop."""
    random = np.random.default_rng(1)
    found = []
    for day in range(DAYS):
        for i in range(A_DAY):
            shop = "abc"[i % 3]
            failing = day >= bad and shop == "c"
            wrong = random.random() < (0.8 if failing else 0.1)
            x = float(random.normal())
            found.append(
                {
                    "id": f"{day}-{i}",
                    "ts": START + dt.timedelta(days=day, minutes=10 * i),
                    "x": x,
                    "shop": shop,
                    "pred": int(x > 0),
                    "y": int((x > 0) != wrong),
                }
            )
    return found


@pytest.fixture(scope="session")
def logged(tmp_path_factory):
    """Return a store whose model fails in one shop from its 31st day on, and its rows."""
    store = tmp_path_factory.mktemp("served") / "store"
    made = rows()
    model = whence.model(MODEL, store=store)
    model.log(made, id="id", time="ts", prediction="pred", label="y")
    model.reference(START, START + dt.timedelta(days=HEALTHY))
    at = START + dt.timedelta(days=BAD)
    whence.event("new till in shop c", at=at, scope={"shop": "c"}, store=store)
    model.watch()
    return store, made


@pytest.fixture(scope="session")
def asking(serving):
    """Serve a store in a process of its own; a context with a client of it."""

    @contextmanager
    def ask(store, *options):
        with (
            serving(store, *options) as (address, process),
            httpx.Client(base_url=address, timeout=60) as client,
        ):
            client.process = process
            yield client

    return ask


@pytest.fixture(scope="session")
def client(logged, asking):
    """Return a client of a server over that store."""
    store, _ = logged
    with asking(store, "--every", "0") as found:
        yield found


@pytest.fixture
def get(client):
    """Ask for a path of the API; the answer must have the status that is expected."""

    def ask(path, status=200, **parameters):
        answer = client.get(f"/api/v1{path}", params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    return ask


@pytest.fixture
def experiment(client, request):
    """Make an experiment of this test's own over MLflow's API; return its id."""
    body = {"name": request.node.name}
    return client.post("/api/2.0/mlflow/experiments/create", json=body).json()["experiment_id"]
