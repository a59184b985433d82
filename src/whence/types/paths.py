"""Paths of artifacts: names below one root, that mean the same everywhere and never leave it."""

from __future__ import annotations

import re

from whence.errors import BadInput

__all__ = ["LONGEST_PATH", "safe_path"]

LONGEST_PATH = 4096
"""The most characters of a path: as many as Linux takes."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def safe_path(path: str, what: str = "path") -> str:
    """Return the path if it names something below the root it is to be joined to.

    It is taken as it is: nothing is decoded, and nothing is resolved.

    Parameters
    ----------
    path
        Names with slashes between them.
    what
        What the error calls it.

    Raises
    ------
    BadInput
        If it is empty, long, absolute, or holds an empty name, ``.``, ``..``, a backslash or a
        control character; or a drive, which is absolute on Windows.
    """
    if not isinstance(path, str) or not path:
        raise BadInput(f"the {what} is {path!r:.80}; give names with / between them")
    names = path.split("/")
    wrong = (
        f"has {len(path):,} characters; {LONGEST_PATH:,} fit" if len(path) > LONGEST_PATH
        else "is absolute" if names[0] == "" or _DRIVE.match(path)
        else "leaves its folder" if ".." in names
        else "has a name that is empty or ." if "" in names or "." in names
        else "has a backslash; write / between names" if "\\" in path
        else "has a control character" if _CONTROL.search(path)
        else "is no Unicode text" if not _is_utf8(path)
        else None
    )  # fmt: skip
    if wrong:
        raise BadInput(f"the {what} {path[:200]!r} {wrong}; paths cannot leave the store")
    return path


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
