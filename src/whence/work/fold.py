"""Journals into tables: what programs recorded becomes what readers read.

A fold takes whole frames only and writes down how far it will go before it goes there, so a
fold that is killed is finished by the next one, and no record is taken twice.
"""

from __future__ import annotations

import gc
import time
from collections import Counter, deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from whence.journal.reader import Reading, alive, journals, read
from whence.store import fresh
from whence.work.compact import compact_due
from whence.work.curves import keep_curves
from whence.work.epoch import Epoch, begin, planned
from whence.work.forget import finish
from whence.work.frames import Payloads
from whence.work.imports import ImportPlan, resume
from whence.work.killed import mark_killed
from whence.work.purged import finish as finish_purge
from whence.work.records import Records
from whence.work.telling import Tell, silent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whence.store.folder import StoreFolder
    from whence.store.metadata import Statement

__all__ = ["FoldPlan", "fold"]

MOST_BYTES = 128 * 2**20
"""About how much journal one epoch takes, so that memory does not grow with the backlog."""

KEPT_FOR = 3_600_000_000
"""Microseconds a folded journal of a dead process stays: readers may still hold its name."""

_PROGRESS = (
    "INSERT INTO journals (name, folded, skipped, at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (name) DO UPDATE SET folded = excluded.folded,"
    " skipped = journals.skipped + excluded.skipped, at = excluded.at"
)


class FoldPlan(msgspec.Struct, frozen=True, tag="fold"):
    """What an epoch takes: bytes of journals (file name, from, to), and waiting points.

    `fresh` is the number of the last of the points in the database that it takes; 0 for none.
    """

    ranges: list[tuple[str, int, int]]
    fresh: int = 0


def fold(store: StoreFolder, *, tell: Tell = silent) -> Counter[tuple[str, str]]:
    """Take all that was recorded into the tables; the caller holds the lease.

    Parameters
    ----------
    tell
        Called as it goes on: see `whence.work.telling`.

    Returns
    -------
    Counter
        (model, what) -> how many: see `Epoch.counts`.
    """
    with _collector_paused():
        return _fold(store, tell)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among millions of rows, where there are none."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _fold(store: StoreFolder, tell: Tell) -> Counter[tuple[str, str]]:
    finish(store)
    finish_purge(store)
    counts: Counter[tuple[str, str]] = Counter()
    for number, plan, made in planned(store.metadata):
        decoded = msgspec.msgpack.decode(plan, type=FoldPlan | ImportPlan)
        if isinstance(decoded, ImportPlan):
            resume(store, number, decoded, made)
        else:
            counts += _apply(store, number, _again(store, decoded), decoded.fresh, made)
    taken, waiting = 0, _waiting(store)
    # Each journal once, and points up to the last of now: those who go on recording must not keep
    # a fold from its end.
    queue, newest = deque(journals(store.journals)), fresh.newest(store.metadata)
    while True:
        takings, points = _gather(store, queue), fresh.last(store.metadata, newest)
        if not takings and not points:
            break
        tell("folding", min(taken / waiting, 1.0))
        now = time.time_ns() // 1000
        ranges = [(taking.path.name, taking.start, taking.end) for taking in takings]
        number = begin(store, msgspec.msgpack.encode(FoldPlan(ranges, points)), now)
        counts += _apply(store, number, takings, points, now)
        taken += sum(taking.end - taking.start for taking in takings)
    if taken:
        tell("folding", 1.0)
    mark_killed(store)
    keep_curves(store)
    _remove_folded(store)
    compact_due(store)
    return counts


@dataclass(slots=True)
class _Taking:
    """The frames of one journal that an epoch takes."""

    path: Path
    start: int
    end: int
    skipped: int
    payloads: Payloads


def _waiting(store: StoreFolder) -> int:
    """Return how many bytes of journals no fold has taken yet; at least 1."""
    done = dict(store.metadata.all("SELECT name, folded FROM journals"))
    paths = journals(store.journals)
    sizes = (path.stat().st_size - int(done.get(path.name, 0)) for path in paths)
    return max(1, sum(sizes))


def _gather(store: StoreFolder, queue: deque[Path]) -> list[_Taking]:
    """Take what is new in journals at the head of a queue, until it is enough for an epoch."""
    done = dict(store.metadata.all("SELECT name, folded FROM journals"))
    takings: list[_Taking] = []
    size = 0
    while queue and size < MOST_BYTES:
        path = queue.popleft()
        start = done.get(path.name, 0)
        if path.stat().st_size <= start:
            continue
        taking = _take(path, start, read(path, start))
        if taking.end > start:
            takings.append(taking)
            size += taking.end - start
    return takings


def _again(store: StoreFolder, plan: FoldPlan) -> list[_Taking]:
    return [
        _take(store.journals / name, start, read(store.journals / name, start, end))
        for name, start, end in plan.ranges
    ]


def _take(path: Path, start: int, reading: Reading) -> _Taking:
    payloads = Payloads()
    reading.hand_over(payloads.take)
    skipped = sum(gap.end - gap.start for gap in reading.gaps)
    return _Taking(path, start, reading.end, skipped, payloads)


def _apply(
    store: StoreFolder, number: int, takings: list[_Taking], points: int, now: int
) -> Counter[tuple[str, str]]:
    epoch = Epoch(store, number)
    records = Records(store, epoch, now)
    finish: list[Statement] = []
    if points:
        epoch.runs.add_points(fresh.until(store.metadata, points))
        finish.append(fresh.removal(points))
    for taking in takings:
        journal = taking.path.name
        for payload in epoch.runs.take_points(taking.payloads):
            records.add(journal, payload)
        finish.append((_PROGRESS, (journal, taking.end, taking.skipped, now)))
    epoch.apply(finish + records.finish())
    return epoch.counts


def _remove_folded(store: StoreFolder) -> None:
    """Delete journals that were taken whole a while ago and whose process is dead."""
    before = time.time_ns() // 1000 - KEPT_FOR
    old = store.metadata.all("SELECT name, folded FROM journals WHERE at < ?", before)
    for name, folded in old:
        path = store.journals / name
        if not path.exists():
            store.metadata.run("DELETE FROM journals WHERE name = ?", name)
            store.metadata.run("DELETE FROM shapes WHERE journal = ?", name)
        elif path.stat().st_size == folded and alive(path) is False:
            path.unlink()
