"""An empty store of a tracker, and the processes that log to it and read it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from trackers import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trackers import Peer

__all__ = ["Failed", "Site", "begun", "ended", "last", "nowhere", "served", "together"]

HERE = Path(__file__).parent
LONGEST = 1800.0
"""Seconds after which a process is given up."""

COMING_UP = 180.0
"""Seconds that a server has until it answers."""


class Failed(Exception):
    """A process failed; the message is the last line of what it said."""


@dataclass(frozen=True, slots=True)
class Site:
    """An empty store.

    Attributes
    ----------
    folder
        What it all lies in.
    place
        Where a tracker logs to: a folder or an address.
    direct
        The same past the server, if there is one.
    environment
        The variables of its processes.
    """

    folder: Path
    place: str
    direct: str
    environment: dict[str, str]

    def size(self) -> int:
        """Return the bytes of all files of the store."""
        files = (self.folder / "store").rglob("*")
        return sum(path.stat().st_size for path in files if path.is_file())


@contextmanager
def nowhere(peer: Peer) -> Iterator[Site]:
    """Make a folder that is home, temporary folder and place of the store."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for part in ("store", "home", "tmp"):
            (folder / part).mkdir()
        place = peer.place.format(folder=folder / "store")
        environment = {
            "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1",
            "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "TRACKIO_DIR": place,
            **QUIET,
        }  # fmt: skip
        yield Site(folder, place, place, environment)


@contextmanager
def begun(
    site: Site, command: Sequence[str], *, piped: bool = False, pass_fds: tuple[int, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    """Start a process in a session of its own, of which nothing is left at the end."""
    pipe = subprocess.PIPE if piped else None
    with (site.folder / "said").open("a") as said:
        process = subprocess.Popen(  # noqa: S603 - our own file, in an interpreter that we made
            command, cwd=HERE, env=site.environment, text=True, start_new_session=True,
            stdin=pipe or subprocess.DEVNULL, stdout=pipe or said, stderr=said, pass_fds=pass_fds,
        )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin and process.stdout:
            process.stdin.close()
            process.stdout.close()


def ended(site: Site, process: subprocess.Popen[str]) -> str:
    """Wait for the end of a process; return what it printed, if that is piped.

    Raises
    ------
    Failed
        If it failed, or did not end.
    """
    try:
        printed, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise Failed(f"was given up after {LONGEST:g} s") from None
    if process.returncode:
        raise Failed(last(site))
    return printed or ""


def last(site: Site) -> str:
    """Return the last line of what the processes of a store said."""
    lines = (site.folder / "said").read_text("utf-8", "replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "said nothing")


def together(site: Site, commands: Sequence[Sequence[str]]) -> None:
    """Run processes that all wait until the last has printed that it is ready."""
    with ExitStack() as stack:
        processes = [stack.enter_context(begun(site, one, piped=True)) for one in commands]
        for process in processes:
            assert process.stdout is not None
            if "ready\n" not in process.stdout:
                raise Failed(last(site))
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            process.stdin = None
        for process in processes:
            ended(site, process)


@contextmanager
def served(site: Site, python: Path) -> Iterator[str]:
    """Start MLflow's server on a store; yield its address."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port,
               "--backend-store-uri", site.direct,
               "--default-artifact-root", str(site.folder / "artifacts")]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with begun(site, command) as process:
        end = time.monotonic() + COMING_UP
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise Failed(last(site))
            time.sleep(0.1)
        yield url


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=10) as answer:  # noqa: S310 - our own loopback
            return bool(answer.status)
    except (URLError, ConnectionError):
        return False
