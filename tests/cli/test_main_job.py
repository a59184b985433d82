"""From a prediction log to the cause, through the command line."""

import json

import pytest


@pytest.fixture(scope="module")
def watched(broken_slice, run_whence):
    return json.loads(run_whence("watch", "fraud", "--json", cwd=broken_slice).stdout)


@pytest.fixture(scope="module")
def verdict(broken_slice, run_whence):
    return json.loads(run_whence("why", "fraud", "--json", cwd=broken_slice).stdout)


def test_watch_reports_every_window_as_the_contract_says(watched):
    assert watched["model"] == "fraud"
    assert len(watched["windows"]) == 60
    first = watched["windows"][0]
    assert first["window"] == {"start": "2023-09-01T00:00:00Z", "end": "2023-09-02T00:00:00Z"}
    assert (first["rows"], first["labelled"]) == (400, 400)
    assert 0.7 < first["metrics"]["accuracy"] < 0.95


def test_watch_opens_one_incident_near_the_day_it_began(watched):
    (incident,) = watched["incidents"]
    assert set(incident) >= {"id", "metric", "started", "detected", "ended", "before", "after"}
    assert incident["metric"] == "accuracy"
    assert "2023-10-10" <= incident["started"][:10] <= "2023-10-12"
    assert "2023-10-11" < incident["detected"] < "2023-10-20"
    assert incident["ended"] is None
    assert incident["before"] > incident["after"]


def test_alerts_say_what_crossed_which_line(watched):
    kinds = {alert["kind"] for alert in watched["alerts"]}
    assert "performance" in kinds
    assert kinds <= {"performance", "drift", "quality", "volume"}
    for alert in watched["alerts"]:
        assert alert["explanation"]
        reached = alert["statistic"] >= alert["threshold"]
        assert reached if alert["kind"] == "performance" else not reached


def test_why_names_the_slice_and_the_deploy(verdict):
    found = verdict["verdict"]
    assert found["cause"] == "change-within-a-slice"
    assert found["where"] == {"country": "DE", "device": "web"}
    assert found["trigger"]["name"] == "new checkout"
    assert found["trigger"]["kind"] == "deploy"
    assert "country" in found["sentence"]
    assert found["remedy"]


def test_points_add_up_to_the_drop(verdict):
    total = sum(one["points"] for one in verdict["findings"])
    total += verdict["unexplained"] + verdict["closure"]
    largest = verdict["findings"][0]
    assert largest["slice"] == {"country": "DE", "device": "web"}
    low, high = largest["interval"]
    assert low < largest["points"] < high
    # The truth: 13.3 % of the rows have 70 % of their labels flipped.
    assert total == pytest.approx(0.07, abs=0.02)


def test_why_says_what_it_checked(verdict):
    causes = {one["cause"] for one in verdict["checked"]}
    assert causes >= {
        "pipeline-break", "unseen-value-or-range", "mix-shift", "change-within-a-slice",
        "label-shift", "concept-shift",
    }  # fmt: skip
    ruled_out = [one for one in verdict["checked"] if one["cause"] != "change-within-a-slice"]
    assert all(one["ruled_out_by"] for one in ruled_out)


def test_people_get_a_sentence_first(broken_slice, run_whence):
    told = run_whence("why", "fraud", cwd=broken_slice).stdout
    assert told.startswith("accuracy fell")
    told = run_whence("watch", "fraud", cwd=broken_slice).stdout
    assert told.startswith("fraud is failing")


def test_a_second_watch_reads_nothing_new_and_says_the_same(broken_slice, watched, run_whence):
    again = json.loads(run_whence("watch", "fraud", "--json", cwd=broken_slice).stdout)
    for report in (again, watched):
        for incident in report["incidents"]:
            incident.pop("cause")  # whether `why` was asked between the two
    assert again == watched


def test_an_open_incident_can_fail_a_pipeline(broken_slice, run_whence):
    run_whence("watch", "fraud", "--fail-on-incident", cwd=broken_slice, status=3)


def test_doctor_finds_the_store_sound(broken_slice, run_whence):
    assert "sound" in run_whence("doctor", cwd=broken_slice).stdout


def test_an_unknown_incident_is_named_with_those_that_exist(broken_slice, watched, run_whence):
    done = run_whence("why", "fraud", "--incident", "nope", cwd=broken_slice, status=2)
    assert "'nope'" in done.stderr
    assert watched["incidents"][0]["id"] in done.stderr
