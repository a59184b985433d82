"""How a program was called, and where its code lies."""

from __future__ import annotations

import sys
from pathlib import Path

from whence.record.secrets import arguments_without_secrets
from whence.record.values import text
from whence.types.captured import Command

__all__ = ["command", "program_folder", "shortened"]

_MOST_ARGUMENTS = 1_000
_MOST_CHARACTERS = 2_000
"""Of one argument or variable; what was cut says so."""


def command() -> Command:
    """Return how this process was called."""
    # What Python itself was given too: -m and -W are part of how it was called.
    given = sys.orig_argv or sys.argv
    shown = [shortened(one) for one in arguments_without_secrets(given[:_MOST_ARGUMENTS])]
    if len(given) > _MOST_ARGUMENTS:
        shown.append(f"({len(given) - _MOST_ARGUMENTS:,} more)")
    return Command(arguments=shown, folder=text(str(Path.cwd())))


def program_folder() -> Path:
    """Return where the program's code lies; the working directory of one that is installed."""
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    if file is None:  # an interpreter that a person talks to, or python -c
        return Path.cwd()
    folder = Path(file).absolute().parent
    installed = Path(sys.prefix) in folder.parents or "site-packages" in folder.parts
    return Path.cwd() if installed else folder


def shortened(value: str) -> str:
    """Return a text as it is recorded: of one that is very long, the beginning."""
    known = text(value)
    more = len(known) - _MOST_CHARACTERS
    return known if more <= 0 else f"{known[:_MOST_CHARACTERS]}... ({more:,} characters more)"
