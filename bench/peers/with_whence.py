"""Whence, as a program uses it; reading needs the extra `app`, logging the base install."""

from __future__ import annotations

import whence


def start(place: str, name: str) -> whence.Run:
    """Begin a run, capturing what it does by default."""
    return whence.start_run(project="bench", name=name, store=place)


def one(run: whence.Run, value: float, step: int) -> None:
    """Log a scalar."""
    run.log({"loss": value}, step=step)


def fifty(run: whence.Run, values: dict[str, float], step: int) -> None:
    """Log many."""
    run.log(values, step=step)


def finish(run: whence.Run) -> None:
    """End the run."""
    run.finish()


def load() -> None:
    """Read a store of one point, so that what reading imports is there."""
    import tempfile  # noqa: PLC0415 - the module is timed by what logging imports

    with tempfile.TemporaryDirectory() as place:
        run = start(place, "small")
        one(run, 0.5, 0)
        finish(run)
        assert read(place) == len(page(place)) == 1


def read(place: str) -> int:
    """Read every point of every run into memory; return how many."""
    store = whence.open(place)
    return sum(store.run(run.id).metric("loss").num_rows for run in store.runs("bench"))


def page(place: str) -> list[float]:
    """Return the metric of the first hundred runs by it."""
    runs = whence.open(place).runs("bench", sort="-metrics.loss", limit=100)
    return [run.metrics["loss"] for run in runs]


def rest(place: str) -> None:
    """Let an hour pass: journals that were taken in stay that long for readers, then go."""
    import sqlite3  # noqa: PLC0415 - the module is timed by what logging imports

    store = whence.open(place)
    store.runs("bench")
    with sqlite3.connect(store.path / "whence.db") as database:
        database.execute("UPDATE journals SET at = at - 3600 * 1000000 - 1")
    store.runs("bench")
