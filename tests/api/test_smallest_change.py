"""The smallest change that matters: told once to the watch, taken by the verdict too."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

import whence
from whence.errors import BadInput

START = datetime(2023, 9, 1, tzinfo=UTC)
HEALTHY, DAYS, A_DAY = 28, 60, 500


@pytest.fixture
def model(tmp_path):
    """Return a model that is wrong in 10 % of its rows, and in 16 % after two weeks."""
    random = np.random.default_rng(5)
    model = whence.model("m", store=tmp_path / "store")
    day = np.repeat(np.arange(DAYS), A_DAY)
    wrong = random.random(len(day)) < np.where(day >= HEALTHY + 14, 0.16, 0.10)
    rows = [
        {
            "ts": START + timedelta(days=int(d), minutes=i % A_DAY),
            "x": i % 7,
            "p": 1,
            "y": int(not w),
        }
        for i, (d, w) in enumerate(zip(day, wrong, strict=True))
    ]
    model.log(rows, time="ts", prediction="p", label="y")
    model.reference(START, START + timedelta(days=HEALTHY))
    return model


def test_a_rise_below_it_opens_no_incident_and_the_watch_remembers_it(model):
    assert [one.ended for one in model.watch().incidents] == [None]
    assert model.watch(delta=0.2).incidents == []
    assert model.watch().incidents == []
    assert model.why().verdict.cause == "nothing-wrong"
    assert len(model.watch(delta=0.01).incidents) == 1


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan"), float("inf")])
def test_it_is_a_number_above_0(model, delta):
    for job in (model.watch, model.why):
        with pytest.raises(BadInput, match=r"delta is .*; give the smallest change that matters"):
            job(delta=delta)
