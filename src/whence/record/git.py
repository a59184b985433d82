"""The commit a program runs from, and what it has that is in no commit, as git tells."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from whence.errors import BadInput
from whence.record.secrets import address_without_secrets
from whence.types.captured import Code

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MOST_DIFF", "MOST_NAMES", "Git"]

MOST_DIFF = 2**20
"""Bytes of a diff that are kept: more is hardly code."""

MOST_NAMES = 1_000
"""Names of files that are kept of each kind."""

_MOST_STATUS = 2**22
"""Bytes of git's list of changes that are read."""

_GIT = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
# What git would write or ask on its own is not wanted of a look at the side.
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

_LEADING = {"1": 8, "2": 9, "u": 10}
"""Fields before the path of an entry of ``git status --porcelain=v2``, by its kind
(git-status(1), "Changed Tracked Entries")."""


class Git:
    """Asks git about the work tree around a folder, in processes that can be stopped.

    Parameters
    ----------
    folder
        Any folder in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def stop(self) -> None:
        """Let `code` return soon with what it has."""
        self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def code(self) -> Code | None:
        """Return what git tells, or None if the folder lies in no work tree.

        Raises
        ------
        BadInput
            If git is missing, or will not tell.
        """
        if not self._may_be_in_one():
            return None
        try:
            told = self._ask(_MOST_STATUS, "rev-parse", "--show-toplevel", "HEAD")
        except FileNotFoundError:
            raise BadInput(
                f"{self._folder} lies in a git work tree, but there is no git on PATH; install git"
            ) from None
        top, _, head = told.decode("utf-8", "replace").partition("\n")
        if not top and self._stopped:
            return None
        if not top:
            raise BadInput(
                f"git does not tell of the work tree around {self._folder}; git status says why"
            )
        # Without a commit git repeats the word that it cannot resolve.
        commit = None if head.strip() in {"", "HEAD"} else head.strip()
        return self._details(top, commit)

    def _details(self, top: str, commit: str | None) -> Code:
        remote = self._ask(_MOST_STATUS, "config", "--get", "remote.origin.url")
        status = self._ask(
            _MOST_STATUS, "status", "--porcelain=v2", "--branch", "-z",
            "--untracked-files=normal", "--ignore-submodules=dirty",
        )  # fmt: skip
        branch, changed, untracked = _read_status(status)
        told = bool(status) and not self._stopped
        diff, cut = None, None
        if changed and commit is not None:
            diff, cut = self._diff()
        return Code(
            folder=top,
            commit=commit,
            branch=branch,
            remote=address_without_secrets(remote.decode("utf-8", "replace").strip()) or None,
            dirty=bool(changed) if told else None,
            changed=changed[:MOST_NAMES],
            untracked=untracked[:MOST_NAMES],
            diff=diff,
            cut=cut,
        )

    def _diff(self) -> tuple[str | None, str | None]:
        """Return the changes against the last commit, and what is missing of them."""
        found = self._ask(
            MOST_DIFF + 1, "diff", "HEAD", "--no-color", "--no-ext-diff", "--no-textconv",
            "--ignore-submodules=dirty",
        )  # fmt: skip
        cut = None
        if self._stopped:
            cut = "git took too long; the end is missing"
        elif len(found) > MOST_DIFF:
            cut = f"the diff is longer; these are its first {MOST_DIFF:,} bytes"
        return found[:MOST_DIFF].decode("utf-8", "replace") or None, cut

    def _may_be_in_one(self) -> bool:
        around = (self._folder, *self._folder.parents)
        return "GIT_DIR" in os.environ or any((one / ".git").exists() for one in around)

    def _ask(self, most: int, *arguments: str) -> bytes:
        """Return what git prints, at most that many bytes; nothing once it was stopped."""
        if self._stopped:
            return b""
        with subprocess.Popen(  # noqa: S603 - a fixed command
            (*_GIT, *arguments),
            cwd=self._folder,
            env={**os.environ, **_QUIET},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            self._process = process
            if self._stopped:  # between the question and the answer
                process.kill()
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            found = process.stdout.read(most)
            if len(found) == most:
                process.kill()
        self._process = None
        return found


def _read_status(status: bytes) -> tuple[str | None, list[str], list[str]]:
    """Return the branch, the changed and the untracked files that git status tells of."""
    branch: str | None = None
    changed: list[str] = []
    untracked: list[str] = []
    entries = iter(status.decode("utf-8", "replace").split("\0"))
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "#" and rest.startswith("branch.head "):
            name = rest.partition(" ")[2]
            branch = None if name == "(detached)" else name
        elif kind == "?":
            untracked.append(rest)
        elif kind in _LEADING:
            changed.append(_path(entry, kind, entries))
    return branch, changed, untracked


def _path(entry: str, kind: str, entries: Iterator[str]) -> str:
    if kind == "2":  # renamed: the name of before follows
        next(entries, None)
    return entry.split(" ", _LEADING[kind])[-1]
