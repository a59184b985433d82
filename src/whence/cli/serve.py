"""whence serve: the store over HTTP for a team, with its page.

Watches every model by itself, makes the verdicts, and takes what programs record elsewhere
(WHENCE_STORE=http://...). On any address but this machine's own it needs a token: whence token.
"""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.api.location import locate
from whence.errors import BadInput
from whence.ship.spool import refuse_spool

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from whence.server.artifact_root import ArtifactRoot

__all__ = ["add", "options", "run", "start"]

PORT = 7700

A_DAY = 86_400.0

A_LOT = 1e6
"""Gigabytes: more than any disk has."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="the address (default: 127.0.0.1)")
    parser.add_argument(
        "--name", action="append", default=[], metavar="HOST",
        help="a name under which browsers reach it, such as whence.example.com; repeat for more",
    )  # fmt: skip
    options(parser, PORT)


def options(parser: argparse.ArgumentParser, port: int) -> None:
    """Declare what `serve` and `ui` have in common."""
    parser.add_argument(
        "--port", type=int, default=port, help="the port; 0 for any (default: %(default)s)"
    )
    parser.add_argument(
        "--photos", action="append", default=[], metavar="DIR",
        help="a folder below which logged photos may be shown; repeat for more",
    )  # fmt: skip
    parser.add_argument(
        "--every", type=_seconds, default=60.0, metavar="SECONDS",
        help="how often it looks at what is new; 0 never (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--link", metavar="URL",
        help="where people reach it; messages link to its pages (default: its own address)",
    )  # fmt: skip
    parser.add_argument(
        "--most-artifact", type=_gigabytes, default=_gigabytes("64"), metavar="GB",
        help="the longest artifact that it takes (default: 64)",
    )  # fmt: skip
    parser.add_argument(
        "--default-artifact-root", metavar="URI",
        help="where clients of MLflow keep the artifacts of new experiments by themselves, such "
        "as s3://bucket/path or file:///srv/artifacts (default: in the store)",
    )  # fmt: skip


def _gigabytes(text: str) -> int:
    size = float(text)
    if not 0 < size <= A_LOT:
        raise ValueError(text)
    return round(size * 1e9)


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= A_DAY:
        raise ValueError(text)
    return seconds


def run(given: argparse.Namespace) -> None:
    """Serve until told to stop."""
    start(given, given.host, given.name, lambda url: print(f"Whence serves {url}", flush=True))


def start(
    given: argparse.Namespace, host: str, names: list[str], ready: Callable[[str], None]
) -> None:
    """Serve the store; `ready` is given the address once it answers."""
    require("app")
    require("server")
    # The extras are there, as was just made sure.
    from whence.server.app import application  # noqa: PLC0415
    from whence.server.hosts import Hosts  # noqa: PLC0415
    from whence.server.run import listen, run  # noqa: PLC0415

    store = locate(given.store)
    refuse_spool(store)
    photos = tuple(Path(one).absolute() for one in given.photos)
    with listen(host, given.port) as bound:
        address, port = bound.getsockname()[:2]
        loopback = ipaddress.ip_address(address).is_loopback
        if not loopback or names:
            _require_token(store, ", ".join([host, *names]))
        hosts = Hosts(port=port, loopback=loopback, names=frozenset(names))
        own = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        app = application(
            store,
            hosts,
            photos=photos,
            every=given.every,
            link=given.link or own,
            most_file_bytes=given.most_artifact,
            artifact_root=_artifact_root(given.default_artifact_root),
        )
        run(app.serve, bound, lambda: ready(own), app.end_streams)
    sys.stdout.write("stopped\n")


def _artifact_root(text: str | None) -> ArtifactRoot | None:
    if text is None:
        return None
    from whence.server.artifact_root import ArtifactRoot  # noqa: PLC0415 - rarely used

    return ArtifactRoot.parse(text)


def _require_token(store: Path, host: str) -> None:
    from whence.store.tokens import Tokens  # noqa: PLC0415 - the extras are there

    if not Tokens(store).any():
        raise BadInput(
            f"{host} can be reached from other machines, be it through a proxy, and nothing would "
            "keep them out; make a token first: whence token create --scope admin --name me"
        )
