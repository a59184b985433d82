"""The format of a store: a number in ``whence.json`` that an older Whence respects."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from whence.errors import NewerStore, NotFound, StoreError
from whence.journal.identity import uuid7
from whence.journal.unwritable import unwritable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMAT", "check_format", "find_folder", "open_folder"]

FORMAT = 1
"""The format of store and journals that this Whence writes."""

_FILE = "whence.json"
_OWN = b'{"format": %d}\n' % FORMAT


def open_folder(store: Path) -> Path:
    """Return the store's folder, made with its ``whence.json`` when absent.

    Raises
    ------
    NewerStore
        If a newer Whence wrote it; nothing in it is changed.
    StoreError
        If its ``whence.json`` cannot be read.
    Unwritable
        If the folder cannot be made or written.
    """
    path = store / _FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = _create(path)
    except OSError as error:
        raise unwritable(path, error) from error
    check_format(_format(path, content), path)
    return store


def find_folder(store: Path) -> Path:
    """Return the folder of a store that is there; nothing is made.

    Raises
    ------
    NotFound
        If there is none.
    NewerStore, StoreError
        As for `open_folder`.
    Unwritable
        If the system does not let it be read.
    """
    path = store / _FILE
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        what = f"the folder has no {_FILE}" if store.is_dir() else "there is no such folder"
        raise NotFound(
            f"there is no store at {store}: {what}; name one with --store (store=) or "
            "WHENCE_STORE; one is made when something is recorded into it"
        ) from None
    except OSError as error:
        raise unwritable(path, error) from error
    check_format(_format(path, content), path)
    return store


def check_format(number: int, path: Path) -> None:
    """Do nothing if this Whence knows the format.

    Raises
    ------
    NewerStore
        If it is newer.
    """
    if number > FORMAT:
        raise NewerStore(
            f"{path} has format {number}, this Whence knows up to {FORMAT}; "
            "install a newer Whence (pip install --upgrade whence)"
        )


def _create(path: Path) -> bytes:
    """Write the file whole or not at all, and return what stands there then."""
    draft = path.with_name(f".{_FILE}.{uuid7()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(_OWN)
        try:
            # A link never replaces: whoever was first, perhaps a newer Whence, is kept.
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            draft.rename(path)
        draft.unlink(missing_ok=True)
        return path.read_bytes()
    except OSError as error:
        raise unwritable(path, error) from error


def _format(path: Path, content: bytes) -> int:
    if content == _OWN:
        return FORMAT
    import json  # noqa: PLC0415 - what nearly every program finds was read without it

    try:
        number = json.loads(content)["format"]
    except (ValueError, KeyError, TypeError):
        number = None
    if not isinstance(number, int):
        raise StoreError(
            f"{path} does not say the store's format but {content[:80]!r}; restore it, or write "
            f'{{"format": {FORMAT}}} into it if no newer Whence has used this store'
        )
    return number
