"""What to tell a person whose store cannot be written."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from whence.errors import Unwritable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["unwritable"]

_FIXES = {
    errno.ENOSPC: "free space on its disk",
    errno.EDQUOT: "free space or raise the quota of its owner",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "mount its disk writable, or choose another folder for the store",
    errno.EACCES: "give this user the right to write there, or choose another folder",
    errno.EPERM: "give this user the right to write there, or choose another folder",
    errno.ENOLCK: "its file system cannot lock files; choose a folder on a local disk",
    errno.EOPNOTSUPP: "its file system cannot lock files; choose a folder on a local disk",
    errno.ENOTDIR: "a file stands where a folder is needed; move it, or choose another folder",
    errno.EEXIST: "a file stands where a folder is needed; move it, or choose another folder",
    errno.EMFILE: "close files, or raise the limit on open files (ulimit -n)",
}


def unwritable(path: Path, cause: OSError) -> Unwritable:
    """Return the error for a file or folder that the system refused to write."""
    fix = _FIXES.get(cause.errno or 0, "check the folder and its disk")
    error = Unwritable(f"cannot write {path}: {cause.strerror or cause}; {fix}")
    error.errno = cause.errno
    return error
