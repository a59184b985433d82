"""whence ui: the page of this machine's store, in the browser.

The same as `whence serve` on this machine alone, with the browser opened on it.
"""

from __future__ import annotations

import threading
import webbrowser
from typing import TYPE_CHECKING

from whence.cli import serve

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]

HOST = "127.0.0.1"


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    serve.options(parser, 0)
    parser.add_argument("--no-browser", action="store_true", help="only say the address")


def run(given: argparse.Namespace) -> None:
    """Serve, and open the browser."""

    def ready(url: str) -> None:
        print(f"Whence is at {url} (end it with Ctrl+C)", flush=True)
        if not given.no_browser:
            # Some browsers return only when they are closed.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    serve.start(given, HOST, [], ready)
