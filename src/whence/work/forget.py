"""Rows forgotten: gone from tables, labels, quarantine, waiting labels and journals, for good.

What is to go is written down first, so a command that is killed is finished by the next fold,
and every step may be done twice. The order: the tables' rows; then the database and the counts
of the windows, in one transaction; then the files of earlier versions, and the journals; last
the database's free pages, after which nothing of the request itself is left either.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import msgspec

from whence.store.scrub import empty_log, scrub
from whence.types.time import micros
from whence.work.erasing import Erasing
from whence.work.erasure import Erasure
from whence.work.recount import Recount, foresee, midnight, touched
from whence.work.sought import Sought, seek
from whence.work.tombstones import EVER, remember

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder
    from whence.types.time import Window

__all__ = ["Forgotten", "Size", "finish", "forget", "preview"]

# Made when first needed, not with the database: stores of before have none.
_MADE = "CREATE TABLE IF NOT EXISTS forgetting (plan BLOB NOT NULL)"

_WHILE_OPEN = frozenset({"whence.db-wal", "whence.db-shm"})
"""The database's working files, which go when the last program closes it."""

_CARRIED_OUT = b""
"""Stands where a plan did whose ids are gone from all but the database's free pages."""


class _Plan(msgspec.Struct, frozen=True):
    """A request, and the days that it touches, which cannot be found once it is half done."""

    wanted: Erasure
    days: list[date]


@dataclass(frozen=True, slots=True)
class Size:
    """What a folder holds: so many files, so many bytes in all."""

    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten; in a preview what would be.

    Attributes
    ----------
    predictions, labels
        How many rows of each table went; superseded labels count.
    pending
        How many labels that waited for their prediction.
    quarantined
        How many records in quarantine.
    unknown
        The ids that neither a row nor a label has.
    windows
        How many windows are counted anew, or dropped because none of their rows is left.
    restart
        Why the model's watch begins anew; None where it goes on. In a preview only what is
        certain without counting: that windows of its reference go whole.
    before, after
        The store's folder; the same in a preview.
    """

    predictions: int
    labels: int
    pending: int
    quarantined: int
    unknown: list[str]
    windows: int
    restart: str | None
    before: Size
    after: Size

    @property
    def anything(self) -> bool:
        """Whether the store had any of it."""
        return bool(self.predictions or self.labels or self.pending or self.quarantined)


def preview(store: StoreFolder, wanted: Erasure) -> Forgotten:
    """Return what `forget` would do, as far as it can be told; the store was just folded.

    Raises
    ------
    NotFound
        If the store has nothing of this model.
    """
    _require(store, wanted.model)
    sought, size = seek(store, wanted), _measure(store)
    windows = touched(store, wanted.model, sought.days, _kept(wanted))
    return _told(sought, size, size, len(windows), _foreseen(store, wanted, windows))


def forget(store: StoreFolder, wanted: Erasure) -> Forgotten:
    """Forget what a request says; the caller holds the lease and has just folded.

    Raises
    ------
    NotFound
        If the store has nothing of this model.
    StoreError
        If another program keeps the database from being cleaned; the next fold finishes it.
    """
    _require(store, wanted.model)
    sought, before = seek(store, wanted), _measure(store)
    windows = touched(store, wanted.model, sought.days, _kept(wanted))
    plan = _Plan(wanted, sought.days)
    store.metadata.run(_MADE)
    with store.metadata.transaction():
        packed = msgspec.msgpack.encode(plan)
        store.metadata.run("INSERT INTO forgetting (plan) VALUES (?)", packed)
        until = EVER if wanted.everything else None
        if wanted.before is not None:
            until = micros(midnight(wanted.before))
        remember(store.metadata, wanted.model, time.time_ns() // 1000, wanted.ids, until)
    restart = _foreseen(store, wanted, windows)
    done = _carry_out(store, plan)
    _clean(store)
    restart = done.restart or restart
    return _told(sought, before, _measure(store), len(windows), restart)


def finish(store: StoreFolder) -> None:
    """Finish what a killed process had begun to forget; the caller holds the lease."""
    store.metadata.run(_MADE)
    plans = store.metadata.all("SELECT plan FROM forgetting")
    for (packed,) in plans:
        if packed != _CARRIED_OUT:
            _carry_out(store, msgspec.msgpack.decode(packed, type=_Plan))
    if plans:
        _clean(store)


def _require(store: StoreFolder, model: str) -> None:
    """Do nothing if the store has anything of a model; else say which models it has."""
    aside = "SELECT 1 FROM pending WHERE model = ? UNION SELECT 1 FROM quarantine WHERE model = ?"
    if not store.metadata.one(aside, model, model):
        store.require(model)


def _kept(wanted: Erasure) -> date | None:
    return wanted.before if wanted.keep_counts else None


def _foreseen(store: StoreFolder, wanted: Erasure, windows: list[Window]) -> str | None:
    if wanted.before is None:
        return None
    return foresee(store, wanted.model, windows, wanted.before, keep=wanted.keep_counts)


def _carry_out(store: StoreFolder, plan: _Plan) -> Recount:
    """Do all but the last step."""
    work = Erasing(store, plan.wanted, plan.days)
    work.tables()
    done = work.database(_kept(plan.wanted))
    work.files()
    store.metadata.run(
        "UPDATE forgetting SET plan = ? WHERE plan = ?",
        _CARRIED_OUT,
        msgspec.msgpack.encode(plan),
    )
    return done


def _clean(store: StoreFolder) -> None:
    scrub(store.metadata)
    store.metadata.run("DELETE FROM forgetting WHERE plan = ?", _CARRIED_OUT)


def _told(
    sought: Sought, before: Size, after: Size, windows: int, restart: str | None
) -> Forgotten:
    return Forgotten(
        predictions=sought.predictions,
        labels=sought.labels,
        pending=len(sought.pending),
        quarantined=len(sought.quarantined),
        unknown=sought.unknown,
        windows=windows,
        restart=restart,
        before=before,
        after=after,
    )


def _measure(store: StoreFolder) -> Size:
    """Return the size of a store as it is when no program has it open."""
    empty_log(store.metadata)
    sizes = []
    for path in store.path.rglob("*"):
        try:
            if path.is_file() and path.name not in _WHILE_OPEN:
                sizes.append(path.stat().st_size)
        except FileNotFoundError:  # a program that records may take its journal away
            continue
    return Size(len(sizes), sum(sizes))
