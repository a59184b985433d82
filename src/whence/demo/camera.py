"""The camera case: a photo classifier for user verification, and a new phone.

A network is trained on photos of two phones, serves for nine weeks, and a phone with larger
photos comes out in the sixth. What is logged is what such a service would log; nothing in the
log says what happened.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from whence.demo import photos as sources
from whence.demo import remedies
from whence.demo.choice import choose
from whence.demo.network import Network
from whence.demo.phone import NEW, OLD, shoot
from whence.demo.service import serve
from whence.demo.serving import read
from whence.demo.traffic import APP_VERSIONS, Calendar, requests

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.random import Generator

    from whence.demo.photos import Scene
    from whence.demo.service import ModelLog, Progress

__all__ = ["MODEL", "PASSES", "CameraCase", "Log", "run"]

MODEL = "verifier"

PASSES = 10
"""Times a network sees each training photo. With 14 the small one was one point better on hands."""

_TRAINING_SHARE = 0.45
_TRAINING_LIGHT = (0.7, 1.1)  # what the traffic's days and evenings span
_SHOTS = 2  # photos of each scene in training

_DIGITS = 12
"""Of a digest: enough to tell two sets of photos apart, few enough to read."""


class Log(Protocol):
    """What the case needs of `whence.Store`."""

    def model(self, name: str) -> ModelLog:
        """Return a handle on a model."""
        ...

    def event(
        self, name: str, *, at: datetime, kind: str, scope: dict[str, str], model: str
    ) -> str:
        """Record an event."""
        ...

    def start_run(self, *, project: str, name: str, params: dict[str, Any]) -> RunLog:
        """Begin a run."""
        ...

    def dataset(self, name: str, *, digest: str) -> object:
        """State a dataset."""
        ...

    def register(self, name: str, *, run: Any, description: str) -> Registered:  # noqa: ANN401 - the run it began
        """Make what a run made a version of a model."""
        ...


class RunLog(Protocol):
    """What the case needs of `whence.Run`."""

    def log(self, values: dict[str, Any]) -> None:
        """Record values of metrics at the next step."""
        ...

    def use_dataset(self, dataset: Any, *, context: str) -> None:  # noqa: ANN401 - as it was stated
        """Record that the run used a dataset."""
        ...

    def log_model(self, model: Any, name: str) -> None:  # noqa: ANN401 - any object at all
        """Keep a model with the run."""
        ...

    def finish(self) -> None:
        """Record that the run ended."""
        ...


class Registered(Protocol):
    """What the case needs of a version of a model."""

    @property
    def version(self) -> int:
        """Its number."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCase:
    """What was logged, and how to try the remedies on it.

    Attributes
    ----------
    calendar
        The days, the reference and the launch.
    real, simulated
        What in this case is real and what is made up, in words.
    served
        Every photo as the service saw it, in order of time.
    training_people, traffic_people
        The numbers of the people on each side; none is on both.
    network, training
        The model in production and what it was trained on.
    seed
        Of everything drawn.
    """

    calendar: Calendar
    real: str
    simulated: str
    served: list[remedies.Served]
    training_people: frozenset[int]
    traffic_people: frozenset[int]
    network: Network
    training: remedies.Training
    seed: int

    def try_remedies(self, cut: datetime | None = None) -> list[remedies.Tried]:
        """Return what each remedy gains on later photos; by default from the ramp's end on.

        Trains six networks: about a minute of CPU time. Put in
        words by `whence.demo.remedies.sentence`.

        Raises
        ------
        BadInput
            If `cut` leaves no labelled photos before it or none after it.
        """
        when = cut or self.calendar.day(self.calendar.launch_day + self.calendar.ramp_days)
        return remedies.compare(self.network, self.training, self.served, when, self.seed)


