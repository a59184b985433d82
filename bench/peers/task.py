"""What a process does in a tracker's own environment.

It is started as ``python task.py ANSWER WITH TASK PLACE ...``. A task is a function below; what it
returns goes to the file ANSWER as JSON, because trackers print to the standard output. Only the
standard library is imported here. WITH names one of the files ``with_*.py``, which all have these
functions:

- ``start(place, name)`` begins a run, ``one(run, value, step)`` logs a scalar, ``fifty(run,
  values, step)`` many, ``finish(run)`` waits until all is stored;
- ``read(place)`` reads all points of the metric "loss" and returns how many, ``page(place)``
  returns that metric of the first hundred runs by it;
- where needed: ``prepare(place)`` before any process logs, ``many(run, values, first)`` to fill
  a store quicker; ``load()`` imports what reading imports at its first use, ``settle(place)`` does
  what a tracker's server does before anything can be read, neither timed; ``rest(place)`` comes
  before the store's size is taken.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import time
from array import array
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

WARM = 100
"""Calls, or runs, before those that are timed."""

AT_ONCE = 1000
"""Points of one `many`."""

NAMES = [f"metric_{k}" for k in range(50)]
SEED = 5


def cost(peer: ModuleType, place: str, what: str, calls: str, seconds: str) -> dict[str, float]:
    """Time single calls, in turn the wall clock and the CPU clock of the calling thread."""
    chance = random.Random(SEED)  # noqa: S311 - data to log
    log = getattr(peer, what)
    run = peer.start(place, "cost")
    wall, cpu = array("q"), array("q")
    end = time.monotonic() + float(seconds)
    for step in range(2 * int(calls) + WARM):
        kept, clock = (wall, time.perf_counter_ns) if step % 2 else (cpu, time.thread_time_ns)
        value = _value(what, chance)
        begun = clock()
        log(run, value, step)
        took = clock() - begun
        if step >= WARM:
            kept.append(took)
        if time.monotonic() > end and len(wall) > WARM:
            break
    peer.finish(run)
    return {
        "calls": len(wall),
        "wall": median(wall) / 1e3,
        "wall tail": _tail(wall) / 1e3,
        "cpu": median(cpu) / 1e3,
        "cpu tail": _tail(cpu) / 1e3,
    }


def _value(what: str, chance: random.Random) -> float | dict[str, float]:
    if what == "one":
        return chance.random()
    return {name: chance.random() for name in NAMES}


def _tail(times: array[int]) -> int:
    return sorted(times)[int(0.99 * len(times))]


def endless(peer: ModuleType, place: str, pipe: str) -> None:
    """Log scalars until killed, and write a byte into a pipe after each call that returned."""
    chance = random.Random(SEED)  # noqa: S311 - data to log
    run, step, to = peer.start(place, "killed"), 0, int(pipe)
    while True:
        peer.one(run, chance.random(), step)
        os.write(to, b".")
        step += 1


def fill(peer: ModuleType, place: str, points: str, seconds: str) -> dict[str, float]:
    """Log a run of many points, or of as many as there is time for."""
    chance = random.Random(SEED)  # noqa: S311 - data to log
    run, logged = peer.start(place, "long"), 0
    end = time.monotonic() + float(seconds)
    while logged < int(points) and time.monotonic() < end:
        values = [chance.random() for _ in range(min(AT_ONCE, int(points) - logged))]
        if hasattr(peer, "many"):
            peer.many(run, values, logged)
        else:
            for at, value in enumerate(values):
                peer.one(run, value, logged + at)
        logged += len(values)
    peer.finish(run)
    return {"points": logged}


def read(peer: ModuleType, place: str) -> dict[str, float]:
    """Read all points."""
    _before_reading(peer, place)
    wall, cpu = time.perf_counter(), time.process_time()
    found = peer.read(place)
    return {
        "points": found,
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
    }


def _before_reading(peer: ModuleType, place: str) -> None:
    if hasattr(peer, "load"):
        peer.load()
    if hasattr(peer, "settle"):
        peer.settle(place)


def create(peer: ModuleType, place: str, runs: str, seconds: str) -> dict[str, float]:
    """Time the beginning of runs, each ended before the next."""
    wall: list[float] = []
    cpu: list[float] = []
    end = time.monotonic() + float(seconds)
    while len(wall) < int(runs) and (time.monotonic() < end or not wall[1:]):
        begun = time.perf_counter(), time.thread_time()
        run = peer.start(place, f"run {len(wall)}")
        wall.append(time.perf_counter() - begun[0])
        cpu.append(time.thread_time() - begun[1])
        peer.one(run, 0.5, 0)
        peer.finish(run)
    return {
        "runs": len(wall),
        "first": 1e3 * wall[0],
        "wall": 1e3 * median(wall[1:]),
        "cpu": 1e3 * median(cpu[1:]),
    }


def runs(peer: ModuleType, place: str, number: str, seconds: str) -> dict[str, float]:
    """Make runs of one point each, or as many as there is time for."""
    chance = random.Random(SEED)  # noqa: S311 - data to log
    made = 0
    end = time.monotonic() + float(seconds)
    while made < int(number) and time.monotonic() < end:
        run = peer.start(place, f"run {made}")
        peer.one(run, chance.random(), 0)
        peer.finish(run)
        made += 1
    return {"runs": made}


def page(peer: ModuleType, place: str, times: str) -> dict[str, float]:
    """Ask for the same page again and again; the first time is told apart."""
    _before_reading(peer, place)
    wall: list[float] = []
    cpu: list[float] = []
    for _ in range(1 + int(times)):
        begun = time.perf_counter(), time.process_time()
        found = peer.page(place)
        wall.append(time.perf_counter() - begun[0])
        cpu.append(time.process_time() - begun[1])
        assert found == sorted(found, reverse=True), "a page is in order"
    return {
        "found": len(found),
        "first": 1e3 * wall[0],
        "wall": 1e3 * median(wall[1:]),
        "cpu": 1e3 * median(cpu[1:]),
    }


def together(peer: ModuleType, place: str, name: str, calls: str, seconds: str) -> dict[str, float]:
    """Be one of several: begin a run, wait until all have, then log as fast as it goes."""
    chance = random.Random(SEED)  # noqa: S311 - data to log
    run = peer.start(place, name)
    print("ready", flush=True)
    sys.stdin.read()  # ends when everyone is ready
    slowest, logged, end = 0, 0, time.monotonic() + float(seconds)
    while logged < int(calls) and time.monotonic() < end:
        begun = time.perf_counter_ns()
        peer.one(run, chance.random(), logged)
        slowest = max(slowest, time.perf_counter_ns() - begun)
        logged += 1
    peer.finish(run)
    return {"points": logged, "slowest": slowest / 1e6}


def ready(peer: ModuleType, place: str) -> None:
    """Make the store, where that is more than its first run."""
    if hasattr(peer, "prepare"):
        peer.prepare(place)


def rest(peer: ModuleType, place: str) -> None:
    """Bring the store to rest."""
    if hasattr(peer, "rest"):
        peer.rest(place)


def _main() -> None:
    answer, module, task, *arguments = sys.argv[1:]
    says = globals()[task](importlib.import_module(module), *arguments)
    Path(answer).write_text(json.dumps(says), "utf-8")


if __name__ == "__main__":
    _main()
