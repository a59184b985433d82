"""What is measured of a tracker; each measure on an empty store of its own.

A measure returns figures by name. Times of calls are in us, of runs and pages in ms, of reading in
seconds, sizes in MB.
"""

from __future__ import annotations

import json
import os
import random
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from sites import Failed, begun, ended, last, nowhere, served, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from environments import Environments
    from sites import Site
    from trackers import Peer

__all__ = ["QUICK", "USUAL", "Bench", "Figures", "Sizes"]

HERE = Path(__file__).parent

SETTLING = 3.0
"""Seconds that helper processes of a killed one have to write what they hold."""

ABREAST = 16
"""Processes that log at once."""

START = "import with_{name}; with_{name}.one(with_{name}.start({place!r}, 'first'), 0.5, 0)"
TELL = "import time; {what}; print(f'\\nCPU {{time.process_time()}}')"

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is done: counts, and seconds after which less is done (and said)."""

    calls: int
    seconds: float
    points: int
    filling: float
    runs: int
    most_runs: int
    starts: int
    times: int
    kills: int
    living: tuple[float, float]
    together: int


USUAL = Sizes(
    calls=20_000, seconds=20, points=1_000_000, filling=120, runs=2_000, most_runs=20_000,
    starts=20, times=15, kills=8, living=(0.5, 2.0), together=5_000,
)  # fmt: skip
QUICK = Sizes(
    calls=500, seconds=3, points=5_000, filling=5, runs=20, most_runs=200,
    starts=3, times=3, kills=2, living=(0.2, 0.4), together=200,
)  # fmt: skip


class Bench:
    """Measures one tracker."""

    def __init__(self, peer: Peer, environments: Environments, sizes: Sizes) -> None:
        self.peer = peer
        self.sizes = sizes
        self._environments = environments
        self._logging = environments.python(peer.package)
        self._reading = environments.python(peer.reads_with or peer.package)

    def measures(self) -> list[str]:
        """Return the names of the measures that make sense for this tracker."""
        names = ["start", "installed"] if self.peer.package else ["start"]
        if self.peer.logs:
            names += ["one", "fifty", "killed", "create", "together", "long"]
        if self.peer.logs and self.peer.queries:
            names += ["page", "long_page"] if self.peer.reads_with else ["page"]
        return names

    def one(self) -> Figures:
        """Time calls of one scalar."""
        return self._cost("one")

    def fifty(self) -> Figures:
        """Time calls of fifty metrics."""
        return self._cost("fifty")

    def _cost(self, what: str) -> Figures:
        with self._site() as site:
            return self._run(site, "cost", site.place, what, self.sizes.calls, self.sizes.seconds)

    def killed(self) -> Figures:
        """Kill a logging process, and count of the points whose call had returned those lost."""
        chance = random.Random(self.sizes.kills)  # noqa: S311 - when to kill
        returned = lost = 0
        for _ in range(self.sizes.kills):
            with self._site() as site:
                said = self._endless(site, chance.uniform(*self.sizes.living))
                stored = int(self._run(site, "read", site.place, reading=True)["points"])
            returned += said
            lost += max(said - stored, 0)
        return {"returned": returned, "lost": lost, "kills": self.sizes.kills}

    def _endless(self, site: Site, living: float) -> int:
        """Return how many calls returned until the process was killed."""
        out, into = os.pipe()
        command = self._command(site, "endless", site.place, into)
        with begun(site, command, pass_fds=(into,)) as process:
            os.close(into)
            said = len(os.read(out, 1))
            if not said:
                raise Failed(last(site))
            end = time.monotonic() + living
            while time.monotonic() < end:
                said += len(os.read(out, 65_536))
            # Only the process dies: what it started may go on, and write what it was given.
            process.kill()
            process.wait()
            os.set_blocking(out, False)
            said += sum(map(len, iter(partial(_waiting, out), b"")))
            os.close(out)
            time.sleep(SETTLING)
        return said

    def long(self) -> Figures:
        """Fill a store, take its size, and read it back twice."""
        with self._site() as site:
            points, seconds = self.sizes.points, self.sizes.filling
            filled = self._run(site, "fill", site.direct, points, seconds)["points"]
            first = self._run(site, "read", site.place, reading=True)
            again = self._run(site, "read", site.place, reading=True)
            self._run(site, "rest", site.place, reading=True)
            scale = self.sizes.points / filled
            stored = first["points"]
            if not stored == filled == again["points"]:
                raise Failed(f"{stored:,.0f} of {filled:,.0f} points were read")
            return {
                "points": filled,
                "first": scale * first["wall"],
                "first cpu": scale * first["cpu"],
                "again": scale * again["wall"],
                "again cpu": scale * again["cpu"],
                "bytes": site.size() / filled,
            }

    def page(self) -> Figures:
        """Ask for the first hundred runs by a metric."""
        return self._page(self.sizes.runs)

    def long_page(self) -> Figures:
        """Ask for the same of many more runs."""
        return self._page(self.sizes.most_runs)

    def _page(self, runs: int) -> Figures:
        with self._site() as site:
            made = self._run(site, "runs", site.direct, runs, self.sizes.filling)
            asked = self._run(site, "page", site.place, self.sizes.times, reading=True)
            return made | asked

    def create(self) -> Figures:
        """Begin runs."""
        with self._site() as site:
            return self._run(site, "create", site.place, self.sizes.starts + 1, self.sizes.seconds)

    def start(self) -> Figures:
        """Take the CPU time of the import and of a program's first record, above bare Python's."""
        found: dict[str, list[float]] = {"bare": [], "import": [], "first": []}
        with self._site() as site:
            what = {"bare": "pass", "import": f"import {self._imported()}"}
            if self.peer.logs:
                what["first"] = START.format(name=self.peer.name, place=site.place)
            for number in range(1 + self.sizes.times):
                for one, statement in what.items():
                    told = self._python(site, TELL.format(what=statement))
                    if number:  # the first time, Python writes its compiled files
                        found[one].append(told)
        bare = median(found.pop("bare"))
        return {one: 1e3 * (median(all_) - bare) for one, all_ in found.items() if all_}

    def _imported(self) -> str:
        return self.peer.package or f"with_{self.peer.name}"

    def installed(self) -> Figures:
        """Take the sizes of what is installed."""
        own, everything = self._environments.sizes(self.peer.package)
        return {"own": own, "everything": everything}

    def together(self) -> Figures:
        """Let processes log at once, each to its own run of one store."""
        with self._site() as site:
            share = (self.sizes.together, self.sizes.seconds)
            answers = [site.folder / f"answer-{number}" for number in range(ABREAST)]
            commands = [
                self._command(site, "together", site.place, f"run-{k}", *share, answer=answer)
                for k, answer in enumerate(answers)
            ]
            together(site, commands)
            says = [json.loads(answer.read_text("utf-8")) for answer in answers]
            stored = self._run(site, "read", site.place, reading=True)["points"]
            logged = sum(one["points"] for one in says)
            slowest = max(one["slowest"] for one in says)
            return {"points": logged, "lost": logged - stored, "slowest": slowest}

    @contextmanager
    def _site(self) -> Iterator[Site]:
        """Make a store that is ready to be logged to, and where it is needed start its server."""
        with ExitStack() as stack:
            site = stack.enter_context(nowhere(self.peer))
            if self.peer.server:
                url = stack.enter_context(served(site, self._logging))
                site = replace(site, place=url)
            if self.peer.logs:
                self._run(site, "ready", site.place)
            yield site

    def _command(
        self, site: Site, task: str, *arguments: object, reading: bool = False,
        answer: Path | None = None,
    ) -> list[str]:  # fmt: skip
        python = self._reading if reading else self._logging
        to = answer or site.folder / "answer"
        words = (HERE / "task.py", to, f"with_{self.peer.name}", task, *arguments)
        return [str(python), *map(str, words)]

    def _run(self, site: Site, task: str, *arguments: object, reading: bool = False) -> Figures:
        answer = site.folder / "answer"
        command = self._command(site, task, *arguments, reading=reading)
        with begun(site, command) as process:
            ended(site, process)
        says: Figures = json.loads(answer.read_text("utf-8"))
        answer.unlink()
        return says

    def _python(self, site: Site, statement: str) -> float:
        with begun(site, [str(self._logging), "-c", statement], piped=True) as process:
            said = ended(site, process).splitlines()
        return next(float(line[4:]) for line in said if line.startswith("CPU "))


def _waiting(pipe: int) -> bytes:
    """Return what waits in a pipe, nothing if nothing does."""
    try:
        return os.read(pipe, 65_536)
    except BlockingIOError:
        return b""
