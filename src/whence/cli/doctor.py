"""whence doctor: say whether this store is sound, and what to do if not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.api.location import locate
from whence.journal import find_folder
from whence.ship.spool import refuse_spool

if TYPE_CHECKING:
    import argparse

__all__ = ["add", "run"]


def add(_: argparse.ArgumentParser) -> None:
    """Declare no arguments of its own."""


def run(given: argparse.Namespace) -> int:
    """Examine the store; 1 if anything is wrong."""
    from whence.api.dependencies import require  # noqa: PLC0415 - start fast

    require("app")
    from whence.store.folder import StoreFolder  # noqa: PLC0415 - needs the extra `app`
    from whence.work.doctor import examine  # noqa: PLC0415 - needs the extra `app`
    from whence.work.fold import fold  # noqa: PLC0415 - needs the extra `app`

    path = locate(given.store)
    refuse_spool(path)
    store = StoreFolder(find_folder(path))
    with store.lease():
        fold(store)
        complaints = list(examine(store))
    for one in complaints:
        print(f"{one.grade}: {one.what}\n       {one.remedy}")
    wrong = sum(one.grade == "wrong" for one in complaints)
    models = ", ".join(store.models()) or "no model yet"
    print(f"{path}: {'sound' if not wrong else f'{wrong} things to mend'} ({models})")
    return 1 if wrong else 0
