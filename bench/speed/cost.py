"""What work costs: CPU seconds and peak memory of a task in a fresh process.

A task is a function of one of the files beside this one. It runs in a process of its own, so
nothing is warm and the peak memory is its own; what it imports first is not counted.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Cost", "Figure", "Meter", "cpu_seconds", "run"]

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: `measured` should be at most `goal`, both in `unit`."""

    name: str
    goal: float
    measured: float
    unit: str
    how: str

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.measured <= self.goal


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of the metered part (user and system), peak memory of the process in MB."""

    cpu: float
    memory: float
    says: dict[str, float]


def cpu_seconds() -> float:
    """Return the CPU time of this process and its finished children, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


class Meter:
    """Adds up the CPU time of the blocks that it is put around."""

    def __init__(self) -> None:
        self.cpu = 0.0
        self.says: dict[str, float] = {}

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Count what happens inside."""
        start = cpu_seconds()
        yield
        self.cpu += cpu_seconds() - start


def run(module: str, task: str, *arguments: object) -> Cost:
    """Run ``module.task(meter, *arguments)`` in a fresh process; arguments arrive as text."""
    done = subprocess.run(  # noqa: S603 - our own file
        [sys.executable, __file__, module, task, *map(str, arguments)],
        cwd=HERE,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _main() -> None:
    module, task, *arguments = sys.argv[1:]
    meter = Meter()
    getattr(importlib.import_module(module), task)(meter, *arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": meter.cpu, "memory": peak, "says": meter.says}))


if __name__ == "__main__":
    _main()
