"""One model: what stands around its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from whence.store import watches
from whence.store.history import VERSION
from whence.types.pages import EventMark, ModelPage
from whence.types.time import micros, moment
from whence.view.overview import head, model_row
from whence.view.versions import first_seen
from whence.view.watched import Watched

if TYPE_CHECKING:
    from whence.store.folder import StoreFolder

__all__ = ["events", "model_page"]


def model_page(store: StoreFolder, model: str) -> ModelPage:
    """Return the page of a watched model.

    Raises
    ------
    NotFound
        If there is no such model, or it was never watched.
    """
    watched = Watched(store, model)
    columns = sorted(watched.spec.columns, key=lambda column: column.derived)
    return ModelPage(
        row=model_row(store, model),
        task=watched.state.task,
        by=watched.state.by,
        reference=watched.state.reference,
        declared=watched.state.declared,
        notes=watched.state.notes,
        columns=[column.name for column in columns],
        events=events(watched),
        incidents=[head(store, watched, one) for one in watches.incidents(store, model)],
    )


def events(watched: Watched) -> list[EventMark]:
    """Return what happened in the time of a model's windows, versions too, in order."""
    if not watched.windows:
        return []
    start, end = watched.windows[0].start, watched.windows[-1].end
    rows = watched.store.metadata.all(
        "SELECT name, at, kind, scope FROM events WHERE (model IS NULL OR model = ?)"
        " AND at >= ? AND at < ?",
        watched.model,
        start,
        end,
    )
    found = [
        EventMark(
            kind=kind, name=name, at=moment(at),
            scope=msgspec.msgpack.decode(scope, type=dict[str, str]),
        )
        for name, at, kind, scope in rows
    ]  # fmt: skip
    after = max(start, micros(watched.state.reference.end))
    found += [
        EventMark(kind="version", name=name, at=at, scope={VERSION: name})
        for name, at in first_seen(watched.store, watched.model).items()
        if after <= micros(at) < end
    ]
    return sorted(found, key=lambda one: one.at)
