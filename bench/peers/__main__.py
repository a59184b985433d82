"""Whence and the trackers that people use, side by side in one run.

Run ``python bench/peers [--quick] [--write] [--environments FOLDER] [TITLE ...]``; a title is the
beginning of a column's, such as "mlflow". Each tracker is installed from PyPI into an environment
of its own, which is kept; Whence is built and installed anew when its sources changed. Everything
then runs offline. ``--quick`` does little, to see that all of it works; ``--write`` puts the table
into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from environments import Environments, NotInstalled
from measures import QUICK, USUAL, Bench
from sites import Failed
from table import lines
from trackers import PEERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from measures import Figures, Sizes
    from table import Results
    from trackers import Peer

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
BEGIN, END = "<!-- peers -->", "<!-- /peers -->"
KEPT = Path.home() / ".cache/whence-bench"


def main() -> None:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("titles", nargs="*", metavar="TITLE")
    parser.add_argument("--environments", type=Path, default=KEPT, metavar="FOLDER")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    if given.quick and given.write:
        parser.error("--quick measures too little to be written; leave one of them out")
    chosen = [one for one in PEERS if one.title.lower().startswith(_prefixes(given.titles))]
    if not chosen:
        parser.error(f"no such title; there are {', '.join(one.title for one in PEERS)}")
    sizes = QUICK if given.quick else USUAL
    environments = Environments(given.environments)
    results, versions = _measured(chosen, environments, sizes)
    body = "\n".join([*lines(results, sizes), "", _made_by(versions)])
    print(body)
    if given.write:
        before, rest = PAGE.read_text("utf-8").split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", "utf-8")


def _prefixes(titles: list[str]) -> tuple[str, ...]:
    return tuple(map(str.lower, titles)) or ("",)


def _measured(
    chosen: list[Peer], environments: Environments, sizes: Sizes
) -> tuple[Results, dict[str, str]]:
    """Return what was measured, and the versions."""
    results: Results = {}
    versions: dict[str, str] = {}
    for peer in chosen:
        try:
            bench = Bench(peer, environments, sizes)
        except NotInstalled as why:
            results[peer.title] = {"installation": str(why)}
            continue
        if peer.package:
            versions[peer.package] = environments.version(peer.package)
        results[peer.title] = dict(_of_one(bench))
    return results, versions


def _of_one(bench: Bench) -> Iterator[tuple[str, Figures | str]]:
    """Yield the figures of each measure that this tracker has, or why it failed."""
    for name in bench.measures():
        found: Figures | str
        try:
            found = getattr(bench, name)()
        except Failed as why:
            found = str(why)
        print(f"{bench.peer.title}: {name}: {found}", file=sys.stderr, flush=True)
        yield name, found


def _made_by(versions: dict[str, str]) -> str:
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"`python bench/peers`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({model}), "
        f"{platform.system()}, Python {platform.python_version()}, {named}; load at the end "
        f"{os.getloadavg()[1]:.1f}."
    )


if __name__ == "__main__":
    main()
