"""What reading needs: the store opened, the lease held, the job run."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING, Any

from whence.api.dependencies import require
from whence.errors import BadInput, Unwritable
from whence.journal import find_folder
from whence.ship.spool import refuse_spool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta
    from pathlib import Path

    import pyarrow as pa

    from whence.store.corrections import Correction
    from whence.store.folder import StoreFolder
    from whence.types.lineage import Lineage
    from whence.types.reports import WatchReport, WhyReport
    from whence.types.runs import RunRow
    from whence.types.time import Period
    from whence.work.compact import Compacted
    from whence.work.forget import Forgotten
    from whence.work.telling import Tell

    Note = Callable[[str], None]

__all__ = [
    "captured",
    "compact",
    "correct",
    "corrected",
    "forget",
    "lineage",
    "metric",
    "models",
    "output",
    "reading",
    "run",
    "runs",
    "watch",
    "why",
]

# The rooms below need the extra `app`, so each job loads its own when it runs.
# ruff: noqa: PLC0415


_STREAMS = ("stdout", "stderr", None)


def _silent(stage: str, share: float) -> None:
    """Tell nobody how far a job is."""


def _warn(what: str) -> None:
    """Warn the program that called `Store` or `StoredRun`, three calls up."""
    warnings.warn(what, stacklevel=5)


def watch(
    store: Path,
    model: str,
    *,
    by: Period | None = None,
    delta: float | None = None,
    now: datetime | None = None,
    tell: Tell = _silent,
) -> WatchReport:
    """Fold, count what is new, judge it; see `Model.watch`. `tell` hears how far it is."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.fold import fold
    from whence.work.tick import tick

    _check_delta(delta)
    opened = StoreFolder(find_folder(store))
    with opened.lease():
        fold(opened, tell=tell)
        opened.require(model)
        return tick(opened, model, by=by, delta=delta, now=now or datetime.now(UTC), tell=tell)


def _check_delta(delta: float | None) -> None:
    if delta is not None and not 0 < delta < inf:
        raise BadInput(f"delta is {delta:g}; give the smallest change that matters, above 0")


def why(
    store: Path,
    model: str,
    *,
    incident: str | None = None,
    delta: float | None = None,
    tell: Tell = _silent,
) -> WhyReport:
    """Watch, then diagnose; see `Model.why`. `tell` hears how far it is."""
    _check_delta(delta)
    watch(store, model, tell=tell)
    tell("diagnosing", 0.0)
    from whence.store import verdicts, watches
    from whence.store.folder import StoreFolder
    from whence.why.gather import explain

    opened = StoreFolder(store)
    state = watches.load(opened, model)
    report = explain(opened, model, incident, delta)
    if report.incident is not None and state is not None:
        seen = verdicts.KeptVerdict(
            report=report, predictions=state.predictions, labels=state.labels
        )
        identifier = report.incident.id
        with opened.lease():
            # Another process may have watched meanwhile, and begun anew.
            if any(one.id == identifier for one in watches.incidents(opened, model)):
                verdicts.keep(opened, model, identifier, seen)
            if report.verdict.causes:
                # The next verdict stands by this one unless another cause is clearly better.
                watches.name_cause(opened, model, identifier, report.verdict.cause)
    return report


def forget(
    store: Path,
    model: str,
    *,
    ids: Sequence[object] | None,
    before: datetime | str | None,
    everything: bool,
    keep_counts: bool,
    dry_run: bool,
) -> Forgotten:
    """Fold, then forget, or say what would be forgotten; see `Model.forget`."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.erasure import erasure
    from whence.work.fold import fold
    from whence.work.forget import forget, preview

    wanted = erasure(model, ids=ids, before=before, everything=everything, keep_counts=keep_counts)
    opened = StoreFolder(find_folder(store))
    with opened.lease():
        fold(opened)
        return preview(opened, wanted) if dry_run else forget(opened, wanted)


def compact(store: Path, model: str | None, *, keep: timedelta | None) -> list[Compacted]:
    """Fold, then compact one model's tables or all; see `Store.compact`."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.compact import KEEP, compact, owners
    from whence.work.fold import fold

    opened = StoreFolder(find_folder(store))
    with opened.lease():
        fold(opened)
        if model is not None:
            opened.require(model)
        chosen = owners(opened) if model is None else [model]
        return compact(opened, chosen, keep=KEEP if keep is None else keep)


def models(store: Path) -> list[str]:
    """Return the models of a store; see `Store.models`."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.fold import fold

    opened = StoreFolder(store)
    with opened.lease():
        fold(opened)
    return opened.models()


def runs(
    store: Path,
    *,
    project: str | None,
    where: str | None,
    sort: str,
    limit: int,
    offset: int,
    note: Note = _warn,
) -> list[RunRow]:
    """Return a page of runs; see `Store.runs`, and `reading` for `note`."""
    from whence.store import run_search

    asked = run_search.native(where=where, sort=sort, project=project)
    return run_search.search(reading(store, note=note), asked, limit=limit, offset=offset)


def run(store: Path, wanted: str, *, note: Note = _warn) -> RunRow:
    """Return a run; see `Store.run`, and `reading` for `note`."""
    from whence.store import runs

    opened = reading(store, note=note)
    return runs.of_id(opened, runs.named(opened, wanted))


def metric(store: Path, run: str, key: str) -> pa.Table:
    """Return the points of one metric; see `StoredRun.metric`."""
    from whence.store.points import points

    return points(reading(store), run, key)


def correct(
    store: Path, run: str, key: str, step: int, value: float | None, *, reason: str, by: str
) -> None:
    """Fold, then put a point right; see `StoredRun.correct`."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.correcting import correct
    from whence.work.fold import fold

    opened = StoreFolder(find_folder(store))
    with opened.lease():
        fold(opened)
        correct(opened, run, key, step, value, reason=reason, by=by)


def corrected(store: Path, run: str) -> list[Correction]:
    """Return the corrections of a run; see `StoredRun.corrections`."""
    opened = reading(store)
    from whence.store.corrections import of_run

    return of_run(opened.metadata, run)


def lineage(store: Path, of: str, *, note: Note = _warn) -> Lineage:
    """Fold, then walk from something; see `Store.lineage`."""
    opened = reading(store, note=note)
    from whence.view.lineage import lineage

    return lineage(opened, of)


def captured(store: Path, run: str, *, note: Note = _warn) -> dict[str, Any]:
    """Return what a run captured, by kind; see `StoredRun.captured`."""
    from whence.store import captures

    return captures.plain(captures.of_run(reading(store, note=note), run))


def output(store: Path, run: str, stream: str | None) -> str:
    """Return what a run's program printed; see `StoredRun.output`."""
    if stream not in _STREAMS:
        raise BadInput(f"there is no stream {stream!r}; give stdout or stderr, or None for both")
    from whence.store import captures

    return captures.text(reading(store), run, stream)


def reading(store: Path, *, note: Note = _warn) -> StoreFolder:
    """Open a store that is there, with all that was recorded.

    One that cannot be written is opened as it was last brought up to date, and `note` is told.
    """
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.fold import fold

    opened = StoreFolder(store, reading=True)
    try:
        with opened.lease():
            fold(opened)
    except Unwritable as error:
        note(f"the store {store} is read without what was recorded since it could last be written: "
             f"{error}")  # fmt: skip
    return opened
