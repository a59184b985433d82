"""The case as a whole, small: what is logged can be believed."""

import inspect
from pathlib import Path

import numpy as np
import pytest

import whence
from whence.demo import camera
from whence.demo.traffic import Calendar
from whence.inputs.images import derive


@pytest.fixture(params=["digits_case", "hands_case"])
def finished(request):
    return request.getfixturevalue(request.param)


def test_every_photo_is_logged_and_labelled_once(finished):
    recorder, case = finished
    ids = [row["id"] for row in recorder.rows]
    assert len(set(ids)) == len(ids) == len(case.served) > 150
    assert sorted(row["id"] for row in recorder.labels) == sorted(ids)
    asked = {row["id"]: row["ts"] for row in recorder.rows}
    assert all(row["at"] > asked[row["id"]] for row in recorder.labels)


def test_the_training_is_a_run_whose_loss_falls(finished):
    recorder, case = finished
    ((run, said),) = recorder.runs
    assert said["params"]["photos"] == len(case.training.photos)
    assert run.ended
    batches = len(run.losses) // case.training.passes
    assert np.mean(run.losses[-batches:]) < np.mean(run.losses[:batches])


def test_what_answers_leads_back_to_the_photos_it_was_trained_on(finished):
    recorder, case = finished
    ((run, _),) = recorder.runs
    (((name, digest), context),) = run.used
    assert (name, len(digest), context) == ("photos of two phones", 12, "training")
    assert run.kept == [("model", case.network)]
    assert {roles["version"] for kind, _, roles in recorder.calls if kind == "log"} == {"7"}


def test_log_and_labels_come_in_the_order_of_time(finished):
    recorder, _ = finished
    said = set()
    for kind, frame, _ in recorder.calls:
        if kind == "log":
            said |= {row["id"] for row in frame}
        else:
            assert {row["id"] for row in frame} <= said
    times = [row["ts"] for row in recorder.rows]
    assert times == sorted(times)


def test_the_case_remembers_what_it_logged(finished):
    recorder, case = finished
    truth = {row["id"]: row["label"] for row in recorder.labels}
    logged = [row["prediction"] == truth[row["id"]] for row in recorder.rows]
    assert logged == [one.predicted == one.label for one in case.served]
    assert all(0.1 <= row["confidence"] <= 1 for row in recorder.rows)


def test_nobody_is_both_taught_and_served(finished):
    _, case = finished
    assert not case.training_people & case.traffic_people
    assert {one.person for one in case.served} <= case.traffic_people


def test_the_network_has_learned_something(finished):
    _, case = finished
    healthy = [one for one in case.served if one.at < case.calendar.launch]
    right = sum(one.predicted == one.label for one in healthy) / len(healthy)
    assert right > 0.4  # of ten classes, after a fifth of the usual training


def test_inputs_read_back_what_the_phones_wrote(finished):
    recorder, case = finished
    found = derive([row["photo"] for row in recorder.rows])
    assert set(found["error"]) == {None}
    for width, model, row, one in zip(
        found["width"], found["model"], recorder.rows, case.served, strict=True
    ):
        if width > 100:
            continue
        assert (width, model) in {(28, "Lumen 4"), (28, "Lumen 5"), (56, "Lumen 6")}
        assert one.new_phone == (model == "Lumen 6")
        assert one.new_phone <= (row["ts"] >= case.calendar.launch)


def test_the_originals_survive_as_outliers(hands_case):
    recorder, case = hands_case
    found = derive([row["photo"] for row in recorder.rows])
    large = [i for i, width in enumerate(found["width"]) if width == 3024]
    assert len(large) == 3
    assert {found["model"][i] for i in large} == {"iPhone 7"}
    assert "3 far larger files" in case.real


def test_events_and_reference_are_declared(finished):
    recorder, case = finished
    days = case.calendar
    assert recorder.references == [(days.start, days.day(days.reference_days))]
    events = dict(recorder.events)
    assert events["Lumen 6 on sale"]["at"] == days.launch
    assert events["Lumen 6 on sale"]["scope"] == {"photo.model": "Lumen 6"}
    assert len(events) > 1  # the launch is not the only suspect


def test_a_seed_repeats_the_case(digits_case, tmp_path):
    recorder, case = digits_case
    again = type(recorder)()
    camera.run(again, None, tmp_path, 1, calendar=case.calendar, passes=2)
    assert [row["prediction"] for row in again.rows] == [row["prediction"] for row in recorder.rows]
    assert [Path(row["photo"]).read_bytes() for row in again.rows[-20:]] == [
        Path(row["photo"]).read_bytes() for row in recorder.rows[-20:]
    ]


def test_the_calls_are_those_of_the_public_interface(digits_case):
    recorder, _ = digits_case
    for kind, frame, roles in recorder.calls:
        inspect.signature(getattr(whence.Model, kind)).bind(None, frame, **roles)
    for name, what in recorder.events:
        inspect.signature(whence.Store.event).bind(None, name, **what)


def test_a_store_takes_it(tmp_path):
    told = []
    camera.run(
        whence.open(tmp_path / "store"),
        None,
        tmp_path / "photos",
        2,
        calendar=Calendar(days=4, per_day=5, reference_days=2, launch_day=2, ramp_days=1),
        passes=1,
        progress=lambda stage, share: told.append((stage, share)),
    )
    assert told[-1] == ("serving", 1.0)
    assert ("training", 1.0) in told
