"""Every speed figure in one run, each beside what it is compared with.

Run: ``python bench/speed [--write] [--seed N] [PART ...]``; parts are calls, folding, reading and
ticks. CPU time is user and system time, of children too. ``--write`` puts the table into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cost import Figure

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
PARTS = ("calls", "folding", "reading", "ticks")
PACKAGES = ("whence", "deltalake", "duckdb", "numpy", "pyarrow")
SEED = 2023


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, metavar="PART")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    found = []
    for part in given.parts or PARTS:
        for figure in importlib.import_module(part).figures(given.seed):
            print(_line(figure), flush=True)
            found.append(figure)
    if given.write:
        text = PAGE.read_text("utf-8")
        before, rest = text.split(BEGIN)
        after = rest.split(END)[1]
        page = f"{before}{BEGIN}\n{_table(found)}\n\n{_made_by(given.seed)}\n{END}{after}"
        PAGE.write_text(page, "utf-8")


def _table(figures: list[Figure]) -> str:
    head = "| figure | goal | measured | | how |\n|---|---|---|---|---|"
    return "\n".join([head, *map(_line, figures)])


def _line(figure: Figure) -> str:
    return (
        f"| {figure.name} | <= {figure.goal:g} {figure.unit} "
        f"| {figure.measured:.3g} {figure.unit} "
        f"| {'met' if figure.met else '**missed**'} | {figure.how} |"
    )


def _made_by(seed: int) -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Made by `python bench/speed --write --seed {seed}` on {os.cpu_count()} cores ({model}), "
        f"{platform.system()}, Python {platform.python_version()}, {versions}; load at the end "
        f"{os.getloadavg()[1]:.1f}."
    )


if __name__ == "__main__":
    main()
