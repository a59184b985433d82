"""What a server costs and bears: its start and memory beside MLflow's, and many clients at once.

Run ``python bench/serving.py [--mlflow PYTHON] [--minutes M] [--write]``; ``--mlflow`` names an
interpreter that has MLflow, whose server is started on an empty folder and timed in turn with
ours. Then 100 clients send predictions while 20 read the pages; at the end every row whose
sending was acknowledged must be counted. ``--write`` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np

import whence
from whence.journal import journals
from whence.ship.deliver import deliver
from whence.ship.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"
BEGIN, END = "<!-- serving -->", "<!-- /serving -->"
ROUNDS = 5
CLIENTS, READERS = 100, 20
ROWS_A_CALL = 20
PAUSE = 1.0
"""Seconds between two sendings of a client, and between two looks of a reader."""

MODEL = "bench"
READ = ("models", f"models/{MODEL}", f"models/{MODEL}/series", f"models/{MODEL}/rows?limit=50")
SETTLING = 10.0
"""Seconds after which a server that nobody asks is idle."""


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(url: str, until: float = 120.0) -> None:
    end = time.monotonic() + until
    while True:
        try:
            with urlopen(url, timeout=10) as answer:  # noqa: S310 - our own loopback
                answer.read()
        except (URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _memory(pid: int) -> float:
    """Return the memory of a process and its children that is theirs alone, in MB."""
    total, family = 0.0, [pid]
    while family:
        one = family.pop()
        text = Path(f"/proc/{one}/smaps_rollup").read_text("ascii")
        lines = [line for line in text.splitlines() if line.startswith("Pss:")]
        total += sum(int(line.split()[1]) for line in lines) / 1024
        for task in Path(f"/proc/{one}/task").iterdir():
            family += map(int, (task / "children").read_text("ascii").split())
    return total


def started(command: list[str], url: str, first: str) -> tuple[float, float]:
    """Return the seconds from the start to the first page, and the idle memory in MB."""
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - our own command, or the interpreter that was named
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _answers(url + first)
        seconds = time.perf_counter() - begun
        time.sleep(SETTLING)
        return seconds, _memory(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def starts(mlflow: str | None) -> Iterator[str]:
    """Yield a table of starts, in turn."""
    found: dict[str, list[tuple[float, float]]] = {"whence serve": [], "mlflow server": []}
    with tempfile.TemporaryDirectory() as name:
        for number in range(ROUNDS):
            port = str(_free_port())
            ours = [sys.executable, "-m", "whence.cli", "serve", "--port", port]
            url = f"http://127.0.0.1:{port}"
            store = f"{name}/whence-{number}"
            found["whence serve"].append(started([*ours, "--store", store], url, "/api/v1/models"))
            if mlflow is not None:
                theirs = [mlflow, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port,
                          "--backend-store-uri", f"sqlite:///{name}/mlflow-{number}.db",
                          "--default-artifact-root", f"{name}/artifacts-{number}"]  # fmt: skip
                found["mlflow server"].append(started(theirs, url, "/"))
    yield "| server | start to first page | idle memory (its share, children too) |"
    yield "|---|---|---|"
    for server, costs in found.items():
        if costs:
            seconds, memory = (median(one) for one in zip(*costs, strict=True))
            yield f"| {server} | {seconds:.2f} s | {memory:.0f} MB |"
    yield ""


@contextmanager
def serving(store: Path) -> Iterator[str]:
    """Serve a store."""
    command = [sys.executable, "-m", "whence.cli", "serve", "--port", "0", "--every", "5"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "--store", str(store)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(60)


class Load:
    """Clients that send and readers that look, each a thread, until the time is over."""

    def __init__(self, url: str, folder: Path, minutes: float) -> None:
        self._url = url
        self._folder = folder
        self._end = time.monotonic() + 60 * minutes
        self._keeping = threading.Lock()
        self.sent = 0
        self.sending: list[float] = []
        self.reading: list[float] = []

    def run(self) -> None:
        """Run all of it."""
        threads = [threading.Thread(target=self._send, args=(n,)) for n in range(CLIENTS)]
        threads += [threading.Thread(target=self._read, args=(n,)) for n in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, number: int) -> None:
        random = np.random.default_rng(number)
        spool = self._folder / f"client-{number}"
        model = whence.model(MODEL, store=spool)
        server, length, at = Server(self._url), 0, 0
        time.sleep(float(random.uniform(0, PAUSE)))
        while time.monotonic() < self._end:
            begun = time.monotonic()
            model.log(
                [self._row(random, number, at + i) for i in range(ROWS_A_CALL)],
                id="id", time="ts", prediction="p", label="y",
            )  # fmt: skip
            at += ROWS_A_CALL
            (path,) = journals(spool / "journals")
            length = deliver(server, path, length)
            took = time.monotonic() - begun
            with self._keeping:
                self.sent += ROWS_A_CALL
                self.sending.append(took)
            time.sleep(max(PAUSE - took, 0.0))

    def _row(self, random: np.random.Generator, number: int, at: int) -> dict[str, object]:
        now = datetime.now(UTC) - timedelta(days=int(random.integers(0, 30)))
        x = random.normal(size=8)
        return {
            "id": f"{number}-{at}", "ts": now, "p": int(x[0] > 0),
            "y": int(x[0] + random.normal() > 0), "place": "abcdef"[int(random.integers(6))],
            **{f"x{i}": float(value) for i, value in enumerate(x)},
        }  # fmt: skip

    def _read(self, number: int) -> None:
        # The model is there when the server has looked for the first time.
        _answers(f"{self._url}/api/v1/{READ[0]}")
        turn = number
        while time.monotonic() < self._end:
            begun = time.monotonic()
            try:
                with urlopen(f"{self._url}/api/v1/{READ[turn % len(READ)]}", timeout=60) as answer:  # noqa: S310
                    answer.read()
            except URLError:
                time.sleep(PAUSE)
                continue
            took = time.monotonic() - begun
            with self._keeping:
                self.reading.append(took)
            turn += 1
            time.sleep(max(PAUSE - took, 0.0))


def many(minutes: float) -> Iterator[str]:
    """Yield a table of many clients at once, and whether anything was lost."""
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "store"
        with serving(store) as url:
            load = Load(url, Path(name), minutes)
            load.run()
        report = whence.model(MODEL, store=store).watch()
    stored = sum(one.rows for one in report.windows)
    yield f"{CLIENTS} clients send {ROWS_A_CALL} rows each second, {READERS} readers look once a "
    yield f"second, {minutes:g} minutes: {load.sent:,} rows were acknowledged, {stored:,} are in "
    yield f"the store, **{load.sent - stored:,} lost**."
    yield ""
    yield "| | times | median | 99th percentile | worst |"
    yield "|---|---|---|---|---|"
    for what, took in (("sending, until it is on the server's disk", load.sending),
                       ("reading a page's data", load.reading)):  # fmt: skip
        low, high, worst = (1000 * float(np.quantile(took, q)) for q in (0.5, 0.99, 1.0))
        yield f"| {what} | {len(took):,} | {low:.0f} ms | {high:.0f} ms | {worst:.0f} ms |"
    yield ""


def main() -> None:
    """Run, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mlflow", metavar="PYTHON")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    lines = []
    for line in (*starts(chosen.mlflow), *many(chosen.minutes)):
        print(line, flush=True)
        lines.append(line)
    if chosen.write:
        packages = ", ".join(f"{one} {version(one)}" for one in ("starlette", "uvicorn"))
        made = (
            f"`python bench/serving.py`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, {packages}."
        )
        before, rest = PAGE.read_text("utf-8").split(BEGIN)
        after = rest.split(END)[1]
        body = "\n".join([*lines, made])
        PAGE.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