def run(
    log: Log,
    photos: Path | None,
    folder: Path,
    seed: int = 0,
    *,
    calendar: Calendar | None = None,
    passes: int = PASSES,
    progress: Progress | None = None,
) -> CameraCase:
    """Train the classifier, let it serve, and log what a service logs, day by day.

    Parameters
    ----------
    log
        Where to: a `whence.Store`.
    photos
        A folder of real photos, ``<class>/*.jpg``; scikit-learn's digits if None.
    folder
        Where the photo files are written; they must stay for Whence to look at them.
    seed
        Of everything drawn.
    calendar, passes
        Other than the usual ones, for a smaller case.
    progress
        Called with a stage in words and the share of it done.

    Raises
    ------
    BadInput
        If `photos` holds too few.
    MissingDependency
        If scikit-learn or Pillow is not installed.
    """
    days = calendar or Calendar()
    tell = progress or (lambda _stage, _share: None)
    rng = np.random.default_rng(seed)
    source = sources.from_folder(photos) if photos is not None else sources.from_digits()
    taught, held_out = sources.split(source.scenes, _TRAINING_SHARE, rng)
    codes = {name: code for code, name in enumerate(source.classes)}
    tell("choosing", 0.0)
    training = _training(taught, codes, days, passes, rng, seed)
    tell("choosing", 1.0)
    network, version = _train(log, training, len(codes), seed, tell)
    traffic = requests(days, held_out, rng)
    served = serve(
        log.model(MODEL), network, traffic, folder.resolve(), codes,
        version=version, rng=rng, tell=tell,
    )  # fmt: skip
    _declare(log, days)
    originals = sum(scene.original is not None for scene in held_out)
    return CameraCase(
        calendar=days,
        real=_real(source.description, len(training.photos), len(held_out), originals),
        simulated=_SIMULATED,
        served=served,
        training_people=frozenset(scene.person for scene in taught),
        traffic_people=frozenset(scene.person for scene in held_out),
        network=network,
        training=training,
        seed=seed,
    )


def _train(
    log: Log, training: remedies.Training, classes: int, seed: int, tell: Progress
) -> tuple[Network, str]:
    """Train the network that will serve; return it and its version. How that goes is a run."""
    built = training.architecture
    params = {
        "photos": len(training.photos),
        "channels": list(built.channels),
        "raster": built.grid,
        "passes": training.passes,
        "seed": seed,
    }
    run = log.start_run(project=MODEL, name="first network", params=params)
    digest = hashlib.sha256(b"".join(photo.tobytes() for photo in training.photos))
    digest.update(training.labels.tobytes())
    taught = log.dataset("photos of two phones", digest=digest.hexdigest()[:_DIGITS])
    run.use_dataset(taught, context="training")
    network = Network(built, classes, seed).fit(
        training.photos, training.labels, training.passes,
        lambda share: tell("training", share), lambda loss: run.log({"loss": loss}),
    )  # fmt: skip
    run.log_model(network, "model")
    run.finish()
    made = log.register(MODEL, run=run, description="trained before the new phone came out")
    return network, str(made.version)


def _training(
    scenes: Sequence[Scene],
    codes: dict[str, int],
    days: Calendar,
    passes: int,
    rng: Generator,
    seed: int,
) -> remedies.Training:
    """Photograph each training scene with the old phones, by day and evening; choose a network."""
    scenes = [scene for scene in scenes if scene.image is not None]
    shots = [
        read(
            shoot(
                scene.image,
                OLD[rng.integers(len(OLD))],
                days.start,
                rng.uniform(*_TRAINING_LIGHT),
                rng,
            )
        )
        for _ in range(_SHOTS)
        for scene in scenes
        if scene.image is not None
    ]
    labels = np.array([codes[scene.label] for scene in scenes] * _SHOTS, np.intp)
    people = np.array([scene.person for scene in scenes] * _SHOTS, np.intp)
    chosen = choose(shots, labels, people, passes, seed)
    return remedies.Training(shots, labels, len(codes), passes, OLD[0].side, chosen)


def _declare(log: Log, days: Calendar) -> None:
    """Record the healthy period and what happened outside the data: the phone, and the app."""
    log.model(MODEL).reference(days.start, days.day(days.reference_days))
    version = APP_VERSIONS[-1]
    log.event(
        f"app {version} released",
        at=days.app_release,
        kind="deploy",
        scope={"app_version": version},
        model=MODEL,
    )
    log.event(
        f"{NEW.model} on sale",
        at=days.launch,
        kind="external",
        scope={"photo.model": NEW.model},
        model=MODEL,
    )


def _real(description: str, taught: int, held_out: int, originals: int) -> str:
    """Say what is real."""
    text = (
        f"{description}; their labels; the JPEG files that were written and read; a network "
        f"trained on {taught:,} photos, and its mistakes on photos of other people "
        f"({held_out:,} scenes)."
    )
    if not originals:
        return text
    return f"{text} {originals} far larger files are uploaded once each, as they are, EXIF and all."


_SIMULATED = (
    "the dates and the order of arrival; the phones' names, their shares, and the "
    f"launch; the phones' cameras, which crop a scene a little, change its brightness and encode "
    f"it at {OLD[0].side} x {OLD[0].side} (old) or {NEW.side} x {NEW.side} pixels (new) with "
    "such EXIF; countries and app versions; when labels become known. Scenes are drawn with "
    "replacement, each time with a crop and light of its own."
)
