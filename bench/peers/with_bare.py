"""An `os.write` for each call: what no tracker can be cheaper than."""

from __future__ import annotations

import os
from array import array


def start(place: str, name: str) -> int:
    """Open a file."""
    os.makedirs(place, exist_ok=True)  # noqa: PTH103 - pathlib would be most of the import
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    return os.open(f"{place}/{name}.txt", flags)


def one(run: int, value: float, step: int) -> None:
    """Write a line."""
    os.write(run, f"{step} {value}\n".encode())


def fifty(run: int, values: dict[str, float], step: int) -> None:
    """Write the numbers as they lie in memory: as text they would cost more than the write."""
    os.write(run, array("d", (step, *values.values())).tobytes())


def finish(run: int) -> None:
    """Close the file."""
    os.close(run)


def read(place: str) -> int:
    """Parse every line; return how many."""
    found = []
    for name in os.listdir(place):  # noqa: PTH208 - as above
        with open(f"{place}/{name}") as lines:  # noqa: PTH123 - as above
            found += [(int(step), float(value)) for step, value in map(str.split, lines)]
    return len(found)
