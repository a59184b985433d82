"""The simulated calendar: who sends a photo when, with which phone, from where, in what light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from whence.demo.phone import NEW, OLD, Phone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator

    from whence.demo.photos import Scene

__all__ = ["APP_VERSIONS", "COUNTRIES", "Calendar", "Request", "requests"]

COUNTRIES = ("DE", "AT", "CH")
APP_VERSIONS = ("5.0", "5.1")

_COUNTRIES_FIRST, _COUNTRIES_LAST = (0.7, 0.2, 0.1), (0.5, 0.35, 0.15)
_APP_RELEASE_DAY, _APP_ROLLOUT_DAYS, _APP_SHARE = 20, 21, 0.9
_WEEKEND, _WEEKEND_SHARE = 5, 0.8  # Saturday on; a fifth fewer people verify themselves
_FIRST_HOUR, _LAST_HOUR = 7, 23
_SUNSET_FIRST, _SUNSET_LAST = 20.9, 18.8  # hours in Berlin on 1 August and 1 October, in UTC+2
_LIGHT_BY_DAY, _LIGHT_BY_NIGHT = (0.9, 1.1), (0.7, 0.9)
_LABEL_DELAY_HOURS = (24, 72)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the log.

    Attributes
    ----------
    start
        Midnight UTC of the first day.
    days, per_day
        Length, and the mean number of photos on a weekday.
    reference_days
        The first days, in which the model was healthy.
    launch_day, ramp_days, share
        The new phone's first day, how long its share of photos rises, and to what.
    """

    start: datetime = datetime(2023, 8, 1, tzinfo=UTC)
    days: int = 63
    per_day: int = 100
    reference_days: int = 28
    launch_day: int = 35
    ramp_days: int = 14
    share: float = 0.7

    def day(self, number: float) -> datetime:
        """Return the start of a day, the first being 0."""
        return self.start + timedelta(days=number)

    @property
    def launch(self) -> datetime:
        """When the new phone goes on sale."""
        return self.day(self.launch_day)

    @property
    def app_release(self) -> datetime:
        """When the app's new version comes out, which changes nothing for the photos."""
        return self.day(_APP_RELEASE_DAY)

    def new_share(self, number: int) -> float:
        """Return the new phone's expected share of a day's photos."""
        return _rising(number, self.launch_day, self.ramp_days, self.share)


@dataclass(frozen=True, slots=True)
class Request:
    """One photo sent to the service; `known` is when its label becomes known."""

    id: str
    at: datetime
    known: datetime
    scene: Scene
    phone: Phone
    country: str
    app_version: str
    light: float


def requests(calendar: Calendar, scenes: Sequence[Scene], rng: Generator) -> list[list[Request]]:
    """Return the requests of each day, in order of time.

    Scenes are drawn with replacement; but those that are uploaded as they are come once each,
    in the place of a request drawn at random.

    Three things change besides the phones and do not matter to the classifier: sunset comes
    earlier, so more photos are dark (as some in training were); the countries' mix moves; and
    a version of the app is rolled out.

    Parameters
    ----------
    calendar
        What happens when.
    scenes
        Of people held out from training.
    rng
        Draws everything.
    """
    drawn = [scene for scene in scenes if scene.original is None]
    days = [list(_day(number, calendar, drawn, rng)) for number in range(calendar.days)]
    places = [(day, i) for day, those in enumerate(days) for i in range(len(those))]
    originals = [scene for scene in scenes if scene.original is not None]
    chosen = rng.choice(len(places), len(originals), replace=False)
    for scene, place in zip(originals, chosen, strict=True):
        day, i = places[place]
        days[day][i] = replace(days[day][i], scene=scene)
    return days


def _day(
    number: int, calendar: Calendar, scenes: Sequence[Scene], rng: Generator
) -> Iterator[Request]:
    """Yield the requests of one day, counted from 0."""
    midnight = calendar.day(number)
    progress = number / calendar.days
    weekend = midnight.weekday() >= _WEEKEND
    count = rng.poisson(calendar.per_day * (_WEEKEND_SHARE if weekend else 1))
    sunset = _SUNSET_FIRST + progress * (_SUNSET_LAST - _SUNSET_FIRST)
    updated = _rising(number, _APP_RELEASE_DAY, _APP_ROLLOUT_DAYS, _APP_SHARE)
    mix = [
        first + progress * (last - first)
        for first, last in zip(_COUNTRIES_FIRST, _COUNTRIES_LAST, strict=True)
    ]
    for position, hour in enumerate(sorted(rng.uniform(_FIRST_HOUR, _LAST_HOUR, count))):
        at = midnight + timedelta(seconds=round(hour * 3600))
        yield Request(
            id=f"{midnight:%Y%m%d}-{position:04d}",
            at=at,
            known=at + timedelta(hours=rng.uniform(*_LABEL_DELAY_HOURS)),
            scene=scenes[int(rng.integers(len(scenes)))],
            phone=NEW if rng.random() < calendar.new_share(number) else OLD[rng.integers(len(OLD))],
            country=str(rng.choice(COUNTRIES, p=mix)),
            app_version=APP_VERSIONS[int(rng.random() < updated)],
            light=rng.uniform(*(_LIGHT_BY_DAY if hour < sunset else _LIGHT_BY_NIGHT)),
        )


def _rising(day: int, first: int, length: int, most: float) -> float:
    """Return a share that is 0 before a day and rises in a line to `most`."""
    return most * min(max((day - first + 1) / length, 0.0), 1.0)
