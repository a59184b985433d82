"""Who holds the lock on a journal is alive: the system lets go of it when a process ends.

On Windows this uses `msvcrt`, which is untested.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["hold", "is_held", "share", "try_hold"]

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    # Windows locks bytes and keeps others from reading them: lock one that is never written.
    _FAR = 1 << 40

    def hold(descriptor: int) -> None:
        """Lock an open file until it is closed."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    share = hold

    def try_hold(descriptor: int) -> bool:
        """Lock an open file until it is closed, unless some process holds the lock."""
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def is_held(path: Path) -> bool:
        """Return whether some process holds the lock."""
        descriptor = os.open(path, os.O_RDWR | os.O_BINARY)
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

else:
    import fcntl

    def hold(descriptor: int) -> None:
        """Lock an open file until every copy of its descriptor is closed.

        It waits, but only for `is_held` of another process, which lets go at once.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def share(descriptor: int) -> None:
        """Lock an open file together with others that share it, and against those that hold it."""
        fcntl.flock(descriptor, fcntl.LOCK_SH)

    def try_hold(descriptor: int) -> bool:
        """Lock an open file until it is closed, unless some process holds the lock."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_held(path: Path) -> bool:
        """Return whether some process, this one included, holds the lock."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # Shared, so that two who ask at the same time do not take each other for the owner.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)
