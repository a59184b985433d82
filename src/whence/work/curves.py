"""Curves of long metrics, made smaller when they have grown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whence.store import corrections, curves
from whence.store.points import corrected, folded

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["keep_curves"]


def keep_curves(store: StoreFolder) -> None:
    """Keep the curves that are due, up to the last epoch; the caller holds the lease."""
    metadata = store.metadata
    (epoch,) = metadata.one("SELECT max(epoch) FROM epochs WHERE state = 'done'") or (None,)
    for run, key in curves.due(metadata) if epoch else ():
        said = corrections.of_metric(metadata, run, key)
        found = corrected(folded(store, run, key, 0, epoch), said)
        if found.num_rows:
            buckets = curves.of_points(found["step"].to_numpy(), found["value"].to_numpy())
            last = said[-1].id if said else 0
            curves.save(metadata, run, key, epoch=epoch, correction=last, points=buckets)
