"""What reading needs: the store opened, the lease held, the job run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from whence.api.dependencies import require
from whence.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from whence.types.reports import WatchReport, WhyReport
    from whence.types.time import Period

__all__ = ["models", "watch", "why"]

# The rooms below need the extra `app`, so each job loads its own when it runs.
# ruff: noqa: PLC0415


def watch(
    store: Path, model: str, *, by: Period | None = None, now: datetime | None = None
) -> WatchReport:
    """Fold, count what is new, judge it; see `Model.watch`."""
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.fold import fold
    from whence.work.tick import tick

    _require_folder(store)
    opened = StoreFolder(store)
    with opened.lease():
        fold(opened)
        opened.require(model)
        return tick(opened, model, by=by, now=now or datetime.now(UTC))


def _require_folder(store: Path) -> None:
    if not store.is_dir():
        raise NotFound(
            f"there is no store at {store}; name one with --store (store=) or WHENCE_STORE"
        )


def why(
    store: Path, model: str, *, incident: str | None = None, delta: float | None = None
) -> WhyReport:
    """Watch, then diagnose; see `Model.why`."""
    watch(store, model)
    from whence.store.folder import StoreFolder
    from whence.why.gather import explain

    return explain(StoreFolder(store), model, incident, delta)


def models(store: Path) -> list[str]:
    """Return the models of a store; see `Store.models`."""
    require("app")
    from whence.store.folder import StoreFolder
    from whence.work.fold import fold

    opened = StoreFolder(store)
    with opened.lease():
        fold(opened)
    return opened.models()
