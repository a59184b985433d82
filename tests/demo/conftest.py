"""A small case on digits, run once, with a recorder in the place of a store."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from whence.demo import camera
from whence.demo.traffic import Calendar

HANDS = Path(__file__).parents[2] / "../shared/data/sign-digits"

SMALL_CALENDAR = Calendar(
    days=16, per_day=14, reference_days=5, launch_day=6, ramp_days=3, share=0.7
)


class RunRecorder:
    """Stands for a run."""

    def __init__(self):
        self.losses, self.used, self.kept, self.ended = [], [], [], False

    def log(self, values):
        self.losses.append(values["loss"])

    def use_dataset(self, dataset, *, context):
        self.used.append((dataset, context))

    def log_model(self, model, name):
        self.kept.append((name, model))

    def finish(self):
        self.ended = True


class Recorder:
    """Stands for a store and for its model: keeps what it is told."""

    def __init__(self):
        self.rows, self.labels, self.calls, self.events, self.references = [], [], [], [], []
        self.runs = []

    def model(self, name):
        assert name == camera.MODEL
        return self

    def log(self, frame, **roles):
        self.rows += frame
        self.calls.append(("log", frame, roles))
        return len(frame)

    def label(self, frame, **roles):
        self.labels += frame
        self.calls.append(("label", frame, roles))
        return len(frame)

    def reference(self, start, end):
        self.references.append((start, end))

    def start_run(self, **what):
        self.runs.append((RunRecorder(), what))
        return self.runs[-1][0]

    def dataset(self, name, *, digest):
        return name, digest

    def register(self, name, *, run, description):
        assert run is self.runs[-1][0]
        return SimpleNamespace(version=7, name=name, description=description)

    def event(self, name, **what):
        self.events.append((name, what))
        return name


@pytest.fixture(scope="session")
def digits_case(tmp_path_factory):
    """Return (recorder, case) of a small case on digits."""
    recorder = Recorder()
    folder = tmp_path_factory.mktemp("digits")
    case = camera.run(recorder, None, folder, 1, calendar=SMALL_CALENDAR, passes=2)
    return recorder, case


@pytest.fixture(scope="session")
def hands_case(tmp_path_factory):
    """Return (recorder, case) of a small case on real photos."""
    if not HANDS.is_dir():
        pytest.skip("the photos of hands are not on this machine")
    recorder = Recorder()
    folder = tmp_path_factory.mktemp("hands")
    case = camera.run(recorder, HANDS, folder, 1, calendar=SMALL_CALENDAR, passes=2)
    return recorder, case
