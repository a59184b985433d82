"""The `whence` command: one file per subcommand, each with `add` (its arguments) and `run`."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from whence import __version__
from whence.errors import BadInput, WhenceError

__all__ = ["main"]

COMMANDS = (
    "import", "reference", "event", "watch", "why", "review", "runs",
    "export", "import-runs", "models",
    "lineage", "ui", "serve",
    "notify", "token", "ship", "forget", "compact", "gc", "demo", "doctor",
)  # fmt: skip
"""In the order of the help."""

_FILES = {"import": "import_", "import-runs": "import_runs", "gc": "collect"}
"""Those that do not live in the file of their name: Python has a use for it."""

DONE, FAILED, BAD_USAGE, INCIDENT = 0, 1, 2, 3


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Returns
    -------
    int
        0 when it did its work, 2 for bad usage (arguments, or files that are not as the
        arguments say), 3 for ``watch --fail-on-incident`` while one is open, 1 for the rest.
    """
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given) or DONE)
    except WhenceError as error:
        print(f"whence: {error}", file=sys.stderr)
        return BAD_USAGE if isinstance(error, BadInput) else FAILED
    except KeyboardInterrupt:
        print("whence: interrupted; what was acknowledged is kept", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # The reader, head for example, has seen enough; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="whence",
        description="Your model got worse in the wild: where does it come from, and what would "
        "fix it?",
        epilog="Exit status: 0 done, 1 failed, 2 bad usage, 3 an incident is open "
        "(watch --fail-on-incident).",
    )
    parser.add_argument("--version", action="version", version=f"whence {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--store", metavar="DIR", help="the store's folder (default: WHENCE_STORE, else ./.whence)"
    )
    for name in COMMANDS:
        module = import_module(f"whence.cli.{_FILES.get(name, name)}")
        about = str(module.__doc__).split(": ", 1)[1]
        command = commands.add_parser(
            name, parents=[common], help=about.splitlines()[0], description=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        module.add(command)
        command.set_defaults(run=module.run)
    return parser
