"""What a run captures by itself: code, command, environment, output."""

from __future__ import annotations

from datetime import datetime

import msgspec

__all__ = ["KINDS", "Captured", "Code", "Command", "Environment", "OutputPage", "OutputPart"]


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """The git work tree that the program lies in, as it was when the first run began.

    `dirty` says whether tracked files had changes that are in no commit, None if git did not
    tell in time; `changed` and `untracked` name such files, at most 1,000 of each. `diff` are the
    changes against the commit, None if there are none; `cut` says what is missing of it.
    """

    folder: str
    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: bool | None = None
    changed: list[str] = []
    untracked: list[str] = []
    diff: str | None = None
    cut: str | None = None


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """How the program was called, and in which folder; values of secret options are hidden."""

    arguments: list[str]
    folder: str


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What the program ran in.

    `memory` is in bytes, None where the system does not say. `packages` are the installed
    distributions, name -> version, the names normalized as in PEP 503.
    """

    python: str
    implementation: str
    executable: str
    platform: str
    host: str
    user: str
    processors: int
    memory: int | None
    gpus: list[str]
    packages: dict[str, str]


KINDS: dict[str, type] = {
    "code": Code,
    "command": Command,
    "environment": Environment,
    "variables": dict[str, str],
}
"""What may be captured once a run, and as what."""


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What was captured of a run; None where it was not. `variables` are those of its process."""

    code: Code | None = None
    command: Command | None = None
    environment: Environment | None = None
    variables: dict[str, str] | None = None


class OutputPart(msgspec.Struct, frozen=True, kw_only=True):
    """Whole lines that a program printed one after the other.

    `number` is that of the first line; `stream` is stdout, stderr, or whence where it says what
    was left out; `at` is when the first line was printed.
    """

    number: int
    stream: str
    at: datetime
    text: str


class OutputPage(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of a run's output in order; `next` is where the rest begins, None at the end."""

    parts: list[OutputPart]
    next: int | None
