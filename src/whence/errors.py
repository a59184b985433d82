"""Every error Whence raises, as one tree.

::

    WhenceError
    ├── MissingDependency     an optional package is not installed
    ├── BadInput              what the caller gave cannot be used (also a ValueError)
    │   ├── MissingColumn     a frame or file lacks the named column
    │   ├── NaiveTime         a time without a zone
    │   └── NotFound          no model, incident or file of that name
    ├── Busy                  too much is asked at once; the same again later will do
    ├── StoreError            the store itself
    │   ├── NewerStore        written by a newer Whence; left untouched
    │   └── Unwritable        full disk, read-only folder, missing rights
    └── JournalClosed         a record after close()

Every message says what happened, names the value, and ends with what to do.
"""

from __future__ import annotations

__all__ = [
    "BadInput",
    "Busy",
    "JournalClosed",
    "MissingColumn",
    "MissingDependency",
    "NaiveTime",
    "NewerStore",
    "NotFound",
    "StoreError",
    "Unwritable",
    "WhenceError",
]


class WhenceError(Exception):
    """The root: catch this to catch whatever Whence raises on purpose."""


_MOST_NAMES = 20


class MissingDependency(WhenceError, ImportError):
    """An optional package is needed and not installed.

    Parameters
    ----------
    package
        The import name that was not found, such as ``"deltalake"``.
    extra
        The extra of Whence that brings it, such as ``"app"``.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"the package {package!r} is not installed; "
            f"install it with: pip install 'whence[{extra}]'"
        )
        self.package = package
        self.extra = extra


class BadInput(WhenceError, ValueError):
    """What the caller gave cannot be used as it is; nothing was recorded."""


class MissingColumn(BadInput):
    """A frame or file lacks a column that was named.

    Parameters
    ----------
    column
        The name that was asked for.
    available
        The names that are there.
    where
        The file, or "the frame".
    """

    def __init__(self, column: str, available: list[str], where: str = "the frame") -> None:
        shown = ", ".join(repr(name) for name in available[:_MOST_NAMES])
        unnamed = len(available) - _MOST_NAMES
        more = f" and {unnamed} more" if unnamed > 0 else ""
        super().__init__(f"{where} has no column {column!r}; its columns are {shown}{more}")
        self.column = column
        self.available = available


class NaiveTime(BadInput):
    """A time has no zone, so it does not say when it was."""


class NotFound(BadInput):
    """Nothing of that name is in the store."""


class Busy(WhenceError):
    """Too much is asked at once; nothing is wrong, and the same again later will do."""


class StoreError(WhenceError):
    """The store cannot do what was asked of it."""


class NewerStore(StoreError):
    """The store was written by a newer Whence; it was left untouched."""


class Unwritable(StoreError, OSError):
    """The store's folder cannot be written: a full disk, a read-only folder, missing rights."""


class JournalClosed(WhenceError, RuntimeError):
    """A record was made after the journal was closed."""
