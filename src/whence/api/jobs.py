"""What reading needs: the store opened, the lease held, the job run."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.errors import BadInput, NotFound
from whence.ship.spool import refuse_spool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    import pyarrow as pa

    from whence.store.folder import StoreFolder
    from whence.types.reports import WatchReport, WhyReport
    from whence.types.runs import RunRow
    from whence.types.time import Period
    from whence.work.compact import Compacted
    from whence.work.forget import Forgotten
    from whence.work.telling import Tell

__all__ = ["compact", "forget", "metric", "models", "run", "runs", "watch", "why"]

# The rooms below need the extra `app`, so each job loads its own when it runs.
# ruff: noqa: PLC0415


def _silent(stage: str, share: float) -> None:
    """Tell nobody how far a job is."""


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
    _require_folder(store)
    opened = StoreFolder(store)
    with opened.lease():
        fold(opened, tell=tell)
        opened.require(model)
        return tick(opened, model, by=by, delta=delta, now=now or datetime.now(UTC), tell=tell)


def _check_delta(delta: float | None) -> None:
    if delta is not None and not 0 < delta < inf:
        raise BadInput(f"delta is {delta:g}; give the smallest change that matters, above 0")


def _require_folder(store: Path) -> None:
    if not store.is_dir():
        raise NotFound(
            f"there is no store at {store}; name one with --store (store=) or WHENCE_STORE"
        )


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
    _require_folder(store)
    opened = StoreFolder(store)
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

    _require_folder(store)
    opened = StoreFolder(store)
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


def runs(store: Path, *, project: str | None, sort: str, limit: int, offset: int) -> list[RunRow]:
    """Fold, and return a page of runs; see `Store.runs`."""
    from whence.store import runs

    return runs.page(_folded(store), project=project, sort=sort, limit=limit, offset=offset)


def run(store: Path, wanted: str) -> RunRow:
    """Fold, and return a run; see `Store.run`."""
    from whence.store import runs

    opened = _folded(store)
    return runs.of_id(opened, runs.named(opened, wanted))


def metric(store: Path, run: str, key: str) -> pa.Table:
    """Fold, and return the points of one metric; see `StoredRun.metric`."""
    from whence.store.points import points

    return points(_folded(store), run, key)


def _folded(store: Path) -> StoreFolder:
    """Open a store that is there, with all that was recorded."""
    refuse_spool(store)
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.fold import fold

    _require_folder(store)
    opened = StoreFolder(store)
    with opened.lease():
        fold(opened)
    return opened
