"""The camera case on real photos of hands: from JPEG files to the cause, told nothing."""

import json
from pathlib import Path

import pytest

HANDS = Path(__file__).parents[2] / "../shared/data/sign-digits"


@pytest.fixture(scope="module")
def case(made_once, run_whence):
    if not HANDS.is_dir():
        pytest.skip("the photos of hands are not on this machine")

    def demonstrate(folder):
        for name, *words in (
            ("told", "demo", "camera", "--photos", HANDS, "--no-remedies"),
            ("watched", "watch", "verifier", "--json"),
            ("why", "why", "verifier", "--json"),
        ):
            (folder / name).write_text(run_whence(*words, cwd=folder).stdout)

    folder = made_once("hands", demonstrate)
    told, watched, why = ((folder / name).read_text() for name in ("told", "watched", "why"))
    return told, json.loads(watched), json.loads(why)


def test_the_output_says_what_is_real_and_what_is_simulated(case):
    told, _, _ = case
    assert "Real: 2,062 photos" in told
    assert "Simulated: " in told


def test_the_failure_is_noticed_after_the_launch(case):
    _, watched, _ = case
    (incident,) = watched["incidents"]
    assert incident["before"] - incident["after"] > 0.08
    assert "2023-09-05" <= incident["started"][:10] <= "2023-09-20"


def test_the_new_phone_is_the_cause_and_its_launch_the_trigger(case):
    _, _, why = case
    verdict = why["verdict"]
    assert verdict["cause"] == "unseen-value-or-range"
    (column,) = verdict["where"]
    # Its name, its software and the size of its photos are the same rows.
    assert column in {"photo.model", "photo.software", "photo.width", "photo.height"}
    assert verdict["trigger"]["name"] == "Lumen 6 on sale"
    total = sum(one["points"] for one in why["findings"]) + why["unexplained"] + why["closure"]
    largest = max(why["findings"], key=lambda one: one["points"])
    assert largest["slice"] == verdict["where"]
    assert largest["points"] > total / 2


def test_the_real_outliers_survive_and_are_told(case):
    _, watched, _ = case
    assert any(note.startswith("photo.width") for note in watched["notes"])
