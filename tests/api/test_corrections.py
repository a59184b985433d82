"""Points put right or removed: what stands changes, what was recorded does not."""

import math

import pytest

import whence
from whence.store.folder import StoreFolder


@pytest.fixture
def run(tmp_path):
    with whence.start_run(store=tmp_path / "store", capture=False) as made:
        for step in range(4):
            made.log({"loss": float(step)}, step=step)
        made.log({"loss": 30.0}, step=3)
    return made, whence.open(tmp_path / "store")


def points(store, made):
    found = store.run(made.id).metric("loss")
    return list(zip(found["step"].to_pylist(), found["value"].to_pylist(), strict=True))


def test_a_corrected_point_stands_with_its_new_value_alone(run):
    made, store = run
    store.run(made.id).correct("loss", step=3, value=3.5, reason="typed wrongly", by="eve")
    assert points(store, made) == [(0, 0.0), (1, 1.0), (2, 2.0), (3, 3.5)]
    assert store.run(made.id).metrics == {"loss": 3.5}
    (said,) = store.run(made.id).corrections()
    assert (said.key, said.step, said.value, said.removed) == ("loss", 3, 3.5, False)
    assert (said.reason, said.by) == ("typed wrongly", "eve")


def test_a_removed_point_is_gone_and_the_one_before_it_is_the_last(run, tmp_path):
    made, store = run
    store.run(made.id).correct("loss", step=3, value=None, reason="of another run")
    assert points(store, made) == [(0, 0.0), (1, 1.0), (2, 2.0)]
    assert store.run(made.id).metrics == {"loss": 2.0}
    recorded = StoreFolder(tmp_path / "store").points().read(["step"])
    assert recorded.num_rows == 5


def test_what_is_recorded_later_stands_again_and_nan_is_a_value(run, tmp_path):
    made, store = run
    store.run(made.id).correct("loss", step=1, value=math.nan, reason="unknown")
    assert math.isnan(points(store, made)[1][1])
    store.run(made.id).correct("loss", step=3, value=None, reason="wrong")
    again = whence.Run(made.id, tmp_path / "store")
    again.log({"loss": 3.25}, step=3)
    assert points(store, made)[-1] == (3, 3.25)
    assert store.run(made.id).metrics == {"loss": 3.25}


def test_a_metric_whose_points_are_all_removed_has_none(run):
    made, store = run
    for step in range(4):
        store.run(made.id).correct("loss", step=step, value=None, reason="test data")
    assert store.run(made.id).metrics == {}
    with pytest.raises(whence.NotFound, match="it has none"):
        store.run(made.id).metric("loss")


def test_no_such_point_and_no_reason_are_refused(run):
    made, store = run
    read = store.run(made.id)
    with pytest.raises(whence.NotFound, match="no point of 'loss' at step 9"):
        read.correct("loss", step=9, value=1.0, reason="why not")
    with pytest.raises(whence.BadInput, match="without a reason"):
        read.correct("loss", step=1, value=1.0, reason=" ")
    assert read.corrections() == []
